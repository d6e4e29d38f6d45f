-- name: IdentityUser :one
SELECT user_id FROM identities WHERE provider = @provider AND subject = @subject;

-- name: SaveIdentity :exec
-- An identity never moves to another user.
INSERT INTO identities (provider, subject, user_id, email, created_at, last_used_at)
VALUES (@provider, @subject, @user_id, @email, @used_at, @used_at)
ON CONFLICT (provider, subject) DO UPDATE SET
    email = excluded.email,
    last_used_at = excluded.last_used_at;

-- name: IdentitiesOfUser :many
SELECT * FROM identities WHERE user_id = @user_id ORDER BY created_at, provider, subject;
