-- +goose Up
-- Several processes may share a PostgreSQL database, so a delivery is claimed before it
-- is applied: nobody else takes it before leased_until, and after that anybody may.
ALTER TABLE inbox ADD COLUMN leased_until BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE inbox DROP COLUMN leased_until;
