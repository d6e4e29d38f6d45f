-- name: OpenCheckout :one
-- The latest checkout that a customer opened here for a product and can still pay.
SELECT * FROM checkouts
WHERE customer_id = @customer_id AND provider_product_id = @provider_product_id
    AND status = 'open' AND url <> '' AND expires_at > @now AND deleted_at IS NULL
ORDER BY created_at DESC LIMIT 1;

-- name: UnsettledCheckouts :many
-- Checkouts opened here that may still change at the provider, the oldest copies first.
SELECT provider, provider_id FROM checkouts
WHERE customer_id <> '' AND status IN ('open', 'confirmed') AND deleted_at IS NULL AND copied_at < @copied_before
ORDER BY copied_at LIMIT @page_size;
