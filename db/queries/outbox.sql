-- name: EnqueueJob :exec
-- Ask for a job. One that waits, runs, is done or parked waits again under a higher
-- generation, so that the end of an earlier run does not swallow this wish. It is due
-- at the sooner of the two times while it waits; a lease is kept, because the run
-- that holds it may still be under way: two runs of one job never overlap.
INSERT INTO outbox (id, kind, key, customer_id, payload, next_try_at, created_at)
VALUES (@id, @kind, @key, @customer_id, @payload, @next_try_at, @created_at)
ON CONFLICT (kind, key) DO UPDATE SET
    payload = excluded.payload,
    generation = outbox.generation + 1,
    next_try_at = CASE WHEN outbox.state = 'waiting' AND outbox.tries = 0 AND outbox.next_try_at < excluded.next_try_at
        THEN outbox.next_try_at ELSE excluded.next_try_at END,
    state = 'waiting',
    tries = 0,
    done_at = NULL,
    error = '';

-- name: JobIsDue :one
-- Whether there is anything to claim: idle runners ask this on the readers' pool and
-- leave the writer alone.
SELECT CAST(COUNT(*) AS BIGINT) FROM (
    SELECT 1 FROM outbox
    WHERE kind = @kind AND state = 'waiting' AND next_try_at <= @now AND leased_until <= @now LIMIT 1
) AS due;

-- name: ClaimJob :one
-- Take the job of a kind that has been due longest and leave a lease on it. The
-- condition is repeated outside for PostgreSQL, where two claimers may see the same
-- row inside.
UPDATE outbox SET leased_until = @leased_until, tries = tries + 1
WHERE id IN (
    SELECT due.id FROM outbox AS due
    WHERE due.kind = @kind AND due.state = 'waiting' AND due.next_try_at <= @now AND due.leased_until <= @now
    ORDER BY due.next_try_at, due.id LIMIT 1
) AND state = 'waiting' AND next_try_at <= @now AND leased_until <= @now
RETURNING *;

-- name: CompleteJob :execrows
UPDATE outbox SET state = 'done', done_at = @now, leased_until = 0, error = '',
    payload = CASE kind WHEN 'send_mail' THEN '{}' WHEN 'sync_member' THEN '""' ELSE payload END
WHERE id = @id AND generation = @generation AND state = 'waiting';

-- name: RetryJob :execrows
-- A run failed: its tries prove that no later run has begun.
UPDATE outbox SET next_try_at = @next_try_at, leased_until = 0, error = @error
WHERE id = @id AND generation = @generation AND tries = @tries AND state = 'waiting';

-- name: ParkJob :execrows
-- A mail that is set aside may hold a secret, and nobody wants it later.
UPDATE outbox SET state = 'parked', leased_until = 0, error = @error,
    payload = CASE WHEN kind = 'send_mail' THEN '{}' ELSE payload END
WHERE id = @id AND generation = @generation AND tries = @tries AND state = 'waiting';

-- name: ReleaseJob :exec
-- The run of an older generation ended, or was cut short: what is asked for now may begin.
UPDATE outbox SET leased_until = 0 WHERE id = @id AND leased_until = @leased_until;

-- name: ReleaseJobs :execrows
-- At the start of the only process: whoever held these leases is dead. Its try counts.
UPDATE outbox SET leased_until = 0 WHERE kind = @kind AND state = 'waiting' AND leased_until > 0;

-- name: PruneJobs :execrows
-- Jobs that were done long ago. What they did is kept elsewhere.
DELETE FROM outbox WHERE id IN (
    SELECT old.id FROM outbox AS old
    WHERE old.kind = @kind AND old.state = 'done' AND old.next_try_at < @before AND old.done_at < @before
    ORDER BY old.next_try_at LIMIT CAST(@most AS BIGINT)
);

-- name: PruneRefusedMails :execrows
-- Mails that were set aside long ago: their text is emptied, so nobody can do anything
-- about them, and they must not hide for ever what somebody can.
DELETE FROM outbox WHERE id IN (
    SELECT old.id FROM outbox AS old
    WHERE old.kind = 'send_mail' AND old.state = 'parked' AND old.next_try_at < @before
    ORDER BY old.next_try_at LIMIT CAST(@most AS BIGINT)
);

-- name: JobState :one
SELECT state FROM outbox WHERE kind = @kind AND key = @key;

-- name: OutboxCounts :many
SELECT kind, state, CAST(COUNT(*) AS BIGINT) AS jobs, CAST(MIN(created_at) AS BIGINT) AS oldest
FROM outbox GROUP BY kind, state ORDER BY kind, state;
