-- The provider's own JSON of mirrored objects. What it says of a person goes with the
-- person: everything of one customer of a provider has his provider_customer_id, and
-- ForgetRawOfCustomer erases it.

-- name: SaveRaw :execrows
-- A copy of an older version never replaces a newer one, and an equal body is left alone.
INSERT INTO mirror_raw (provider, kind, provider_id, provider_customer_id, version, digest, body)
VALUES (@provider, @kind, @provider_id, @provider_customer_id, @version, @digest, @body)
ON CONFLICT (provider, kind, provider_id) DO UPDATE SET
    provider_customer_id = excluded.provider_customer_id, version = excluded.version,
    digest = excluded.digest, body = excluded.body, revision = mirror_raw.revision + 1
WHERE excluded.version > mirror_raw.version
    OR (excluded.version = mirror_raw.version AND excluded.body <> mirror_raw.body);

-- name: RawDigest :one
SELECT version, digest FROM mirror_raw WHERE provider = @provider AND kind = @kind AND provider_id = @provider_id;

-- name: ForgetRaw :execrows
DELETE FROM mirror_raw WHERE provider = @provider AND kind = @kind AND provider_id = @provider_id;

-- name: ForgetRawOfCustomer :execrows
-- All that a provider's customer has, and himself: for the erasure of a person.
DELETE FROM mirror_raw WHERE provider = @provider AND provider_customer_id = @provider_customer_id AND provider_customer_id <> '';

-- name: CatalogRaw :many
-- The definitions that customers' objects refer to.
SELECT kind, provider_id, version, revision, body FROM mirror_raw
WHERE provider = @provider AND provider_customer_id = '' AND kind IN ('benefit', 'meter', 'organization', 'product')
ORDER BY kind, provider_id;

-- name: CustomerStamp :one
-- Whom a customer of ours is at a provider, and figures that change whenever anything
-- does of what his state is made of.
SELECT provider_customers.provider_id, COUNT(mirror_raw.provider_id) AS objects,
    CAST(COALESCE(SUM(mirror_raw.revision), 0) AS BIGINT) AS revisions,
    CAST(COALESCE(SUM(mirror_raw.version - provider_customers.created_at * 1000), 0) AS BIGINT) AS versions
FROM provider_customers
LEFT JOIN mirror_raw ON mirror_raw.provider = provider_customers.provider
    AND mirror_raw.provider_customer_id = provider_customers.provider_id
    AND mirror_raw.kind IN ('benefit_grant', 'customer', 'customer_meter', 'subscription')
WHERE provider_customers.provider = @provider AND provider_customers.customer_id = @customer_id
    AND provider_customers.deleted_at IS NULL
GROUP BY provider_customers.provider_id;

-- name: RawCustomer :one
-- The customer of a provider; empty when its JSON was not kept yet.
SELECT CAST(COALESCE(mirror_raw.body, '') AS TEXT) AS body FROM provider_customers
LEFT JOIN mirror_raw ON mirror_raw.provider = provider_customers.provider AND mirror_raw.kind = 'customer'
    AND mirror_raw.provider_id = provider_customers.provider_id
WHERE provider_customers.provider = @provider AND provider_customers.provider_id = @provider_id
    AND provider_customers.deleted_at IS NULL;

-- name: RawSubscriptions :many
-- One page of a customer's subscriptions, the latest start first; of @live ones only
-- those that are active or on trial.
SELECT subscriptions.provider_id, CAST(COALESCE(mirror_raw.body, '') AS TEXT) AS body FROM subscriptions
LEFT JOIN mirror_raw ON mirror_raw.provider = subscriptions.provider AND mirror_raw.kind = 'subscription'
    AND mirror_raw.provider_id = subscriptions.provider_id
WHERE subscriptions.provider = @provider AND subscriptions.provider_customer_id = @provider_customer_id
    AND subscriptions.deleted_at IS NULL
    AND (CAST(@all_of_them AS BOOLEAN) OR (subscriptions.status IN ('active', 'trialing')) = CAST(@live AS BOOLEAN))
ORDER BY CASE WHEN subscriptions.started_at IS NULL THEN 0 ELSE 1 END, subscriptions.started_at DESC,
    subscriptions.created_at DESC, subscriptions.provider_id DESC
LIMIT CAST(@size AS BIGINT) OFFSET CAST(@skip AS BIGINT);

-- name: CountSubscriptions :one
SELECT COUNT(*) FROM subscriptions
WHERE provider = @provider AND provider_customer_id = @provider_customer_id AND deleted_at IS NULL
    AND (CAST(@all_of_them AS BOOLEAN) OR (status IN ('active', 'trialing')) = CAST(@live AS BOOLEAN));

-- name: RawSubscriptionsFor :many
-- The same of all that name a reference, whoever pays.
SELECT subscriptions.provider_id, subscriptions.provider_customer_id,
    CAST(COALESCE(mirror_raw.body, '') AS TEXT) AS body FROM subscriptions
