-- +goose Up
-- Which period of a subscription a use is billed in.

-- next_cycle is 1 for an event that reached the provider after the period in which it
-- happened had ended: the provider bills it in the next one.
ALTER TABLE usage_events ADD COLUMN next_cycle BIGINT NOT NULL DEFAULT 0;

-- Whose period ends soonest is reported first.
CREATE INDEX subscriptions_period ON subscriptions (provider, period_end);

-- +goose Down
DROP INDEX subscriptions_period;
ALTER TABLE usage_events DROP COLUMN next_cycle;
