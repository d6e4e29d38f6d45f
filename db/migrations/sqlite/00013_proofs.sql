-- +goose Up
-- How and when the user of a session last proved who he is; whether its cookie ends with
-- the browser; and for which organisation it acts, if not for the user himself.
ALTER TABLE sessions ADD COLUMN proof TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN proven_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN brief BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE sessions ADD COLUMN organization_id TEXT;
ALTER TABLE sessions ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;
UPDATE sessions SET proven_at = created_at, updated_at = created_at;

-- Where the picture of a user is; empty for none.
ALTER TABLE users ADD COLUMN image TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE users DROP COLUMN image;
ALTER TABLE sessions DROP COLUMN updated_at;
ALTER TABLE sessions DROP COLUMN organization_id;
ALTER TABLE sessions DROP COLUMN brief;
ALTER TABLE sessions DROP COLUMN proven_at;
ALTER TABLE sessions DROP COLUMN proof;
