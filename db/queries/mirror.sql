-- name: UpsertProduct :execrows
-- The upserts of this file share one guard: a tombstone lets nothing pass; a deletion
-- always passes; else the copy must be at least as new as the one that is here. An
-- equal version applies again, which changes nothing but copied_at, because two
-- reads of one state are equal. Where states were seen to share a version (they do
-- when a provider touches an object several times within one tick of its clock), a
-- rank of the status, and the money given back, may not fall at an equal version.
INSERT INTO products (provider, provider_id, slug, name, description, interval, interval_count, trial_days,
    archived, public, prices, benefits, metadata, created_at, version, copied_at, deleted_at)
VALUES (@provider, @provider_id, @slug, @name, @description, @interval, @interval_count, @trial_days,
    @archived, @public, @prices, @benefits, @metadata, @created_at, @version, @copied_at, @deleted_at)
ON CONFLICT (provider, provider_id) DO UPDATE SET
    slug = excluded.slug, name = excluded.name, description = excluded.description,
    interval = excluded.interval, interval_count = excluded.interval_count, trial_days = excluded.trial_days,
    archived = excluded.archived, public = excluded.public, prices = excluded.prices,
    benefits = excluded.benefits, metadata = excluded.metadata, created_at = excluded.created_at,
    version = excluded.version, copied_at = excluded.copied_at, deleted_at = excluded.deleted_at
WHERE products.deleted_at IS NULL AND (excluded.deleted_at IS NOT NULL OR excluded.version >= products.version);

-- name: UpsertMeter :execrows
INSERT INTO meters (provider, provider_id, name, aggregation, property, filter, archived, created_at, version,
    copied_at, deleted_at)
VALUES (@provider, @provider_id, @name, @aggregation, @property, @filter, @archived, @created_at, @version,
    @copied_at, @deleted_at)
ON CONFLICT (provider, provider_id) DO UPDATE SET
    name = excluded.name, aggregation = excluded.aggregation, property = excluded.property,
    filter = excluded.filter, archived = excluded.archived, created_at = excluded.created_at,
    version = excluded.version, copied_at = excluded.copied_at, deleted_at = excluded.deleted_at
WHERE meters.deleted_at IS NULL AND (excluded.deleted_at IS NOT NULL OR excluded.version >= meters.version);

-- name: LinkTarget :one
-- Our customer whom an external id means, unless another living customer of the
-- provider holds that link.
SELECT customers.id FROM customers
WHERE customers.id = @external_id AND NOT EXISTS (
    SELECT 1 FROM provider_customers AS other
    WHERE other.provider = @provider AND other.customer_id = @external_id
        AND other.provider_id <> @provider_id AND other.deleted_at IS NULL
);

-- name: UpsertProviderCustomer :execrows
-- The link to our customer is set once and never moved.
INSERT INTO provider_customers (provider, provider_id, customer_id, external_id, email, email_verified, name,
    created_at, version, copied_at, deleted_at)
VALUES (@provider, @provider_id, @customer_id, @external_id, @email, @email_verified, @name,
    @created_at, @version, @copied_at, @deleted_at)
ON CONFLICT (provider, provider_id) DO UPDATE SET
    customer_id = COALESCE(provider_customers.customer_id, excluded.customer_id),
    external_id = excluded.external_id, email = excluded.email, email_verified = excluded.email_verified,
    name = excluded.name, created_at = excluded.created_at, version = excluded.version,
    copied_at = excluded.copied_at, deleted_at = excluded.deleted_at
WHERE provider_customers.deleted_at IS NULL
    AND (excluded.deleted_at IS NOT NULL OR excluded.version >= provider_customers.version);

-- name: UpsertCheckout :execrows
-- Who opened it here is set once; a copy that came by another way does not clear it.
INSERT INTO checkouts (provider, provider_id, customer_id, provider_customer_id, provider_product_id, status, url,
    subtotal, discount, tax, total, currency, created_at, expires_at, version, copied_at, deleted_at)
VALUES (@provider, @provider_id, @customer_id, @provider_customer_id, @provider_product_id, @status, @url,
    @subtotal, @discount, @tax, @total, @currency, @created_at, @expires_at, @version, @copied_at, @deleted_at)
ON CONFLICT (provider, provider_id) DO UPDATE SET
    customer_id = CASE WHEN checkouts.customer_id <> '' THEN checkouts.customer_id ELSE excluded.customer_id END,
    provider_customer_id = excluded.provider_customer_id, provider_product_id = excluded.provider_product_id,
    status = excluded.status, url = excluded.url, subtotal = excluded.subtotal, discount = excluded.discount,
    tax = excluded.tax, total = excluded.total, currency = excluded.currency, created_at = excluded.created_at,
    expires_at = excluded.expires_at, version = excluded.version, copied_at = excluded.copied_at,
    deleted_at = excluded.deleted_at
