-- +goose Up
-- The mirror: our copy of the providers' objects, keyed (provider, provider_id).
-- version is the provider's time of modification in unix microseconds: a copy with
-- a lower one never replaces a higher one. copied_at is when we read it, deleted_at
-- a tombstone that no later copy removes. Money is minor units of currency.

CREATE TABLE products (
    provider       TEXT NOT NULL,
    provider_id    TEXT NOT NULL,
    slug           TEXT NOT NULL DEFAULT '',
    name           TEXT NOT NULL,
    description    TEXT NOT NULL DEFAULT '',
    interval       TEXT NOT NULL DEFAULT '',
    interval_count BIGINT NOT NULL DEFAULT 0,
    trial_days     BIGINT NOT NULL DEFAULT 0,
    archived       BOOLEAN NOT NULL,
    public         BOOLEAN NOT NULL,
    prices         TEXT NOT NULL DEFAULT '[]',
    benefits       TEXT NOT NULL DEFAULT '[]',
    metadata       TEXT NOT NULL DEFAULT '{}',
    created_at     BIGINT NOT NULL,
    version        BIGINT NOT NULL,
    copied_at      BIGINT NOT NULL,
    deleted_at     BIGINT,
    PRIMARY KEY (provider, provider_id)
);
CREATE INDEX products_slug ON products (slug);

CREATE TABLE meters (
    provider    TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    name        TEXT NOT NULL,
    aggregation TEXT NOT NULL,
    property    TEXT NOT NULL DEFAULT '',
    filter      TEXT NOT NULL DEFAULT '{}',
    archived    BOOLEAN NOT NULL,
    created_at  BIGINT NOT NULL,
    version     BIGINT NOT NULL,
    copied_at   BIGINT NOT NULL,
    deleted_at  BIGINT,
    PRIMARY KEY (provider, provider_id)
);

-- customer_id links to our own customer; it is set once and never moved.
CREATE TABLE provider_customers (
    provider       TEXT NOT NULL,
    provider_id    TEXT NOT NULL,
    customer_id    TEXT REFERENCES customers (id),
    external_id    TEXT NOT NULL DEFAULT '',
    email          TEXT NOT NULL DEFAULT '',
    email_verified BOOLEAN NOT NULL,
    name           TEXT NOT NULL DEFAULT '',
    created_at     BIGINT NOT NULL,
    version        BIGINT NOT NULL,
    copied_at      BIGINT NOT NULL,
    deleted_at     BIGINT,
    PRIMARY KEY (provider, provider_id)
);
CREATE UNIQUE INDEX provider_customers_customer ON provider_customers (provider, customer_id)
    WHERE customer_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX provider_customers_email ON provider_customers (provider, email);
CREATE INDEX provider_customers_owner ON provider_customers (customer_id);

-- customer_id is who opened the checkout here; empty for one opened elsewhere.
CREATE TABLE checkouts (
    provider             TEXT NOT NULL,
    provider_id          TEXT NOT NULL,
    customer_id          TEXT NOT NULL DEFAULT '',
    provider_customer_id TEXT NOT NULL DEFAULT '',
    provider_product_id  TEXT NOT NULL DEFAULT '',
    status               TEXT NOT NULL,
    url                  TEXT NOT NULL DEFAULT '',
    subtotal             BIGINT NOT NULL DEFAULT 0,
    discount             BIGINT NOT NULL DEFAULT 0,
    tax                  BIGINT NOT NULL DEFAULT 0,
    total                BIGINT NOT NULL DEFAULT 0,
    currency             TEXT NOT NULL DEFAULT '',
    created_at           BIGINT NOT NULL,
    expires_at           BIGINT NOT NULL,
    version              BIGINT NOT NULL,
    copied_at            BIGINT NOT NULL,
    deleted_at           BIGINT,
    PRIMARY KEY (provider, provider_id)
);
CREATE INDEX checkouts_customer ON checkouts (customer_id, created_at);
CREATE INDEX checkouts_status ON checkouts (status, expires_at);

