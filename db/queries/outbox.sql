-- name: EnqueueJob :exec
-- Ask for a job. One that still waits stays as it is, but may be due sooner; one
-- that runs or is done waits again under a higher generation.
INSERT INTO outbox (id, kind, key, customer_id, payload, next_try_at, created_at)
VALUES (@id, @kind, @key, @customer_id, @payload, @next_try_at, @created_at)
ON CONFLICT (kind, key) DO UPDATE SET
    payload = excluded.payload,
    generation = outbox.generation + 1,
    state = 'waiting',
    tries = 0,
    leased_until = 0,
    next_try_at = excluded.next_try_at,
    done_at = NULL,
    error = '';
