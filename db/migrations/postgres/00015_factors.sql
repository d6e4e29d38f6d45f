-- +goose Up
-- The second step of signing in. secret is sealed under a key of the installation; it
-- counts once confirmed_at is set. last_step is the latest time step (30 s since 1970) whose
-- code was used, so that none counts twice. failures are wrong codes since failures_since.
CREATE TABLE authenticators (
    user_id        TEXT PRIMARY KEY REFERENCES users (id),
    secret         TEXT NOT NULL,
    confirmed_at   BIGINT,
    last_step      BIGINT NOT NULL DEFAULT 0,
    failures       BIGINT NOT NULL DEFAULT 0,
    failures_since BIGINT NOT NULL DEFAULT 0,
    created_at     BIGINT NOT NULL
);

-- Codes for the day when the authenticator is lost: 120 random bits, kept as SHA-256.
CREATE TABLE recovery_codes (
    user_id    TEXT NOT NULL REFERENCES users (id),
    hash       TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at    BIGINT,
    PRIMARY KEY (user_id, hash)
);

-- Who has done the first step of a sign-in, and not the second: nobody is signed in yet.
ALTER TABLE sessions ADD COLUMN pending_user_id TEXT;
CREATE INDEX sessions_pending ON sessions (pending_user_id) WHERE pending_user_id IS NOT NULL;

-- +goose Down
DROP INDEX sessions_pending;
ALTER TABLE sessions DROP COLUMN pending_user_id;
DROP TABLE recovery_codes;
DROP TABLE authenticators;
