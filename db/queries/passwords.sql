-- Rows about a person: passwords by user_id, mailed_links by email.

-- name: PasswordOfUser :one
SELECT * FROM passwords WHERE user_id = @user_id;

-- name: PasswordByEmail :one
-- What a sign-in with a password needs, in one read.
SELECT u.id, u.email_verified_at, p.hash FROM users AS u JOIN passwords AS p ON p.user_id = u.id
WHERE u.email = @email;

-- name: InsertPassword :execrows
-- A first password only: one that is there stays.
INSERT INTO passwords (user_id, hash, created_at, changed_at) VALUES (@user_id, @hash, @now, @now)
ON CONFLICT (user_id) DO NOTHING;

-- name: ReplacePassword :execrows
-- From the hash that was compared to the new one: of two changes at once one finds it gone.
UPDATE passwords SET hash = @hash, changed_at = @now WHERE user_id = @user_id AND hash = @before;

-- name: PutPassword :exec
-- Whatever was there.
INSERT INTO passwords (user_id, hash, created_at, changed_at) VALUES (@user_id, @hash, @now, @now)
ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, changed_at = excluded.changed_at;

-- name: RehashPassword :exec
-- The same password under newer parameters is no change of it.
UPDATE passwords SET hash = @hash WHERE user_id = @user_id AND hash = @before;

-- name: DeletePassword :execrows
DELETE FROM passwords WHERE user_id = @user_id AND hash = @hash;

-- name: AuthoritiesOfUser :many
SELECT DISTINCT provider FROM identities WHERE user_id = @user_id;
