-- +goose Up
-- Beside a mirrored object, its JSON in the provider's own words, for answers that speak
-- the provider's language. It is written in the transaction that writes the object, under
-- the same rule of versions, and deleted when that becomes a tombstone. revision counts
-- the changes of body, so that a reader can tell without reading it. digest is a hash of
-- body. Whose it is stands in provider_customer_id; '' for the catalog.
CREATE TABLE mirror_raw (
    provider             TEXT NOT NULL,
    kind                 TEXT NOT NULL,
    provider_id          TEXT NOT NULL,
    provider_customer_id TEXT NOT NULL DEFAULT '',
    version              BIGINT NOT NULL,
    revision             BIGINT NOT NULL DEFAULT 1,
    digest               BIGINT NOT NULL,
    body                 TEXT NOT NULL,
    PRIMARY KEY (provider, kind, provider_id)
);
CREATE INDEX mirror_raw_customer ON mirror_raw (provider, provider_customer_id, kind, version, revision);

-- Whom a subscription is for, as whoever opened the checkout named it (metadata
-- referenceId): an organisation, for example. The payer stays its customer.
ALTER TABLE subscriptions ADD COLUMN reference_id TEXT NOT NULL DEFAULT '';
CREATE INDEX subscriptions_reference ON subscriptions (reference_id, provider) WHERE reference_id <> '';

-- +goose Down
DROP INDEX subscriptions_reference;
ALTER TABLE subscriptions DROP COLUMN reference_id;
DROP TABLE mirror_raw;
