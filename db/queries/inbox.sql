-- name: ReceiveDelivery :execrows
INSERT INTO inbox (id, provider, endpoint, delivery_id, type, object_kind, object_id, body, sent_at, received_at, next_try_at)
VALUES (@id, @provider, @endpoint, @delivery_id, @type, @object_kind, @object_id, @body, @sent_at, @received_at, @received_at)
ON CONFLICT (provider, endpoint, delivery_id) DO NOTHING;

-- name: DueDeliveries :many
SELECT * FROM inbox WHERE state = 'waiting' AND next_try_at <= @now ORDER BY next_try_at, id LIMIT CAST(@most AS BIGINT);

-- name: FinishDelivery :execrows
-- Done once: a second run of the same delivery finds nothing to finish.
UPDATE inbox SET state = 'done', done_at = @now, error = '' WHERE id = @id AND state <> 'done';

-- name: FailDelivery :exec
UPDATE inbox SET state = @state, tries = tries + 1, error = @error, next_try_at = @next_try_at
WHERE id = @id AND state = 'waiting';

-- name: RetryDelivery :execrows
-- An operator's wish: a parked delivery waits again, with all its tries.
UPDATE inbox SET state = 'waiting', tries = 0, next_try_at = @now WHERE id = @id AND state = 'parked';

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