WHERE checkouts.deleted_at IS NULL AND (excluded.deleted_at IS NOT NULL OR excluded.version > checkouts.version
    OR (excluded.version = checkouts.version
        AND CASE excluded.status WHEN 'open' THEN 0 WHEN 'confirmed' THEN 1 ELSE 2 END
            >= CASE checkouts.status WHEN 'open' THEN 0 WHEN 'confirmed' THEN 1 ELSE 2 END));

-- name: OwnCheckout :execrows
-- Say who opened a checkout here, however old the copy is that came with the answer.
UPDATE checkouts SET customer_id = @customer_id
WHERE provider = @provider AND provider_id = @provider_id AND customer_id = '';

-- name: UpsertSubscription :execrows
INSERT INTO subscriptions (provider, provider_id, provider_customer_id, provider_product_id, provider_checkout_id,
    status, amount, currency, interval, interval_count, period_start, period_end, trial_end, cancel_at_period_end,
    canceled_at, started_at, ends_at, ended_at, cancel_reason, cancel_comment, reference_id, seats, created_at, version, copied_at, deleted_at)
VALUES (@provider, @provider_id, @provider_customer_id, @provider_product_id, @provider_checkout_id,
    @status, @amount, @currency, @interval, @interval_count, @period_start, @period_end, @trial_end, @cancel_at_period_end,
    @canceled_at, @started_at, @ends_at, @ended_at, @cancel_reason, @cancel_comment, @reference_id, @seats, @created_at, @version, @copied_at, @deleted_at)
ON CONFLICT (provider, provider_id) DO UPDATE SET
    provider_customer_id = excluded.provider_customer_id, provider_product_id = excluded.provider_product_id,
    provider_checkout_id = excluded.provider_checkout_id, status = excluded.status, amount = excluded.amount,
    currency = excluded.currency, interval = excluded.interval, interval_count = excluded.interval_count,
    period_start = excluded.period_start, period_end = excluded.period_end, trial_end = excluded.trial_end,
    cancel_at_period_end = excluded.cancel_at_period_end, canceled_at = excluded.canceled_at,
    started_at = excluded.started_at, ends_at = excluded.ends_at, ended_at = excluded.ended_at,
    cancel_reason = excluded.cancel_reason, cancel_comment = excluded.cancel_comment, reference_id = excluded.reference_id, seats = excluded.seats,
    created_at = excluded.created_at, version = excluded.version, copied_at = excluded.copied_at,
    deleted_at = excluded.deleted_at
WHERE subscriptions.deleted_at IS NULL AND (excluded.deleted_at IS NOT NULL OR excluded.version > subscriptions.version
    OR (excluded.version = subscriptions.version
        AND CASE excluded.status WHEN 'incomplete' THEN 0 WHEN 'canceled' THEN 2 ELSE 1 END
            >= CASE subscriptions.status WHEN 'incomplete' THEN 0 WHEN 'canceled' THEN 2 ELSE 1 END));

-- name: UpsertOrder :execrows
INSERT INTO orders (provider, provider_id, provider_customer_id, provider_product_id, provider_subscription_id,
    provider_checkout_id, status, reason, number, description, subtotal, discount, tax, total, refunded, currency,
    items, next_attempt_at, created_at, version, copied_at, deleted_at)
VALUES (@provider, @provider_id, @provider_customer_id, @provider_product_id, @provider_subscription_id,
    @provider_checkout_id, @status, @reason, @number, @description, @subtotal, @discount, @tax, @total, @refunded, @currency,
    @items, @next_attempt_at, @created_at, @version, @copied_at, @deleted_at)
ON CONFLICT (provider, provider_id) DO UPDATE SET
    provider_customer_id = excluded.provider_customer_id, provider_product_id = excluded.provider_product_id,
    provider_subscription_id = excluded.provider_subscription_id,
    provider_checkout_id = excluded.provider_checkout_id, status = excluded.status, reason = excluded.reason,
    number = excluded.number, description = excluded.description, subtotal = excluded.subtotal,
    discount = excluded.discount, tax = excluded.tax, total = excluded.total, refunded = excluded.refunded,
    currency = excluded.currency, items = excluded.items, next_attempt_at = excluded.next_attempt_at,
    created_at = excluded.created_at, version = excluded.version, copied_at = excluded.copied_at,
    deleted_at = excluded.deleted_at
WHERE orders.deleted_at IS NULL AND (excluded.deleted_at IS NOT NULL OR excluded.version > orders.version
    OR (excluded.version = orders.version AND excluded.refunded >= orders.refunded
        AND CASE excluded.status WHEN 'pending' THEN 0 WHEN 'paid' THEN 1 ELSE 2 END
            >= CASE orders.status WHEN 'pending' THEN 0 WHEN 'paid' THEN 1 ELSE 2 END));

