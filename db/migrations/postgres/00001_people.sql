-- +goose Up
-- People and how they prove who they are. Times are unix milliseconds, UTC; ids
-- are UUIDv7 text; e-mail addresses are lower case.

CREATE TABLE users (
    id                TEXT PRIMARY KEY,
    email             TEXT NOT NULL UNIQUE,
    email_verified_at BIGINT,
    name              TEXT NOT NULL DEFAULT '',
    created_at        BIGINT NOT NULL,
    updated_at        BIGINT NOT NULL
);

-- One way in: an account at an identity provider, known by its subject.
CREATE TABLE identities (
    provider     TEXT NOT NULL,
    subject      TEXT NOT NULL,
    user_id      TEXT NOT NULL REFERENCES users (id),
    email        TEXT NOT NULL DEFAULT '',
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    PRIMARY KEY (provider, subject)
);
CREATE INDEX identities_user ON identities (user_id);

-- One e-mailed code. Only hashes are kept; browser_hash binds it to the browser
-- that asked; tries_left falls with every wrong guess; used_at makes it single use.
CREATE TABLE sign_in_codes (
    id           TEXT PRIMARY KEY,
    email        TEXT NOT NULL,
    code_hash    TEXT NOT NULL,
    browser_hash TEXT NOT NULL,
    next         TEXT NOT NULL DEFAULT '',
    tries_left   BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    used_at      BIGINT
);
CREATE INDEX sign_in_codes_email ON sign_in_codes (email, created_at);
CREATE INDEX sign_in_codes_expiry ON sign_in_codes (expires_at);

-- One sign-in at an identity provider that is under way.
CREATE TABLE oauth_states (
    state_hash    TEXT PRIMARY KEY,
    provider      TEXT NOT NULL,
    browser_hash  TEXT NOT NULL,
    session       TEXT NOT NULL,
    nonce         TEXT NOT NULL,
    code_verifier TEXT NOT NULL,
    next          TEXT NOT NULL DEFAULT '',
    created_at    BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL
);
CREATE INDEX oauth_states_expiry ON oauth_states (expires_at);

-- One browser. The cookie holds the token, this table only its hash.
CREATE TABLE sessions (
    id         TEXT PRIMARY KEY,
    token_hash TEXT NOT NULL UNIQUE,
    user_id    TEXT REFERENCES users (id),
    data       TEXT NOT NULL DEFAULT '{}',
    user_agent TEXT NOT NULL DEFAULT '',
    address    TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- Who pays. A user's own customer has the user's id, which is also the external
-- id at the providers; later an organisation can be a customer too.
CREATE TABLE customers (
    id         TEXT PRIMARY KEY,
    user_id    TEXT UNIQUE REFERENCES users (id),
    email      TEXT NOT NULL,
    name       TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL
);

-- +goose Down
DROP TABLE customers;
DROP TABLE sessions;
DROP TABLE oauth_states;
DROP TABLE sign_in_codes;
DROP TABLE identities;
DROP TABLE users;
