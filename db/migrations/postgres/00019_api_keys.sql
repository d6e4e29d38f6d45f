-- +goose Up
-- Keys for other servers of whoever runs this installation. Only the hash of a key is
-- kept; hint is its beginning, by which people tell keys apart. scopes are separated by
-- spaces. created_by is the id of the operator who made it, who may be gone by now. A
-- revoked key keeps its row, so that the log can be read.
CREATE TABLE api_keys (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    hash       TEXT NOT NULL UNIQUE,
    hint       TEXT NOT NULL,
    scopes     TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    used_at    BIGINT,
    used_from  TEXT NOT NULL DEFAULT '',
    revoked_at BIGINT
);
CREATE INDEX api_keys_made ON api_keys (created_at, id);
CREATE INDEX api_keys_counting ON api_keys (revoked_at);

-- +goose Down
DROP TABLE api_keys;
