-- name: User :one
SELECT * FROM users WHERE id = @id;

-- name: UserByEmail :one
SELECT * FROM users WHERE email = @email;

-- name: InsertUser :execrows
-- Of two proofs of one new address the second makes no user.
INSERT INTO users (id, email, email_verified_at, name, created_at, updated_at)
VALUES (@id, @email, @email_verified_at, @name, @created_at, @created_at)
ON CONFLICT (email) DO NOTHING;

-- name: VerifyUserEmail :exec
UPDATE users SET email_verified_at = @verified_at, updated_at = @verified_at
WHERE id = @id AND email_verified_at IS NULL;

-- name: NameUser :exec
-- Fill in a name that an identity provider told, never over one that is there.
UPDATE users SET name = @name, updated_at = @updated_at WHERE id = @id AND name = '';

-- name: RenameUser :execrows
UPDATE users SET name = @name, updated_at = @updated_at WHERE id = @id;
