-- +goose Up
-- Where facts wait: deliveries for being applied, jobs for being done.

-- One verified webhook call, in the raw bytes that were signed. state is waiting,
-- done or parked. The unique key makes a repeated delivery one row.
CREATE TABLE inbox (
    id          TEXT PRIMARY KEY,
    provider    TEXT NOT NULL,
    endpoint    TEXT NOT NULL,
    delivery_id TEXT NOT NULL,
    type        TEXT NOT NULL,
    object_kind TEXT NOT NULL DEFAULT '',
    object_id   TEXT NOT NULL DEFAULT '',
    body        BYTEA NOT NULL,
    sent_at     BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    state       TEXT NOT NULL DEFAULT 'waiting',
    tries       BIGINT NOT NULL DEFAULT 0,
    next_try_at BIGINT NOT NULL,
    done_at     BIGINT,
    error       TEXT NOT NULL DEFAULT '',
    UNIQUE (provider, endpoint, delivery_id)
);
CREATE INDEX inbox_due ON inbox (state, next_try_at);

-- One thing to do outside: create a customer, send a mail, read a customer anew.
-- (kind, key) names the job: asking for it again while it waits changes nothing;
-- asking while it runs or after it is done sets it waiting again and raises
-- generation, so that an end of the earlier run does not swallow the new wish.
CREATE TABLE outbox (
    id           TEXT PRIMARY KEY,
    kind         TEXT NOT NULL,
    key          TEXT NOT NULL,
    customer_id  TEXT NOT NULL DEFAULT '',
    payload      TEXT NOT NULL DEFAULT '{}',
    generation   BIGINT NOT NULL DEFAULT 1,
    state        TEXT NOT NULL DEFAULT 'waiting',
    tries        BIGINT NOT NULL DEFAULT 0,
    next_try_at  BIGINT NOT NULL,
    leased_until BIGINT NOT NULL DEFAULT 0,
    created_at   BIGINT NOT NULL,
    done_at      BIGINT,
    error        TEXT NOT NULL DEFAULT '',
    UNIQUE (kind, key)
);
CREATE INDEX outbox_due ON outbox (kind, state, next_try_at);

-- +goose Down
DROP TABLE outbox;
DROP TABLE inbox;
