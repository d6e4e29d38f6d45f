-- name: AskAction :execrows
-- One wish at a time for one object: a second one changes nothing while the first waits.
INSERT INTO actions (id, kind, provider, object_kind, object_id, customer_id, asked_by, request, asked_at, scope_id)
VALUES (@id, @kind, @provider, @object_kind, @object_id, @customer_id, @asked_by, @request, @asked_at, @scope_id)
ON CONFLICT DO NOTHING;

-- name: Action :one
SELECT * FROM actions WHERE id = @id;

-- name: LatestAction :one
SELECT * FROM actions WHERE provider = @provider AND object_kind = @object_kind AND object_id = @object_id
ORDER BY asked_at DESC, id DESC LIMIT 1;

-- name: BeginAction :execrows
-- Before the provider is asked, each time: until it answers, its outcome is open.
UPDATE actions SET begun_at = @now WHERE id = @id AND state = 'waiting';

-- name: HoldAction :exec
-- The provider was not reached: nothing has happened there.
UPDATE actions SET begun_at = NULL, reason = @reason WHERE id = @id AND state = 'waiting';

-- name: EndAction :execrows
UPDATE actions SET state = @state, reason = @reason, ended_at = @now WHERE id = @id AND state = 'waiting';

-- name: WithdrawAction :execrows
-- Only what has not begun can be taken back.
UPDATE actions SET state = 'withdrawn', ended_at = @now
WHERE id = @id AND customer_id = @customer_id AND state = 'waiting' AND begun_at IS NULL;
