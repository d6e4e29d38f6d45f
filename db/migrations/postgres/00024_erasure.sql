-- +goose Up
-- Who was erased: a user, who had the same id as a customer, or an organisation that ended
-- with him. The id names nobody any more. It stays so that what comes late, such as a
-- webhook, an answer or a reading, is known to be about somebody who must not come back.
CREATE TABLE erased_customers (
    id        TEXT PRIMARY KEY,
    erased_at BIGINT NOT NULL
);

-- The same as a provider knows them. done_at is when the provider had deleted the customer
-- and made him nameless, too; until then a job asks it to.
CREATE TABLE erased_provider_customers (
    provider    TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    customer_id TEXT NOT NULL REFERENCES erased_customers (id),
    found_at    BIGINT NOT NULL,
    done_at     BIGINT,
    PRIMARY KEY (provider, provider_id)
);
CREATE INDEX erased_provider_customers_customer ON erased_provider_customers (customer_id);

-- +goose Down
DROP TABLE erased_provider_customers;
DROP TABLE erased_customers;
