-- name: OpenCheckout :one
-- The latest checkout that a customer opened here for a product and can still pay.
SELECT * FROM checkouts
WHERE customer_id = @customer_id AND provider_product_id = @provider_product_id
    AND status = 'open' AND url <> '' AND expires_at > @now AND deleted_at IS NULL
ORDER BY created_at DESC LIMIT 1;

-- name: UnsettledCheckouts :many
-- Checkouts opened here that may still change at the provider and whose copy is old,
-- in the order of their ids, from one on.
SELECT provider, provider_id FROM checkouts
WHERE customer_id <> '' AND status IN ('open', 'confirmed') AND expires_at > @expired_after
    AND deleted_at IS NULL AND copied_at < @copied_before AND provider_id > @after_id
ORDER BY provider_id LIMIT CAST(@page_size AS BIGINT);
