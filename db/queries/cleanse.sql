-- What a user has from before his address was proven, removed at once; see cleanse. Each
-- table that lets somebody in has its own delete.

-- name: CleansePassword :exec
DELETE FROM passwords WHERE user_id = @user_id;

-- name: CleanseIdentities :exec
DELETE FROM identities WHERE user_id = @user_id;

-- name: CleanseSessions :exec
DELETE FROM sessions WHERE user_id = @user_id;

-- name: CleanseEmailChanges :exec
DELETE FROM email_changes WHERE user_id = @user_id;

-- name: CleanseDevices :exec
DELETE FROM devices WHERE user_id = @user_id;

-- name: CleanseAuthenticator :exec
DELETE FROM authenticators WHERE user_id = @user_id;

-- name: CleanseRecoveryCodes :exec
DELETE FROM recovery_codes WHERE user_id = @user_id;

-- name: CleansePending :exec
-- Sessions that wait for the second step.
DELETE FROM sessions WHERE pending_user_id = @user_id;

-- name: CleansePasskeys :exec
DELETE FROM passkeys WHERE user_id = @user_id;
