-- name: SessionByToken :one
-- Who is calling: one row by one index, with the user when somebody is signed in, and the
-- organisation that the session acts for as long as he belongs to it.
SELECT s.id, s.user_id, s.pending_user_id, s.data, s.created_at, s.updated_at, s.seen_at, s.expires_at, s.proof, s.proven_at, s.brief,
    s.user_agent, s.address,
    CAST(COALESCE(o.id, '') AS TEXT) AS organization_id, CAST(COALESCE(o.name, '') AS TEXT) AS organization_name,
    CAST(COALESCE(m.role, '') AS TEXT) AS organization_role,
    CAST(COALESCE(u.email, '') AS TEXT) AS email, CAST(COALESCE(u.name, '') AS TEXT) AS name,
    CAST(COALESCE(u.image, '') AS TEXT) AS image, u.email_verified_at, u.operator_at,
    CAST(COALESCE(u.created_at, 0) AS BIGINT) AS user_created_at, CAST(COALESCE(u.updated_at, 0) AS BIGINT) AS user_updated_at
FROM sessions AS s LEFT JOIN users AS u ON u.id = s.user_id
LEFT JOIN memberships AS m ON m.organization_id = s.organization_id AND m.user_id = s.user_id
LEFT JOIN customer_organizations AS o ON o.id = m.organization_id
WHERE s.token_hash = @token_hash AND s.expires_at > @now;

-- name: InsertSession :exec
INSERT INTO sessions (id, token_hash, user_id, pending_user_id, data, user_agent, address, proof, proven_at, brief, created_at, updated_at, seen_at, expires_at)
VALUES (@id, @token_hash, @user_id, @pending_user_id, @data, @user_agent, @address, @proof, @proven_at, @brief, @created_at, @created_at, @seen_at, @expires_at);

-- name: SaveSessionData :execrows
-- A visitor's session lives on from its last use; the end of one that is signed in, or half
-- way there, is not moved here.
UPDATE sessions SET data = @data,
    expires_at = CASE WHEN user_id IS NULL AND pending_user_id IS NULL THEN CAST(@visitor_expires_at AS BIGINT) ELSE expires_at END
WHERE id = @id;

-- name: TouchSession :exec
-- updated_at is when its cookie was last renewed; zero leaves it as it is.
UPDATE sessions SET seen_at = @seen_at, expires_at = @expires_at, address = @address,
    updated_at = CASE WHEN updated_at < CAST(@updated_at AS BIGINT) THEN CAST(@updated_at AS BIGINT) ELSE updated_at END
WHERE id = @id AND (seen_at < @seen_at OR updated_at < @updated_at);

-- name: SessionsOfUser :many
SELECT * FROM sessions WHERE user_id = @user_id AND expires_at > @now ORDER BY seen_at DESC, id DESC;

-- name: DeleteSession :exec
DELETE FROM sessions WHERE id = @id;

-- name: TakePendingSession :execrows
-- The session that did the first step, once.
DELETE FROM sessions WHERE id = @id AND pending_user_id = @user_id;

-- name: DeleteSessionOfUser :execrows
DELETE FROM sessions WHERE id = @id AND user_id = @user_id;

-- name: DeleteOtherSessions :execrows
-- Those that wait for the second step, too.
DELETE FROM sessions WHERE (user_id = @user_id OR pending_user_id = @user_id) AND id <> @keep_id;

-- name: SweepSessions :execrows
DELETE FROM sessions WHERE expires_at <= @now;