CREATE TABLE subscriptions (
    provider             TEXT NOT NULL,
    provider_id          TEXT NOT NULL,
    provider_customer_id TEXT NOT NULL,
    provider_product_id  TEXT NOT NULL,
    provider_checkout_id TEXT NOT NULL DEFAULT '',
    status               TEXT NOT NULL,
    amount               BIGINT NOT NULL,
    currency             TEXT NOT NULL,
    interval             TEXT NOT NULL,
    interval_count       BIGINT NOT NULL,
    period_start         BIGINT NOT NULL,
    period_end           BIGINT NOT NULL,
    trial_end            BIGINT,
    cancel_at_period_end BOOLEAN NOT NULL,
    canceled_at          BIGINT,
    started_at           BIGINT,
    ends_at              BIGINT,
    ended_at             BIGINT,
    cancel_reason        TEXT NOT NULL DEFAULT '',
    cancel_comment       TEXT NOT NULL DEFAULT '',
    created_at           BIGINT NOT NULL,
    version              BIGINT NOT NULL,
    copied_at            BIGINT NOT NULL,
    deleted_at           BIGINT,
    PRIMARY KEY (provider, provider_id)
);
CREATE INDEX subscriptions_customer ON subscriptions (provider, provider_customer_id, created_at);
CREATE INDEX subscriptions_checkout ON subscriptions (provider, provider_checkout_id);

CREATE TABLE orders (
    provider                 TEXT NOT NULL,
    provider_id              TEXT NOT NULL,
    provider_customer_id     TEXT NOT NULL,
    provider_product_id      TEXT NOT NULL DEFAULT '',
    provider_subscription_id TEXT NOT NULL DEFAULT '',
    provider_checkout_id     TEXT NOT NULL DEFAULT '',
    status                   TEXT NOT NULL,
    reason                   TEXT NOT NULL,
    number                   TEXT NOT NULL DEFAULT '',
    description              TEXT NOT NULL DEFAULT '',
    subtotal                 BIGINT NOT NULL,
    discount                 BIGINT NOT NULL,
    tax                      BIGINT NOT NULL,
    total                    BIGINT NOT NULL,
    refunded                 BIGINT NOT NULL,
    currency                 TEXT NOT NULL,
    items                    TEXT NOT NULL DEFAULT '[]',
    next_attempt_at          BIGINT,
    created_at               BIGINT NOT NULL,
    version                  BIGINT NOT NULL,
    copied_at                BIGINT NOT NULL,
    deleted_at               BIGINT,
    PRIMARY KEY (provider, provider_id)
);
CREATE INDEX orders_customer ON orders (provider, provider_customer_id, created_at);
CREATE INDEX orders_checkout ON orders (provider, provider_checkout_id);

CREATE TABLE benefit_grants (
    provider                 TEXT NOT NULL,
    provider_id              TEXT NOT NULL,
    provider_customer_id     TEXT NOT NULL,
    provider_benefit_id      TEXT NOT NULL,
    provider_subscription_id TEXT NOT NULL DEFAULT '',
    provider_order_id        TEXT NOT NULL DEFAULT '',
    kind                     TEXT NOT NULL,
    description              TEXT NOT NULL DEFAULT '',
    granted_at               BIGINT,
    revoked_at               BIGINT,
    properties               TEXT NOT NULL DEFAULT '{}',
    created_at               BIGINT NOT NULL,
    version                  BIGINT NOT NULL,
    copied_at                BIGINT NOT NULL,
    deleted_at               BIGINT,
    PRIMARY KEY (provider, provider_id)
);
CREATE INDEX benefit_grants_customer ON benefit_grants (provider, provider_customer_id, created_at);

-- The provider's own figures for one customer and meter, in millionths of a unit.
CREATE TABLE customer_meters (
    provider             TEXT NOT NULL,
    provider_id          TEXT NOT NULL,
    provider_customer_id TEXT NOT NULL,
    provider_meter_id    TEXT NOT NULL,
    consumed             BIGINT NOT NULL,
    credited             BIGINT NOT NULL,
    balance              BIGINT NOT NULL,
    created_at           BIGINT NOT NULL,
    version              BIGINT NOT NULL,
    copied_at            BIGINT NOT NULL,
    deleted_at           BIGINT,
    PRIMARY KEY (provider, provider_id)
);
CREATE INDEX customer_meters_customer ON customer_meters (provider, provider_customer_id);

-- How far the copy of one customer, or of the catalog (customer_id ''), has come.
-- Credit and usage events were read up to events_until by the provider's clock, the
-- last time at events_read_at by ours.
CREATE TABLE reconciliations (
    provider       TEXT NOT NULL,
    customer_id    TEXT NOT NULL,
    synced_at      BIGINT,
    events_until   BIGINT NOT NULL DEFAULT 0,
    events_read_at BIGINT NOT NULL DEFAULT 0,
    error          TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (customer_id, provider)
);

-- +goose Down
DROP TABLE reconciliations;
DROP TABLE customer_meters;
DROP TABLE benefit_grants;
DROP TABLE orders;
DROP TABLE subscriptions;
DROP TABLE checkouts;
DROP TABLE provider_customers;
DROP TABLE meters;
DROP TABLE products;
