-- name: NoteDrift :exec
INSERT INTO drifts (id, pass_id, provider, object_kind, object_id, provider_customer_id, customer_id, change,
    status_before, status_after, version_before, version_after, fields, healed, found_at)
VALUES (@id, @pass_id, @provider, @object_kind, @object_id, @provider_customer_id, @customer_id, @change,
    @status_before, @status_after, @version_before, @version_after, @fields, @healed, @found_at);

-- name: DriftsOfPass :many
-- The latest first; the caller passes the last id that it has seen.
SELECT * FROM drifts WHERE pass_id = @pass_id AND id < @before ORDER BY id DESC LIMIT CAST(@most AS BIGINT);

-- name: Drifts :many
SELECT * FROM drifts WHERE id < @before ORDER BY id DESC LIMIT CAST(@most AS BIGINT);

-- name: FirstDriftAfter :one
-- When, after a moment, a difference was first found that a webhook should have told; 0 if
-- none was.
SELECT CAST(COALESCE(MIN(found_at), 0) AS BIGINT) FROM drifts WHERE provider = @provider AND found_at > @after;

-- name: LastDelivery :one
-- When the latest delivery came; ids sort by the time of their making.
SELECT received_at FROM inbox WHERE id < @before AND provider = @provider ORDER BY id DESC LIMIT 1;

-- name: PruneDrifts :execrows
DELETE FROM drifts WHERE id IN (
    SELECT old.id FROM drifts AS old WHERE old.provider = @provider AND old.found_at < @before
    ORDER BY old.found_at LIMIT CAST(@most AS BIGINT)
);

-- name: MissObject :one
-- An object was not in the provider's list. A pass counts once; it counts as one more in
-- a row because ForgetFound drops every object that a pass does find.
INSERT INTO missing_objects (provider, object_kind, object_id, passes, last_pass, since)
VALUES (@provider, @object_kind, @object_id, 1, @pass_id, @now)
ON CONFLICT (provider, object_kind, object_id) DO UPDATE SET
    passes = CASE WHEN missing_objects.last_pass = excluded.last_pass THEN missing_objects.passes ELSE missing_objects.passes + 1 END,
    last_pass = excluded.last_pass
RETURNING passes;

-- name: ForgetFound :execrows
-- What this pass did not miss is there again.
DELETE FROM missing_objects WHERE provider = @provider AND object_kind = @object_kind AND last_pass <> @pass_id;

-- name: ForgetMissing :exec
DELETE FROM missing_objects WHERE provider = @provider;
