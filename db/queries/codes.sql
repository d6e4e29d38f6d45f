-- name: InsertCode :execrows
-- No more than so many codes to one address since a moment. A code that was used
-- does not count: only the mailbox's reader can have used it.
INSERT INTO sign_in_codes (id, email, code_hash, browser_hash, next, tries_left, created_at, expires_at, user_agent)
SELECT CAST(@id AS TEXT), CAST(@email AS TEXT), CAST(@code_hash AS TEXT), CAST(@browser_hash AS TEXT), CAST(@next AS TEXT),
    CAST(@tries_left AS BIGINT), CAST(@created_at AS BIGINT), CAST(@expires_at AS BIGINT), CAST(@user_agent AS TEXT)
WHERE (
    SELECT COUNT(*) FROM sign_in_codes AS sent
    WHERE sent.email = CAST(@email AS TEXT) AND sent.created_at > CAST(@since AS BIGINT) AND sent.used_at IS NULL
) < CAST(@most AS BIGINT);

-- name: Code :one
SELECT * FROM sign_in_codes WHERE id = @id;

-- name: EndOlderCodes :exec
UPDATE sign_in_codes SET expires_at = @now
WHERE email = @email AND browser_hash = @browser_hash AND id <> @id AND used_at IS NULL AND expires_at > @now;

-- name: NewestCode :one
SELECT * FROM sign_in_codes
WHERE email = @email AND browser_hash = @browser_hash
ORDER BY created_at DESC, id DESC LIMIT 1;

-- name: TakeTry :execrows
-- A guess is paid for before it is looked at, so parallel guesses get no discount.
UPDATE sign_in_codes SET tries_left = tries_left - 1
WHERE id = @id AND tries_left > 0 AND used_at IS NULL AND expires_at > @now;

-- name: UseCode :execrows
-- Single use: of any number of right answers, one finds used_at empty.
UPDATE sign_in_codes SET used_at = @now
WHERE id = @id AND used_at IS NULL AND expires_at > @now;

-- name: SweepCodes :execrows
DELETE FROM sign_in_codes WHERE expires_at <= @before;
