-- name: Authenticator :one
SELECT * FROM authenticators WHERE user_id = @user_id;

-- name: NeedsSecondStep :one
SELECT EXISTS (SELECT 1 FROM authenticators WHERE user_id = @user_id AND confirmed_at IS NOT NULL);

-- name: BeginAuthenticator :execrows
-- A new secret replaces one that was never confirmed, and no other.
INSERT INTO authenticators (user_id, secret, created_at) VALUES (@user_id, @secret, @now)
ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at, last_step = 0
WHERE authenticators.confirmed_at IS NULL;

-- name: TakeSecondTry :execrows
-- A guess is paid for before it is looked at: no more than so many wrong ones in a while.
UPDATE authenticators SET
    failures = CASE WHEN failures_since <= @window_start THEN 1 ELSE failures + 1 END,
    failures_since = CASE WHEN failures_since <= @window_start THEN @now ELSE failures_since END
WHERE user_id = @user_id AND (failures_since <= @window_start OR failures < @most);

-- name: UseStep :execrows
-- Each time step counts once: a code that was seen over a shoulder is dead.
UPDATE authenticators SET last_step = @step, failures = 0
WHERE user_id = @user_id AND secret = @secret AND last_step < @step;

-- name: ConfirmAuthenticator :execrows
UPDATE authenticators SET confirmed_at = @now WHERE user_id = @user_id AND secret = @secret AND confirmed_at IS NULL;

-- name: DeleteAuthenticator :execrows
DELETE FROM authenticators WHERE user_id = @user_id;

-- name: InsertRecoveryCode :exec
INSERT INTO recovery_codes (user_id, hash, created_at) VALUES (@user_id, @hash, @now);

-- name: UseRecoveryCode :execrows
UPDATE recovery_codes SET used_at = @now WHERE user_id = @user_id AND hash = @hash AND used_at IS NULL;

-- name: RecoveryCodesLeft :one
SELECT COUNT(*) FROM recovery_codes WHERE user_id = @user_id AND used_at IS NULL;

-- name: DeleteRecoveryCodes :exec
DELETE FROM recovery_codes WHERE user_id = @user_id;

-- name: ProveSession :execrows
-- A fresh proof: the session goes on under a new token, and the old one is dead.
UPDATE sessions SET token_hash = @token_hash, proof = @proof, proven_at = @proven_at
WHERE id = @id AND user_id = @user_id;