-- name: UpsertGrant :execrows
INSERT INTO benefit_grants (provider, provider_id, provider_customer_id, provider_benefit_id, provider_subscription_id,
    provider_order_id, provider_member_id, kind, description, granted_at, revoked_at, properties, created_at, version, copied_at, deleted_at)
VALUES (@provider, @provider_id, @provider_customer_id, @provider_benefit_id, @provider_subscription_id,
    @provider_order_id, @provider_member_id, @kind, @description, @granted_at, @revoked_at, @properties, @created_at, @version, @copied_at, @deleted_at)
ON CONFLICT (provider, provider_id) DO UPDATE SET
    provider_customer_id = excluded.provider_customer_id, provider_benefit_id = excluded.provider_benefit_id,
    provider_subscription_id = excluded.provider_subscription_id, provider_order_id = excluded.provider_order_id,
    provider_member_id = excluded.provider_member_id,
    kind = excluded.kind, description = excluded.description, granted_at = excluded.granted_at,
    revoked_at = excluded.revoked_at, properties = excluded.properties, created_at = excluded.created_at,
    version = excluded.version, copied_at = excluded.copied_at, deleted_at = excluded.deleted_at
WHERE benefit_grants.deleted_at IS NULL AND (excluded.deleted_at IS NOT NULL OR excluded.version >= benefit_grants.version);

-- name: UpsertBalance :execrows
INSERT INTO customer_meters (provider, provider_id, provider_customer_id, provider_meter_id, consumed, credited,
    balance, created_at, version, copied_at, deleted_at)
VALUES (@provider, @provider_id, @provider_customer_id, @provider_meter_id, @consumed, @credited,
    @balance, @created_at, @version, @copied_at, @deleted_at)
ON CONFLICT (provider, provider_id) DO UPDATE SET
    provider_customer_id = excluded.provider_customer_id, provider_meter_id = excluded.provider_meter_id,
    consumed = excluded.consumed, credited = excluded.credited, balance = excluded.balance,
    created_at = excluded.created_at, version = excluded.version, copied_at = excluded.copied_at,
    deleted_at = excluded.deleted_at
WHERE customer_meters.deleted_at IS NULL AND (excluded.deleted_at IS NOT NULL OR excluded.version >= customer_meters.version);

-- name: UpsertRefund :execrows
INSERT INTO refunds (provider, provider_id, provider_order_id, provider_customer_id, provider_subscription_id, status,
    reason, amount, tax, currency, metadata, created_at, version, copied_at, deleted_at)
VALUES (@provider, @provider_id, @provider_order_id, @provider_customer_id, @provider_subscription_id, @status,
    @reason, @amount, @tax, @currency, @metadata, @created_at, @version, @copied_at, @deleted_at)
ON CONFLICT (provider, provider_id) DO UPDATE SET
    provider_order_id = excluded.provider_order_id, provider_customer_id = excluded.provider_customer_id,
    provider_subscription_id = excluded.provider_subscription_id, status = excluded.status, reason = excluded.reason,
    amount = excluded.amount, tax = excluded.tax, currency = excluded.currency, metadata = excluded.metadata,
    created_at = excluded.created_at, version = excluded.version, copied_at = excluded.copied_at,
    deleted_at = excluded.deleted_at
WHERE refunds.deleted_at IS NULL AND (excluded.deleted_at IS NOT NULL OR excluded.version > refunds.version
    OR (excluded.version = refunds.version
        AND (CASE excluded.status WHEN 'pending' THEN 0 ELSE 1 END) >= (CASE refunds.status WHEN 'pending' THEN 0 ELSE 1 END)));

-- name: UpsertBenefit :execrows
INSERT INTO benefits (provider, provider_id, benefit, created_at, version, copied_at, deleted_at)
VALUES (@provider, @provider_id, @benefit, @created_at, @version, @copied_at, @deleted_at)
ON CONFLICT (provider, provider_id) DO UPDATE SET
    benefit = excluded.benefit, created_at = excluded.created_at, version = excluded.version,
    copied_at = excluded.copied_at, deleted_at = excluded.deleted_at
WHERE benefits.deleted_at IS NULL AND (excluded.deleted_at IS NOT NULL OR excluded.version >= benefits.version);

-- name: UpsertOrganization :execrows
INSERT INTO organizations (provider, provider_id, slug, name, created_at, version, copied_at, deleted_at)
VALUES (@provider, @provider_id, @slug, @name, @created_at, @version, @copied_at, @deleted_at)
ON CONFLICT (provider, provider_id) DO UPDATE SET
    slug = excluded.slug, name = excluded.name, created_at = excluded.created_at, version = excluded.version,
    copied_at = excluded.copied_at, deleted_at = excluded.deleted_at
