-- +goose Up
-- The password of a user who has one: its argon2id hash in the standard encoded form.
CREATE TABLE passwords (
    user_id    TEXT PRIMARY KEY REFERENCES users (id),
    hash       TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);

-- One mailed link; also one that was mailed to nobody, so that addresses with and without
-- a user are treated alike and count alike. Only a hash is kept of what it carries.
-- purpose is verify or reset; browser_hash is the browser that asked; name and
-- password_hash are what somebody signed up with, and become his when he has proven the
-- address.
CREATE TABLE mailed_links (
    token_hash    TEXT PRIMARY KEY,
    purpose       TEXT NOT NULL,
    email         TEXT NOT NULL,
    browser_hash  TEXT NOT NULL DEFAULT '',
    name          TEXT NOT NULL DEFAULT '',
    password_hash TEXT NOT NULL DEFAULT '',
    next          TEXT NOT NULL DEFAULT '',
    created_at    BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    used_at       BIGINT
);
CREATE INDEX mailed_links_email ON mailed_links (email, purpose, created_at);
CREATE INDEX mailed_links_expiry ON mailed_links (expires_at);

-- The browser that asked for a code, so that a link opened elsewhere can say where.
ALTER TABLE sign_in_codes ADD COLUMN user_agent TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE sign_in_codes DROP COLUMN user_agent;
DROP TABLE mailed_links;
DROP TABLE passwords;
