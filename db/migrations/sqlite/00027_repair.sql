-- +goose Up
-- The last entry of a wallet when it was frozen: while it has no later one, nothing moved.
ALTER TABLE ledger_accounts ADD COLUMN frozen_seq BIGINT NOT NULL DEFAULT 0;
-- What a restore leaves to be proven: few wallets, and none in most installations.
CREATE INDEX ledger_accounts_frozen ON ledger_accounts (provider, id) WHERE frozen_at IS NOT NULL;

-- Customers of a provider who are nobody's here, by their address.
CREATE INDEX provider_customers_unlinked ON provider_customers (email) WHERE customer_id IS NULL AND deleted_at IS NULL;

-- +goose Down
DROP INDEX provider_customers_unlinked;
DROP INDEX ledger_accounts_frozen;
ALTER TABLE ledger_accounts DROP COLUMN frozen_seq;
