-- name: ReceiveDelivery :execrows
INSERT INTO inbox (id, provider, endpoint, delivery_id, type, object_kind, object_id, body, sent_at, received_at, next_try_at)
VALUES (@id, @provider, @endpoint, @delivery_id, @type, @object_kind, @object_id, @body, @sent_at, @received_at, @received_at)
ON CONFLICT (provider, endpoint, delivery_id) DO NOTHING;

-- name: HasDelivery :one
SELECT CAST(COUNT(*) AS BIGINT) FROM inbox WHERE id = @id;

-- name: DeliveryIsDue :one
-- Whether there is anything to claim, asked without writing.
SELECT CAST(COUNT(*) AS BIGINT) FROM (
    SELECT 1 FROM inbox WHERE state = 'waiting' AND next_try_at <= @now AND leased_until <= @now LIMIT 1
) AS due;

-- name: ClaimDeliveries :many
-- Take deliveries that are due and leave a lease on them. The condition is repeated
-- outside for PostgreSQL, where two claimers may see the same rows inside, in a form
-- that no index fits (see ClaimUsage).
UPDATE inbox SET leased_until = @leased_until
WHERE id IN (
    SELECT due.id FROM inbox AS due
    WHERE due.state = 'waiting' AND due.next_try_at <= @now AND due.leased_until <= @now
    ORDER BY due.next_try_at, due.id LIMIT CAST(@most AS BIGINT)
) AND state || '' = 'waiting' AND next_try_at + 0 <= @now AND leased_until <= @now
RETURNING *;

-- name: FinishDelivery :execrows
-- Done once, by who holds the lease: a second run finds nothing to finish.
UPDATE inbox SET state = 'done', done_at = @now, error = '', leased_until = 0
WHERE id = @id AND state = 'waiting' AND leased_until = @leased_until;

-- name: FailDelivery :exec
UPDATE inbox SET state = @state, tries = tries + 1, error = @error, next_try_at = @next_try_at, leased_until = 0
WHERE id = @id AND state = 'waiting' AND leased_until = @leased_until;

-- name: ReleaseDelivery :exec
UPDATE inbox SET leased_until = 0 WHERE id = @id AND state = 'waiting' AND leased_until = @leased_until;

-- name: ReleaseDeliveries :execrows
-- At the start of the only process: whoever held these leases is dead.
UPDATE inbox SET leased_until = 0 WHERE state = 'waiting' AND leased_until > 0;

-- name: InboxCounts :many
SELECT state, CAST(COUNT(*) AS BIGINT) AS deliveries, CAST(MIN(received_at) AS BIGINT) AS oldest
FROM inbox GROUP BY state ORDER BY state;

-- name: PruneDeliveries :execrows
-- Deliveries that were applied long ago. A repetition is applied again then, which
-- changes nothing: versions and business keys stay.
DELETE FROM inbox WHERE id IN (
    SELECT old.id FROM inbox AS old
    WHERE old.state = 'done' AND old.next_try_at < @before AND old.done_at < @before
    ORDER BY old.next_try_at LIMIT CAST(@most AS BIGINT)
);
