-- +goose Up
-- What a person does with his own account.

-- A browser that a user has signed in with: a sign-in from any other is told to him by
-- mail. The browser holds a random token in a cookie of its own, this table its hash.
CREATE TABLE devices (
    user_id       TEXT NOT NULL REFERENCES users (id),
    token_hash    TEXT NOT NULL,
    first_seen_at BIGINT NOT NULL,
    last_seen_at  BIGINT NOT NULL,
    PRIMARY KEY (user_id, token_hash)
);
CREATE INDEX devices_seen ON devices (last_seen_at);

-- A change of address that waits for the proof of both addresses, one for each user. Of
-- the codes only hashes are kept; tries fall with every wrong guess. An address that is
-- somebody else's has a code that was sent to nobody.
CREATE TABLE email_changes (
    user_id       TEXT PRIMARY KEY REFERENCES users (id),
    id            TEXT NOT NULL UNIQUE,
    old_email     TEXT NOT NULL,
    new_email     TEXT NOT NULL,
    old_hash      TEXT NOT NULL,
    new_hash      TEXT NOT NULL,
    old_tries     BIGINT NOT NULL,
    new_tries     BIGINT NOT NULL,
    old_proven_at BIGINT,
    new_proven_at BIGINT,
    created_at    BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL
);
CREATE INDEX email_changes_new ON email_changes (new_email);
CREATE INDEX email_changes_expiry ON email_changes (expires_at);

-- +goose Down
DROP TABLE email_changes;
DROP TABLE devices;
