-- name: SyncStates :many
-- How far our copies of one customer have come, one row per provider. The customer '*'
-- stands for all of them: everything was read, whoever it belongs to.
SELECT provider, CAST(MAX(COALESCE(synced_at, 0)) AS BIGINT) AS synced_at, CAST(MAX(error) AS TEXT) AS error
FROM reconciliations WHERE customer_id IN (CAST(@customer_id AS TEXT), '*') GROUP BY provider ORDER BY provider;

-- name: MarkSynced :exec
INSERT INTO reconciliations (provider, customer_id, synced_at) VALUES (@provider, @customer_id, @synced_at)
ON CONFLICT (provider, customer_id) DO UPDATE SET synced_at = excluded.synced_at, error = '';

-- name: MarkSyncFailed :exec
-- The time of the last good copy stays.
INSERT INTO reconciliations (provider, customer_id, error) VALUES (@provider, @customer_id, @error)
ON CONFLICT (provider, customer_id) DO UPDATE SET error = excluded.error;
