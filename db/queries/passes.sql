-- name: PassDue :one
-- Whether a pass is to be run or to be started, asked on the readers: one that waits or
-- was cut short, or none of everything that began after a moment. One that began later
-- from now than that was earlier is of a clock that was wrong, and put back since.
SELECT CAST(CASE WHEN EXISTS (
        SELECT 1 FROM reconcile_passes AS open
        WHERE open.provider = @provider AND open.state IN ('waiting', 'running') AND open.leased_until <= @now
    ) THEN 1 WHEN EXISTS (
        SELECT 1 FROM reconcile_passes AS held WHERE held.provider = @provider AND held.state = 'running'
    ) THEN 0 WHEN EXISTS (
        SELECT 1 FROM reconcile_passes AS late
        WHERE late.provider = @provider AND late.customer_id = '' AND late.started_at > CAST(@older_than AS BIGINT)
            AND late.started_at <= 2 * CAST(@now AS BIGINT) - CAST(@older_than AS BIGINT)
            AND late.kind <> 'dry'
    ) THEN 0 ELSE 1 END AS BIGINT) AS due;

-- name: StartPass :execrows
-- Begin a scheduled pass unless one of everything began after a moment or one is open. Of
-- two processes that try at once, the index of running passes lets one through.
INSERT INTO reconcile_passes (id, provider, kind, state, asked_at, started_at, moved_at)
SELECT CAST(@id AS TEXT), CAST(@provider AS TEXT), 'scheduled', 'running', CAST(@now AS BIGINT), CAST(@now AS BIGINT), CAST(@now AS BIGINT)
WHERE NOT EXISTS (
    SELECT 1 FROM reconcile_passes AS late
    WHERE late.provider = @provider AND late.customer_id = '' AND late.started_at > CAST(@older_than AS BIGINT)
            AND late.started_at <= 2 * CAST(@now AS BIGINT) - CAST(@older_than AS BIGINT)
        AND late.kind <> 'dry'
) AND NOT EXISTS (
    SELECT 1 FROM reconcile_passes AS open
    WHERE open.provider = @provider AND open.state IN ('waiting', 'running')
)
ON CONFLICT DO NOTHING;

-- name: AskForPass :exec
-- An operator's wish: run when nothing else does.
INSERT INTO reconcile_passes (id, provider, kind, customer_id, state, asked_at)
VALUES (@id, @provider, @kind, @customer_id, 'waiting', @now);

-- name: ClaimPass :one
-- Take the pass that was cut short, else the wish that waits longest.
UPDATE reconcile_passes SET state = 'running', holder = @holder, leased_until = @leased_until,
    started_at = CASE WHEN started_at = 0 THEN CAST(@now AS BIGINT) ELSE started_at END,
    moved_at = CASE WHEN moved_at = 0 THEN CAST(@now AS BIGINT) ELSE moved_at END
WHERE id IN (
    SELECT due.id FROM reconcile_passes AS due
    WHERE due.provider = @provider AND due.state IN ('waiting', 'running') AND due.leased_until <= @now
        AND NOT EXISTS (
            SELECT 1 FROM reconcile_passes AS other
            WHERE other.provider = @provider AND other.state = 'running' AND other.id <> due.id
        )
    ORDER BY due.state, due.asked_at, due.id LIMIT 1
) AND leased_until <= @now
RETURNING *;

-- name: MovePass :execrows
-- A page was read: only whoever holds the pass may say so.
UPDATE reconcile_passes SET cursor_kind = @cursor_kind, cursor_page = @cursor_page,
    objects = objects + @objects, calls = calls + @calls, changed = changed + @changed,
    healed = healed + @healed, found = found + @found,
    leased_until = @leased_until, moved_at = @now
WHERE id = @id AND holder = @holder AND state = 'running';

-- name: HoldPass :execrows
-- Renew the lease, or give the pass back until a moment, with the reason. broken is what
-- else went wrong.
UPDATE reconcile_passes SET leased_until = @leased_until, error = @error, calls = calls + @calls, broken = broken + @broken
WHERE id = @id AND holder = @holder AND state = 'running';

-- name: CountPass :exec
UPDATE reconcile_passes SET changed = changed + @changed, healed = healed + @healed, found = found + @found WHERE id = @id;

-- name: EndPass :execrows
UPDATE reconcile_passes SET state = @state, finished_at = @now, leased_until = 0, error = @error
WHERE id = @id AND holder = @holder AND state = 'running';

-- name: ReleasePasses :execrows
-- At the start of the only process: whoever ran a pass is dead.
UPDATE reconcile_passes SET leased_until = 0, broken = broken + 1 WHERE provider = @provider AND state = 'running' AND leased_until > 0;

-- name: Pass :one
SELECT * FROM reconcile_passes WHERE id = @id;

-- name: Passes :many
SELECT * FROM reconcile_passes WHERE id < @before ORDER BY id DESC LIMIT CAST(@most AS BIGINT);

-- name: SyncedPass :exec
-- Everything that the provider has was read, beginning at a moment: one row stands for
-- all customers, so that a pass costs the same however many there are.
INSERT INTO reconciliations (provider, customer_id, synced_at) VALUES (@provider, '*', @synced_at)
ON CONFLICT (provider, customer_id) DO UPDATE SET synced_at = excluded.synced_at, error = '';

-- name: FailedPass :exec
INSERT INTO reconciliations (provider, customer_id, error) VALUES (@provider, '*', @error)
ON CONFLICT (provider, customer_id) DO UPDATE SET error = excluded.error;

-- name: ClearSyncErrors :execrows
-- A reading of everything has taken the place of the readings that failed.
UPDATE reconciliations SET error = '' WHERE provider = @provider AND error <> '';

-- name: PrunePasses :execrows
DELETE FROM reconcile_passes WHERE id IN (
    SELECT old.id FROM reconcile_passes AS old
    WHERE old.provider = @provider AND old.state IN ('done', 'failed') AND old.asked_at < @before
    ORDER BY old.asked_at LIMIT CAST(@most AS BIGINT)
);

-- name: PassRunning :one
SELECT CAST(COUNT(*) AS BIGINT) FROM reconcile_passes WHERE provider = @provider AND state = 'running';
