-- +goose Up
-- How operators look for deliveries: by state, by type, by object, and those about what
-- the mirror does not keep; always the latest first.
CREATE INDEX inbox_list ON inbox (state, received_at, id);
CREATE INDEX inbox_type ON inbox (type, received_at, id);
CREATE INDEX inbox_object ON inbox (object_id, received_at, id);
CREATE INDEX inbox_strange ON inbox (received_at, id) WHERE object_kind = '';

-- Work that needs somebody, of which there should be none.
CREATE INDEX outbox_parked ON outbox (kind, key) WHERE state = 'parked';
CREATE INDEX outbox_failing ON outbox (next_try_at, id) WHERE state = 'waiting' AND error <> '';
CREATE INDEX usage_events_parked ON usage_events (received_at, id) WHERE state = 'parked';

-- +goose Down
DROP INDEX usage_events_parked;
DROP INDEX outbox_failing;
DROP INDEX outbox_parked;
DROP INDEX inbox_strange;
DROP INDEX inbox_object;
DROP INDEX inbox_type;
DROP INDEX inbox_list;
