-- name: SessionByToken :one
-- Who is calling: one row by one index, with the user when somebody is signed in.
SELECT s.id, s.user_id, s.data, s.created_at, s.seen_at, s.expires_at,
    CAST(COALESCE(u.email, '') AS TEXT) AS email, CAST(COALESCE(u.name, '') AS TEXT) AS name,
    u.email_verified_at
FROM sessions AS s LEFT JOIN users AS u ON u.id = s.user_id
WHERE s.token_hash = @token_hash AND s.expires_at > @now;

-- name: InsertSession :exec
INSERT INTO sessions (id, token_hash, user_id, data, user_agent, address, created_at, seen_at, expires_at)
VALUES (@id, @token_hash, @user_id, @data, @user_agent, @address, @created_at, @seen_at, @expires_at);

-- name: SaveSessionData :execrows
-- A visitor's session lives on from its last use; the end of a signed-in one is not moved here.
UPDATE sessions SET data = @data,
    expires_at = CASE WHEN user_id IS NULL THEN CAST(@visitor_expires_at AS BIGINT) ELSE expires_at END
WHERE id = @id;

-- name: TouchSession :exec
UPDATE sessions SET seen_at = @seen_at, expires_at = @expires_at, address = @address
WHERE id = @id AND seen_at < @seen_at;

-- name: SessionsOfUser :many
SELECT * FROM sessions WHERE user_id = @user_id AND expires_at > @now ORDER BY seen_at DESC, id DESC;

-- name: DeleteSession :exec
DELETE FROM sessions WHERE id = @id;

-- name: DeleteSessionOfUser :execrows
DELETE FROM sessions WHERE id = @id AND user_id = @user_id;

-- name: DeleteOtherSessions :execrows
DELETE FROM sessions WHERE user_id = @user_id AND id <> @keep_id;

-- name: SweepSessions :execrows
DELETE FROM sessions WHERE expires_at <= @now;
