-- +goose Up
-- Since when somebody runs this installation by a start-up token; null for everybody
-- else. It counts while the settings name no operator.
ALTER TABLE users ADD COLUMN operator_at BIGINT;
CREATE INDEX users_operators ON users (operator_at) WHERE operator_at IS NOT NULL;

-- Start-up tokens that the log told, while nobody runs this installation: one for each
-- start. Only their hashes; whoever spends one ends all.
CREATE TABLE setup_tokens (
    token_hash TEXT PRIMARY KEY,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

-- +goose Down
DROP TABLE setup_tokens;
DROP INDEX users_operators;
ALTER TABLE users DROP COLUMN operator_at;
