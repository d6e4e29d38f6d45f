-- name: InsertPasskey :execrows
-- A credential belongs to one user for ever, and a user has no more than so many.
INSERT INTO passkeys (id, user_id, handle, name, credential, sign_count, created_at)
SELECT CAST(@id AS TEXT), CAST(@user_id AS TEXT), CAST(@handle AS TEXT), CAST(@name AS TEXT), CAST(@credential AS TEXT),
    CAST(@sign_count AS BIGINT), CAST(@created_at AS BIGINT)
WHERE (SELECT COUNT(*) FROM passkeys AS p WHERE p.user_id = CAST(@user_id AS TEXT)) < CAST(@most AS BIGINT)
    AND NOT EXISTS (SELECT 1 FROM passkeys AS p WHERE p.id = CAST(@id AS TEXT));

-- name: Passkey :one
SELECT * FROM passkeys WHERE id = @id;

-- name: PasskeysOfUser :many
-- The oldest first.
SELECT * FROM passkeys WHERE user_id = @user_id ORDER BY created_at, id;

-- name: UsePasskey :execrows
-- The counter grows, or stays at zero for authenticators that have none: one that falls or
-- stands still is a copy's.
UPDATE passkeys SET used_at = @used_at, credential = @credential, sign_count = @sign_count
WHERE id = @id AND user_id = @user_id AND (sign_count < @sign_count OR (sign_count = 0 AND @sign_count = 0));

-- name: RenamePasskey :execrows
UPDATE passkeys SET name = @name WHERE id = @id AND user_id = @user_id;

-- name: DeletePasskey :execrows
DELETE FROM passkeys WHERE id = @id AND user_id = @user_id;

-- name: InsertPasskeyChallenge :exec
INSERT INTO passkey_challenges (challenge_hash, purpose, browser_hash, data, expires_at)
VALUES (@challenge_hash, @purpose, @browser_hash, @data, @expires_at);

-- name: TakePasskeyChallenge :one
-- One use, by the browser that began, for what it began.
DELETE FROM passkey_challenges
WHERE challenge_hash = @challenge_hash AND purpose = @purpose AND browser_hash = @browser_hash
RETURNING *;

-- name: SweepPasskeyChallenges :execrows
DELETE FROM passkey_challenges WHERE expires_at <= @before;
