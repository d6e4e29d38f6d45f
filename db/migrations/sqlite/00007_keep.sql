-- +goose Up
-- What an installation knows of itself, such as when it was restored from a backup. A
-- moment is written as its unix milliseconds.
CREATE TABLE settings (
    name       TEXT PRIMARY KEY,
    value      TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);

-- A wallet whose figure cannot be explained is frozen until it can: it is shown as being
-- checked, with the reason for operators.
ALTER TABLE ledger_accounts ADD COLUMN frozen_at BIGINT;
ALTER TABLE ledger_accounts ADD COLUMN frozen_reason TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE ledger_accounts DROP COLUMN frozen_reason;
ALTER TABLE ledger_accounts DROP COLUMN frozen_at;
DROP TABLE settings;
