-- name: User :one
SELECT * FROM users WHERE id = @id;

-- name: UserByEmail :one
SELECT * FROM users WHERE email = @email;

-- name: InsertUser :exec
-- One user for each address. Who looks before is alone: writers take turns on SQLite, and
-- PostgreSQL runs the second of two again.
INSERT INTO users (id, email, email_verified_at, name, created_at, updated_at)
VALUES (@id, @email, @email_verified_at, @name, @created_at, @created_at);

-- name: VerifyUserEmail :exec
UPDATE users SET email_verified_at = @verified_at, updated_at = @verified_at
WHERE id = @id AND email_verified_at IS NULL;

-- name: NameUser :exec
-- Fill in a name that an identity provider told, never over one that is there.
UPDATE users SET name = @name, updated_at = @updated_at WHERE id = @id AND name = '';

-- name: RenameUser :execrows
UPDATE users SET name = @name, updated_at = @updated_at WHERE id = @id;

-- name: PictureUser :exec
UPDATE users SET image = @image WHERE id = @id;

-- name: SetUserImage :execrows
UPDATE users SET image = @image, updated_at = @updated_at WHERE id = @id;

-- name: IsInvited :one
-- Whether somebody of that address was asked to join an organisation that is still there.
SELECT CAST(COUNT(*) AS BIGINT) FROM invitations AS i JOIN customer_organizations AS o ON o.id = i.organization_id
WHERE i.email = @email AND i.accepted_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > @now AND o.deleted_at IS NULL;
