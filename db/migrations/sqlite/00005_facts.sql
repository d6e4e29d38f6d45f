-- +goose Up
-- What happened, and who is still to be told of it.

-- One fact, such as "this order was paid", known by its key for ever: whoever tells it
-- again, the provider's webhook, a redelivery or our own reading, it is the same row.
-- mark tells facts of one type about one object apart. body is emptied when everybody
-- was told long ago; the row stays.
CREATE TABLE facts (
    key                  TEXT PRIMARY KEY,
    type                 TEXT NOT NULL,
    provider             TEXT NOT NULL,
    object_kind          TEXT NOT NULL,
    object_id            TEXT NOT NULL,
    mark                 TEXT NOT NULL,
    version              BIGINT NOT NULL,
    provider_customer_id TEXT NOT NULL DEFAULT '',
    customer_id          TEXT NOT NULL DEFAULT '',
    body                 TEXT NOT NULL DEFAULT '',
    occurred_at          BIGINT NOT NULL,
    noted_at             BIGINT NOT NULL
);
CREATE INDEX facts_bodies ON facts (noted_at) WHERE body <> '';

-- One hook's wait for one fact. target is the hook: "go" for functions, "url" for the
-- outgoing webhook. state is waiting, done or parked.
CREATE TABLE hook_calls (
    id           TEXT PRIMARY KEY,
    target       TEXT NOT NULL,
    fact_key     TEXT NOT NULL REFERENCES facts (key),
    state        TEXT NOT NULL DEFAULT 'waiting',
    tries        BIGINT NOT NULL DEFAULT 0,
    next_try_at  BIGINT NOT NULL,
    leased_until BIGINT NOT NULL DEFAULT 0,
    done_at      BIGINT,
    error        TEXT NOT NULL DEFAULT '',
    UNIQUE (target, fact_key)
);
CREATE INDEX hook_calls_due ON hook_calls (state, target, next_try_at);
CREATE INDEX hook_calls_fact ON hook_calls (fact_key);
CREATE INDEX hook_calls_list ON hook_calls (target, state, id);

-- Troubles that an operator should know of, one row per kind and subject. cleared_at
-- is null while it lasts.
CREATE TABLE alarms (
    kind       TEXT NOT NULL,
    subject    TEXT NOT NULL,
    severity   TEXT NOT NULL,
    detail     TEXT NOT NULL,
    count      BIGINT NOT NULL,
    raised_at  BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    cleared_at BIGINT,
    PRIMARY KEY (kind, subject)
);
CREATE INDEX alarms_open ON alarms (cleared_at, raised_at);

-- What this installation remembers of itself: since when hooks are called, and so on.
CREATE TABLE installation (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE refunds (
    provider                 TEXT NOT NULL,
    provider_id              TEXT NOT NULL,
    provider_order_id        TEXT NOT NULL,
    provider_customer_id     TEXT NOT NULL DEFAULT '',
    provider_subscription_id TEXT NOT NULL DEFAULT '',
    status                   TEXT NOT NULL,
    reason                   TEXT NOT NULL DEFAULT '',
    amount                   BIGINT NOT NULL,
    tax                      BIGINT NOT NULL,
    currency                 TEXT NOT NULL,
    metadata                 TEXT NOT NULL DEFAULT '{}',
    created_at               BIGINT NOT NULL,
    version                  BIGINT NOT NULL,
    copied_at                BIGINT NOT NULL,
    deleted_at               BIGINT,
    PRIMARY KEY (provider, provider_id)
);
CREATE INDEX refunds_order ON refunds (provider, provider_order_id);

CREATE TABLE benefits (
    provider    TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    benefit     TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    version     BIGINT NOT NULL,
    copied_at   BIGINT NOT NULL,
    deleted_at  BIGINT,
    PRIMARY KEY (provider, provider_id)
);

CREATE TABLE organizations (
    provider    TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    slug        TEXT NOT NULL,
    name        TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    version     BIGINT NOT NULL,
    copied_at   BIGINT NOT NULL,
    deleted_at  BIGINT,
    PRIMARY KEY (provider, provider_id)
);

-- +goose Down
DROP TABLE organizations;
DROP TABLE benefits;
DROP TABLE refunds;
DROP TABLE installation;
DROP TABLE alarms;
DROP TABLE hook_calls;
DROP TABLE facts;
