-- What pages ask of the mirror. Whatever belongs to somebody is read through
-- provider_customers by our customer id; a tombstone there does not hide the past.

-- name: Products :many
SELECT * FROM products WHERE deleted_at IS NULL ORDER BY created_at, provider_id;

-- name: ProductBySlug :one
-- A slug means the newest product that carries it and can be bought.
SELECT * FROM products WHERE slug = @slug AND slug <> '' AND deleted_at IS NULL
ORDER BY archived, created_at DESC, provider_id LIMIT 1;

-- name: Meters :many
SELECT * FROM meters WHERE deleted_at IS NULL ORDER BY created_at, provider_id;

-- name: ProviderCustomer :one
SELECT * FROM provider_customers
WHERE provider = @provider AND customer_id = @customer_id AND deleted_at IS NULL;

-- name: ProviderCustomerByID :one
SELECT * FROM provider_customers WHERE provider = @provider AND provider_id = @provider_id;

-- name: Checkout :one
SELECT * FROM checkouts WHERE customer_id = @customer_id AND provider_id = @provider_id AND deleted_at IS NULL;

-- name: CheckoutOrders :many
-- The orders that came of a checkout, if the checkout is the customer's own.
SELECT orders.* FROM orders
JOIN checkouts ON checkouts.provider = orders.provider AND checkouts.provider_id = orders.provider_checkout_id
WHERE checkouts.customer_id = @customer_id AND checkouts.provider_id = @provider_id AND orders.deleted_at IS NULL
ORDER BY orders.created_at, orders.provider_id;

-- name: CheckoutSubscriptions :many
-- What a checkout started or, when it upgraded a subscription, that one.
SELECT subscriptions.* FROM checkouts
JOIN subscriptions ON subscriptions.provider = checkouts.provider
    AND subscriptions.provider_id IN (
        SELECT started.provider_id FROM subscriptions AS started
        WHERE started.provider = checkouts.provider AND started.provider_checkout_id = @provider_id
        UNION
        SELECT paid.provider_subscription_id FROM orders AS paid
        WHERE paid.provider = checkouts.provider AND paid.provider_checkout_id = @provider_id
    )
WHERE checkouts.customer_id = @customer_id AND checkouts.provider_id = @provider_id
    AND subscriptions.deleted_at IS NULL
ORDER BY subscriptions.created_at, subscriptions.provider_id;

-- name: Subscriptions :many
-- Those that last first, then the newest.
SELECT subscriptions.* FROM subscriptions
JOIN provider_customers ON provider_customers.provider = subscriptions.provider
    AND provider_customers.provider_id = subscriptions.provider_customer_id
WHERE provider_customers.customer_id = @customer_id AND subscriptions.deleted_at IS NULL
ORDER BY CASE WHEN subscriptions.ended_at IS NULL THEN 0 ELSE 1 END,
    subscriptions.created_at DESC, subscriptions.provider_id;

-- name: Subscription :one
SELECT subscriptions.* FROM subscriptions
JOIN provider_customers ON provider_customers.provider = subscriptions.provider
    AND provider_customers.provider_id = subscriptions.provider_customer_id
WHERE provider_customers.customer_id = @customer_id AND subscriptions.provider_id = @provider_id
    AND subscriptions.deleted_at IS NULL;

-- name: OrdersBefore :many
-- One page of a customer's orders, newest first; the caller passes the last one it has seen.
SELECT orders.* FROM orders
JOIN provider_customers ON provider_customers.provider = orders.provider
    AND provider_customers.provider_id = orders.provider_customer_id
WHERE provider_customers.customer_id = @customer_id AND orders.deleted_at IS NULL
    AND (orders.created_at < @before_at OR (orders.created_at = @before_at AND orders.provider_id < @before_id))
ORDER BY orders.created_at DESC, orders.provider_id DESC LIMIT CAST(@page_size AS BIGINT);

-- name: OrdersOfSubscription :many
-- The latest orders of one subscription of a customer, newest first.
SELECT orders.* FROM orders
JOIN provider_customers ON provider_customers.provider = orders.provider
    AND provider_customers.provider_id = orders.provider_customer_id
WHERE provider_customers.customer_id = @customer_id AND orders.deleted_at IS NULL
    AND orders.provider_subscription_id = @provider_subscription_id
ORDER BY orders.created_at DESC, orders.provider_id DESC LIMIT CAST(@most AS BIGINT);

-- name: Order :one
SELECT orders.* FROM orders
JOIN provider_customers ON provider_customers.provider = orders.provider
    AND provider_customers.provider_id = orders.provider_customer_id
WHERE provider_customers.customer_id = @customer_id AND orders.provider_id = @provider_id AND orders.deleted_at IS NULL;

-- name: Grants :many
SELECT benefit_grants.* FROM benefit_grants
JOIN provider_customers ON provider_customers.provider = benefit_grants.provider
    AND provider_customers.provider_id = benefit_grants.provider_customer_id
WHERE provider_customers.customer_id = @customer_id AND benefit_grants.deleted_at IS NULL
ORDER BY CASE WHEN benefit_grants.revoked_at IS NULL THEN 0 ELSE 1 END,
    benefit_grants.created_at DESC, benefit_grants.provider_id;

-- name: Balances :many
SELECT customer_meters.* FROM customer_meters
JOIN provider_customers ON provider_customers.provider = customer_meters.provider
    AND provider_customers.provider_id = customer_meters.provider_customer_id
WHERE provider_customers.customer_id = @customer_id AND customer_meters.deleted_at IS NULL
    AND provider_customers.deleted_at IS NULL
ORDER BY customer_meters.provider, customer_meters.provider_meter_id;
