-- name: NoteFact :execrows
-- Once, for ever: a fact that is known changes nothing.
INSERT INTO facts (key, type, provider, object_kind, object_id, mark, version, provider_customer_id, customer_id,
    body, occurred_at, noted_at)
VALUES (@key, @type, @provider, @object_kind, @object_id, @mark, @version, @provider_customer_id, @customer_id,
    @body, @occurred_at, @noted_at)
ON CONFLICT (key) DO NOTHING;

-- name: AwaitHook :exec
INSERT INTO hook_calls (id, target, fact_key, next_try_at) VALUES (@id, @target, @fact_key, @next_try_at)
ON CONFLICT (target, fact_key) DO NOTHING;

-- name: KnownSubscription :one
-- What the facts of a subscription depend on, as the mirror has it before a change.
SELECT status, canceled_at, period_start FROM subscriptions WHERE provider = @provider AND provider_id = @provider_id;

-- name: KnownGrant :one
SELECT properties FROM benefit_grants WHERE provider = @provider AND provider_id = @provider_id;

-- name: HookIsDue :one
-- Asked on the readers' pool, so that idle runners leave the writer alone.
SELECT CAST(COUNT(*) AS BIGINT) FROM (
    SELECT 1 FROM hook_calls
    WHERE state = 'waiting' AND target = @target AND next_try_at <= @now AND leased_until <= @now LIMIT 1
) AS due;

-- name: ClaimHooks :many
-- Take the calls of a target that have been due longest and leave a lease on them.
-- The condition is repeated outside for PostgreSQL, where two claimers may see the
-- same rows inside, in a form that no index fits (see ClaimUsage).
UPDATE hook_calls SET leased_until = @leased_until, tries = tries + 1
WHERE id IN (
    SELECT due.id FROM hook_calls AS due
    WHERE due.state = 'waiting' AND due.target = @target AND due.next_try_at <= @now AND due.leased_until <= @now
    ORDER BY due.next_try_at, due.id LIMIT CAST(@most AS BIGINT)
) AND state || '' = 'waiting' AND next_try_at + 0 <= @now AND leased_until <= @now
RETURNING *;

-- name: Fact :one
SELECT * FROM facts WHERE key = @key;

-- name: EndHook :execrows
-- The run that holds the lease writes down how it ended; its tries prove that no later
-- run has begun.
UPDATE hook_calls SET state = @state, next_try_at = @next_try_at, done_at = @done_at, leased_until = 0, error = @error
WHERE id = @id AND tries = @tries AND state = 'waiting';

-- name: ReleaseHooks :execrows
-- At the start of the only process: whoever held these leases is dead.
UPDATE hook_calls SET leased_until = 0 WHERE state = 'waiting' AND target = @target AND leased_until > 0;

-- name: ResendHook :execrows
-- An operator's wish, for a call that is parked or done.
UPDATE hook_calls SET state = 'waiting', tries = 0, next_try_at = @now, leased_until = 0, done_at = NULL, error = ''
WHERE id = @id AND state <> 'waiting';

-- name: HookCounts :many
SELECT target, state, CAST(COUNT(*) AS BIGINT) AS calls, CAST(MIN(next_try_at) AS BIGINT) AS oldest
FROM hook_calls GROUP BY target, state ORDER BY target, state;

-- name: HookCalls :many
-- Calls in one state, the latest first, with the fact that each is about.
SELECT hook_calls.id, hook_calls.target, hook_calls.fact_key, hook_calls.state, hook_calls.tries,
    hook_calls.next_try_at, hook_calls.done_at, hook_calls.error,
    facts.type, facts.provider, facts.object_kind, facts.object_id, facts.customer_id, facts.noted_at
FROM hook_calls JOIN facts ON facts.key = hook_calls.fact_key
WHERE hook_calls.state = @state AND hook_calls.target = @target AND hook_calls.id < @before
ORDER BY hook_calls.id DESC LIMIT CAST(@most AS BIGINT);

-- name: ParkedHooks :one
SELECT CAST(COUNT(*) AS BIGINT) FROM hook_calls WHERE state = 'parked' AND target = @target;

-- name: PruneHooks :execrows
DELETE FROM hook_calls WHERE id IN (
    SELECT old.id FROM hook_calls AS old
    WHERE old.state = 'done' AND old.target = @target AND old.next_try_at < @before AND old.done_at < @before
    ORDER BY old.next_try_at LIMIT CAST(@most AS BIGINT)
);

-- name: PruneFacts :execrows
-- Empty what facts said, when nobody waits for it any more. The keys stay for ever.
UPDATE facts SET body = '' WHERE key IN (
    SELECT old.key FROM facts AS old
    WHERE old.body <> '' AND old.noted_at < @before
        AND NOT EXISTS (SELECT 1 FROM hook_calls WHERE hook_calls.fact_key = old.key)
    ORDER BY old.noted_at LIMIT CAST(@most AS BIGINT)
);

-- name: Remembered :one
SELECT value FROM installation WHERE name = @name;

-- name: Remember :exec
-- What was remembered first stays.
INSERT INTO installation (name, value) VALUES (@name, @value) ON CONFLICT (name) DO NOTHING;

-- name: RememberNow :exec
INSERT INTO installation (name, value) VALUES (@name, @value)
ON CONFLICT (name) DO UPDATE SET value = excluded.value;
