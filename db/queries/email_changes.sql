-- A change of address is about its user: it is in his export and goes with him.

-- name: PutEmailChange :exec
-- One change for each user: a new wish takes the place of the one before.
INSERT INTO email_changes (user_id, id, old_email, new_email, old_hash, new_hash, old_tries, new_tries, created_at, expires_at)
VALUES (@user_id, @id, @old_email, @new_email, @old_hash, @new_hash, @tries, @tries, @created_at, @expires_at)
ON CONFLICT (user_id) DO UPDATE SET
    id = excluded.id, old_email = excluded.old_email, new_email = excluded.new_email,
    old_hash = excluded.old_hash, new_hash = excluded.new_hash, old_tries = excluded.old_tries, new_tries = excluded.new_tries,
    old_proven_at = NULL, new_proven_at = NULL, created_at = excluded.created_at, expires_at = excluded.expires_at;

-- name: EmailChange :one
SELECT * FROM email_changes WHERE user_id = @user_id AND expires_at > @now;

-- name: EmailChangeByID :one
SELECT * FROM email_changes WHERE id = @id AND expires_at > @now;

-- name: TakeOldTry :execrows
UPDATE email_changes SET old_tries = old_tries - 1 WHERE id = @id AND old_tries > 0 AND old_proven_at IS NULL;

-- name: TakeNewTry :execrows
UPDATE email_changes SET new_tries = new_tries - 1 WHERE id = @id AND new_tries > 0 AND new_proven_at IS NULL;

-- name: TakeStopTry :execrows
-- Stopping goes by the code of the old address too, also after that was proven.
UPDATE email_changes SET old_tries = old_tries - 1 WHERE id = @id AND old_tries > 0;

-- name: ProveOldEmail :execrows
UPDATE email_changes SET old_proven_at = @now WHERE id = @id AND old_proven_at IS NULL;

-- name: ProveNewEmail :execrows
UPDATE email_changes SET new_proven_at = @now WHERE id = @id AND new_proven_at IS NULL;

-- name: TakeEmailChange :one
-- The change that both addresses were proven for, once.
DELETE FROM email_changes
WHERE id = @id AND old_proven_at IS NOT NULL AND new_proven_at IS NOT NULL AND expires_at > @now
RETURNING *;

-- name: DropEmailChange :execrows
DELETE FROM email_changes WHERE user_id = @user_id;

-- name: DropEmailChangesTo :execrows
-- An address that was proven by somebody is nobody else's to change to.
DELETE FROM email_changes WHERE new_email = @email;

-- name: SweepEmailChanges :execrows
DELETE FROM email_changes WHERE expires_at <= @now;

-- name: ChangeUserEmail :execrows
UPDATE users SET email = @new_email, email_verified_at = @now, updated_at = @now
WHERE id = @id AND email = @old_email;

-- name: ChangeCustomerEmail :exec
UPDATE customers SET email = @email WHERE user_id = @user_id;

-- name: EndCodesOf :exec
-- Codes of an address that may sign in a user no more, or another one.
UPDATE sign_in_codes SET used_at = @now WHERE email = @email AND used_at IS NULL;
