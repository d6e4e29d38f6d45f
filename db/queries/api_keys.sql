-- name: InsertAPIKey :execrows
-- No more than so many that count at once. An end of zero is none.
INSERT INTO api_keys (id, name, hash, hint, scopes, created_by, created_at, expires_at)
SELECT CAST(@id AS TEXT), CAST(@name AS TEXT), CAST(@hash AS TEXT), CAST(@hint AS TEXT), CAST(@scopes AS TEXT),
    CAST(@created_by AS TEXT), CAST(@created_at AS BIGINT), NULLIF(CAST(@expires_at AS BIGINT), 0)
WHERE (SELECT COUNT(*) FROM api_keys AS k WHERE k.revoked_at IS NULL) < CAST(@most AS BIGINT);

-- name: APIKeyByHash :one
SELECT * FROM api_keys
WHERE hash = @hash AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > @now);

-- name: APIKey :one
SELECT * FROM api_keys WHERE id = @id;

-- name: APIKeys :many
-- The newest first.
SELECT * FROM api_keys WHERE created_at <= @now ORDER BY created_at DESC, id DESC LIMIT CAST(@most AS BIGINT);

-- name: RevokeAPIKey :execrows
UPDATE api_keys SET revoked_at = @revoked_at WHERE id = @id AND revoked_at IS NULL;

-- name: TouchAPIKey :exec
UPDATE api_keys SET used_at = @used_at, used_from = @used_from
WHERE id = @id AND (used_at IS NULL OR used_at < @used_at);
