-- +goose Up
-- Public keys of authenticators (WebAuthn). id is the credential's id in base64url; handle
-- is how the authenticator names the user: random, and no id of ours. credential is the
-- record as the WebAuthn library keeps it; sign_count only ever grows.
CREATE TABLE passkeys (
    id         TEXT PRIMARY KEY,
    user_id    TEXT NOT NULL REFERENCES users (id),
    handle     TEXT NOT NULL,
    name       TEXT NOT NULL,
    credential TEXT NOT NULL,
    sign_count BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at    BIGINT
);
CREATE INDEX passkeys_user ON passkeys (user_id, created_at);

-- One ceremony under way, for the browser that began it; taken out once.
CREATE TABLE passkey_challenges (
    challenge_hash TEXT PRIMARY KEY,
    purpose        TEXT NOT NULL,
    browser_hash   TEXT NOT NULL,
    data           TEXT NOT NULL,
    expires_at     BIGINT NOT NULL
);
CREATE INDEX passkey_challenges_expiry ON passkey_challenges (expires_at);

-- +goose Down
DROP TABLE passkey_challenges;
DROP TABLE passkeys;
