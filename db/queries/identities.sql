-- What a person signs in with at identity providers.

-- name: IdentityUser :one
SELECT user_id FROM identities WHERE provider = @provider AND subject = @subject;

-- name: LinkIdentity :execrows
-- Only to a user who has proven his address, and never from another user.
INSERT INTO identities (provider, subject, user_id, email, created_at, last_used_at)
SELECT CAST(@provider AS TEXT), CAST(@subject AS TEXT), users.id, CAST(@email AS TEXT), CAST(@used_at AS BIGINT), CAST(@used_at AS BIGINT)
FROM users WHERE users.id = CAST(@user_id AS TEXT) AND users.email_verified_at IS NOT NULL
ON CONFLICT (provider, subject) DO UPDATE SET
    email = excluded.email,
    last_used_at = excluded.last_used_at
WHERE identities.user_id = excluded.user_id;

-- name: DeleteIdentity :execrows
DELETE FROM identities WHERE provider = @provider AND subject = @subject AND user_id = @user_id;

-- name: IdentitiesOfUser :many
SELECT * FROM identities WHERE user_id = @user_id ORDER BY created_at, provider, subject;