WHERE organizations.deleted_at IS NULL AND (excluded.deleted_at IS NOT NULL OR excluded.version >= organizations.version);

-- name: UpsertSeat :execrows
INSERT INTO seats (provider, provider_id, provider_subscription_id, provider_order_id, provider_customer_id, provider_member_id,
    user_id, email, name, status, expires_at, claimed_at, revoked_at, created_at, version, copied_at, deleted_at)
VALUES (@provider, @provider_id, @provider_subscription_id, @provider_order_id, @provider_customer_id, @provider_member_id,
    @user_id, @email, @name, @status, @expires_at, @claimed_at, @revoked_at, @created_at, @version, @copied_at, @deleted_at)
ON CONFLICT (provider, provider_id) DO UPDATE SET
    provider_subscription_id = excluded.provider_subscription_id, provider_order_id = excluded.provider_order_id,
    provider_customer_id = excluded.provider_customer_id, provider_member_id = excluded.provider_member_id,
    user_id = excluded.user_id, email = excluded.email, name = excluded.name, status = excluded.status,
    expires_at = excluded.expires_at, claimed_at = excluded.claimed_at, revoked_at = excluded.revoked_at,
    created_at = excluded.created_at, version = excluded.version, copied_at = excluded.copied_at,
    deleted_at = excluded.deleted_at
WHERE seats.deleted_at IS NULL AND (excluded.deleted_at IS NOT NULL OR excluded.version > seats.version
    OR (excluded.version = seats.version
        AND CASE excluded.status WHEN 'pending' THEN 0 WHEN 'claimed' THEN 1 ELSE 2 END
            >= CASE seats.status WHEN 'pending' THEN 0 WHEN 'claimed' THEN 1 ELSE 2 END));

-- name: MirrorState :one
-- What the mirror holds of one object, so that a caller can tell news from repeats.
-- Only the part of the asked kind is ever read.
SELECT version, CAST(status AS TEXT) AS status, deleted_at FROM (
    SELECT version, '' AS status, deleted_at FROM products
    WHERE CAST(@kind AS TEXT) = 'product' AND products.provider = @provider AND products.provider_id = @provider_id
    UNION ALL
    SELECT version, '' AS status, deleted_at FROM meters
    WHERE CAST(@kind AS TEXT) = 'meter' AND meters.provider = @provider AND meters.provider_id = @provider_id
    UNION ALL
    SELECT version, '' AS status, deleted_at FROM provider_customers
    WHERE CAST(@kind AS TEXT) = 'customer' AND provider_customers.provider = @provider AND provider_customers.provider_id = @provider_id
    UNION ALL
    SELECT version, status, deleted_at FROM checkouts
    WHERE CAST(@kind AS TEXT) = 'checkout' AND checkouts.provider = @provider AND checkouts.provider_id = @provider_id
    UNION ALL
    SELECT version, status, deleted_at FROM orders
    WHERE CAST(@kind AS TEXT) = 'order' AND orders.provider = @provider AND orders.provider_id = @provider_id
    UNION ALL
    SELECT version, status, deleted_at FROM subscriptions
    WHERE CAST(@kind AS TEXT) = 'subscription' AND subscriptions.provider = @provider AND subscriptions.provider_id = @provider_id
    UNION ALL
    SELECT version, CASE WHEN revoked_at IS NULL THEN 'granted' ELSE 'revoked' END AS status, deleted_at FROM benefit_grants
    WHERE CAST(@kind AS TEXT) = 'benefit_grant' AND benefit_grants.provider = @provider AND benefit_grants.provider_id = @provider_id
    UNION ALL
    SELECT version, status, deleted_at FROM seats
    WHERE CAST(@kind AS TEXT) = 'customer_seat' AND seats.provider = @provider AND seats.provider_id = @provider_id
    UNION ALL
    SELECT version, status, deleted_at FROM refunds
    WHERE CAST(@kind AS TEXT) = 'refund' AND refunds.provider = @provider AND refunds.provider_id = @provider_id
    UNION ALL
    SELECT version, '' AS status, deleted_at FROM benefits
    WHERE CAST(@kind AS TEXT) = 'benefit' AND benefits.provider = @provider AND benefits.provider_id = @provider_id
    UNION ALL
    SELECT version, '' AS status, deleted_at FROM organizations
    WHERE CAST(@kind AS TEXT) = 'organization' AND organizations.provider = @provider AND organizations.provider_id = @provider_id
    UNION ALL
    SELECT version, '' AS status, deleted_at FROM customer_meters
    WHERE CAST(@kind AS TEXT) = 'customer_meter' AND customer_meters.provider = @provider AND customer_meters.provider_id = @provider_id
) AS known;