LEFT JOIN mirror_raw ON mirror_raw.provider = subscriptions.provider AND mirror_raw.kind = 'subscription'
    AND mirror_raw.provider_id = subscriptions.provider_id
WHERE subscriptions.provider = @provider AND subscriptions.reference_id = @reference_id AND subscriptions.reference_id <> ''
    AND subscriptions.deleted_at IS NULL
    AND (CAST(@all_of_them AS BOOLEAN) OR (subscriptions.status IN ('active', 'trialing')) = CAST(@live AS BOOLEAN))
ORDER BY CASE WHEN subscriptions.started_at IS NULL THEN 0 ELSE 1 END, subscriptions.started_at DESC,
    subscriptions.created_at DESC, subscriptions.provider_id DESC
LIMIT CAST(@size AS BIGINT) OFFSET CAST(@skip AS BIGINT);

-- name: CountSubscriptionsFor :one
SELECT COUNT(*) FROM subscriptions
WHERE provider = @provider AND reference_id = @reference_id AND reference_id <> '' AND deleted_at IS NULL
    AND (CAST(@all_of_them AS BOOLEAN) OR (status IN ('active', 'trialing')) = CAST(@live AS BOOLEAN));

-- name: RawOrders :many
-- One page of a customer's orders, newest first: all, the recurring (of a subscription)
-- or the others.
SELECT orders.provider_id, CAST(COALESCE(mirror_raw.body, '') AS TEXT) AS body FROM orders
LEFT JOIN mirror_raw ON mirror_raw.provider = orders.provider AND mirror_raw.kind = 'order'
    AND mirror_raw.provider_id = orders.provider_id
WHERE orders.provider = @provider AND orders.provider_customer_id = @provider_customer_id AND orders.deleted_at IS NULL
    AND (CAST(@all_of_them AS BOOLEAN) OR (orders.provider_subscription_id <> '') = CAST(@recurring AS BOOLEAN))
ORDER BY orders.created_at DESC, orders.provider_id DESC
LIMIT CAST(@size AS BIGINT) OFFSET CAST(@skip AS BIGINT);

-- name: CountOrders :one
SELECT COUNT(*) FROM orders
WHERE provider = @provider AND provider_customer_id = @provider_customer_id AND deleted_at IS NULL
    AND (CAST(@all_of_them AS BOOLEAN) OR (provider_subscription_id <> '') = CAST(@recurring AS BOOLEAN));

-- name: RawGrants :many
-- One page of the grants that a customer holds or waits for, the latest granted first.
SELECT benefit_grants.provider_id, CAST(COALESCE(mirror_raw.body, '') AS TEXT) AS body FROM benefit_grants
LEFT JOIN mirror_raw ON mirror_raw.provider = benefit_grants.provider AND mirror_raw.kind = 'benefit_grant'
    AND mirror_raw.provider_id = benefit_grants.provider_id
WHERE benefit_grants.provider = @provider AND benefit_grants.provider_customer_id = @provider_customer_id
    AND benefit_grants.deleted_at IS NULL AND benefit_grants.revoked_at IS NULL
ORDER BY CASE WHEN benefit_grants.granted_at IS NULL THEN 0 ELSE 1 END, benefit_grants.granted_at DESC,
    benefit_grants.created_at DESC, benefit_grants.provider_id DESC
LIMIT CAST(@size AS BIGINT) OFFSET CAST(@skip AS BIGINT);

-- name: CountGrants :one
SELECT COUNT(*) FROM benefit_grants
WHERE provider = @provider AND provider_customer_id = @provider_customer_id AND deleted_at IS NULL AND revoked_at IS NULL;

-- name: RawBalances :many
-- What a customer has on each meter, the latest change first; at most a few. A meter whose
-- wallet is frozen is left out: the copy may be from before a restore.
SELECT customer_meters.provider_id, CAST(COALESCE(mirror_raw.body, '') AS TEXT) AS body FROM customer_meters
LEFT JOIN mirror_raw ON mirror_raw.provider = customer_meters.provider AND mirror_raw.kind = 'customer_meter'
    AND mirror_raw.provider_id = customer_meters.provider_id
WHERE customer_meters.provider = @provider AND customer_meters.provider_customer_id = @provider_customer_id
    AND customer_meters.deleted_at IS NULL AND NOT EXISTS (
        SELECT 1 FROM provider_customers AS p
        JOIN ledger_accounts AS a ON a.customer_id = p.customer_id AND a.provider = p.provider
            AND a.provider_meter_id = customer_meters.provider_meter_id AND a.kind = 'wallet' AND a.frozen_at IS NOT NULL
        WHERE p.provider = customer_meters.provider AND p.provider_id = customer_meters.provider_customer_id
    )
ORDER BY customer_meters.version DESC, customer_meters.provider_id DESC;
