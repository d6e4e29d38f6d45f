-- One object of the mirror as it is, for the difference that a change would make.

-- name: MirrorProduct :one
SELECT * FROM products WHERE provider = @provider AND provider_id = @provider_id;

-- name: MirrorMeter :one
SELECT * FROM meters WHERE provider = @provider AND provider_id = @provider_id;

-- name: MirrorCheckout :one
SELECT * FROM checkouts WHERE provider = @provider AND provider_id = @provider_id;

-- name: MirrorSubscription :one
SELECT * FROM subscriptions WHERE provider = @provider AND provider_id = @provider_id;

-- name: MirrorOrder :one
SELECT * FROM orders WHERE provider = @provider AND provider_id = @provider_id;

-- name: MirrorGrant :one
SELECT * FROM benefit_grants WHERE provider = @provider AND provider_id = @provider_id;

-- name: MirrorBalance :one
SELECT * FROM customer_meters WHERE provider = @provider AND provider_id = @provider_id;

-- name: MirrorRefund :one
SELECT * FROM refunds WHERE provider = @provider AND provider_id = @provider_id;

-- name: MirrorBenefit :one
SELECT * FROM benefits WHERE provider = @provider AND provider_id = @provider_id;

-- name: MirrorOrganization :one
SELECT * FROM organizations WHERE provider = @provider AND provider_id = @provider_id;
