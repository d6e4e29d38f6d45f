-- Single rows of the mirror, to compare with what a provider says, and the ids of a
-- whole kind, to see what a list did not have.

-- name: MirroredProduct :one
SELECT * FROM products WHERE provider = @provider AND provider_id = @provider_id;

-- name: MirroredMeter :one
SELECT * FROM meters WHERE provider = @provider AND provider_id = @provider_id;

-- name: MirroredCheckout :one
SELECT * FROM checkouts WHERE provider = @provider AND provider_id = @provider_id;

-- name: MirroredOrder :one
SELECT * FROM orders WHERE provider = @provider AND provider_id = @provider_id;

-- name: MirroredSubscription :one
SELECT * FROM subscriptions WHERE provider = @provider AND provider_id = @provider_id;

-- name: MirroredGrant :one
SELECT * FROM benefit_grants WHERE provider = @provider AND provider_id = @provider_id;

-- name: MirroredBalance :one
SELECT * FROM customer_meters WHERE provider = @provider AND provider_id = @provider_id;

-- name: MirroredRefund :one
SELECT * FROM refunds WHERE provider = @provider AND provider_id = @provider_id;

-- name: MirroredBenefit :one
SELECT * FROM benefits WHERE provider = @provider AND provider_id = @provider_id;

-- name: MirroredOrganization :one
SELECT * FROM organizations WHERE provider = @provider AND provider_id = @provider_id;

-- name: MirroredSeat :one
SELECT * FROM seats WHERE provider = @provider AND provider_id = @provider_id;

-- name: LivingProducts :many
SELECT provider_id FROM products
WHERE provider = @provider AND provider_id > @after AND deleted_at IS NULL AND copied_at < @before
ORDER BY provider_id LIMIT CAST(@most AS BIGINT);

-- name: LivingMeters :many
SELECT provider_id FROM meters
WHERE provider = @provider AND provider_id > @after AND deleted_at IS NULL AND copied_at < @before
ORDER BY provider_id LIMIT CAST(@most AS BIGINT);

-- name: LivingCustomers :many
SELECT provider_id FROM provider_customers
WHERE provider = @provider AND provider_id > @after AND deleted_at IS NULL AND copied_at < @before
ORDER BY provider_id LIMIT CAST(@most AS BIGINT);

-- name: LivingCheckouts :many
SELECT provider_id FROM checkouts
WHERE provider = @provider AND provider_id > @after AND deleted_at IS NULL AND copied_at < @before
ORDER BY provider_id LIMIT CAST(@most AS BIGINT);

-- name: LivingOrders :many
SELECT provider_id FROM orders
WHERE provider = @provider AND provider_id > @after AND deleted_at IS NULL AND copied_at < @before
ORDER BY provider_id LIMIT CAST(@most AS BIGINT);

-- name: LivingSubscriptions :many
SELECT provider_id FROM subscriptions
WHERE provider = @provider AND provider_id > @after AND deleted_at IS NULL AND copied_at < @before
ORDER BY provider_id LIMIT CAST(@most AS BIGINT);

-- name: LivingGrants :many
SELECT provider_id FROM benefit_grants
WHERE provider = @provider AND provider_id > @after AND deleted_at IS NULL AND copied_at < @before
ORDER BY provider_id LIMIT CAST(@most AS BIGINT);

-- name: LivingBalances :many
SELECT provider_id FROM customer_meters
WHERE provider = @provider AND provider_id > @after AND deleted_at IS NULL AND copied_at < @before
ORDER BY provider_id LIMIT CAST(@most AS BIGINT);

-- name: LivingRefunds :many
SELECT provider_id FROM refunds
WHERE provider = @provider AND provider_id > @after AND deleted_at IS NULL AND copied_at < @before
ORDER BY provider_id LIMIT CAST(@most AS BIGINT);

-- name: LivingBenefits :many
SELECT provider_id FROM benefits
WHERE provider = @provider AND provider_id > @after AND deleted_at IS NULL AND copied_at < @before
ORDER BY provider_id LIMIT CAST(@most AS BIGINT);

-- name: LivingOrganizations :many
SELECT provider_id FROM organizations
WHERE provider = @provider AND provider_id > @after AND deleted_at IS NULL AND copied_at < @before
ORDER BY provider_id LIMIT CAST(@most AS BIGINT);
