-- name: SyncStates :many
-- How far our copies of one customer have come, one row per provider.
SELECT provider, synced_at, error FROM reconciliations WHERE customer_id = @customer_id ORDER BY provider;

-- name: MarkSynced :exec
INSERT INTO reconciliations (provider, customer_id, synced_at) VALUES (@provider, @customer_id, @synced_at)
ON CONFLICT (provider, customer_id) DO UPDATE SET synced_at = excluded.synced_at, error = '';

-- name: MarkSyncFailed :exec
-- The time of the last good copy stays.
INSERT INTO reconciliations (provider, customer_id, error) VALUES (@provider, @customer_id, @error)
ON CONFLICT (provider, customer_id) DO UPDATE SET error = excluded.error;

-- name: DueReconciliations :many
-- Linked customers whose last full copy is older than a moment, the longest waiting
-- first; not those whose reading waits already, or is parked until somebody looks.
SELECT provider_customers.customer_id
FROM provider_customers
LEFT JOIN reconciliations ON reconciliations.provider = provider_customers.provider
    AND reconciliations.customer_id = provider_customers.customer_id
WHERE provider_customers.provider = @provider AND provider_customers.customer_id IS NOT NULL
    AND provider_customers.deleted_at IS NULL AND COALESCE(reconciliations.synced_at, 0) < CAST(@older_than AS BIGINT)
    AND NOT EXISTS (
        SELECT 1 FROM outbox WHERE outbox.kind = 'reconcile_customer'
            AND outbox.key = provider_customers.customer_id AND outbox.state <> 'done'
    )
ORDER BY COALESCE(reconciliations.synced_at, 0), provider_customers.customer_id LIMIT CAST(@most AS BIGINT);
