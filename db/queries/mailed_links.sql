-- name: InsertLink :execrows
-- No more than so many links of a purpose to one address since a moment. One that was
-- used does not count: only the mailbox's reader can have used it.
INSERT INTO mailed_links (token_hash, purpose, email, browser_hash, name, password_hash, next, created_at, expires_at)
SELECT CAST(@token_hash AS TEXT), CAST(@purpose AS TEXT), CAST(@email AS TEXT), CAST(@browser_hash AS TEXT), CAST(@name AS TEXT),
    CAST(@password_hash AS TEXT), CAST(@next AS TEXT), CAST(@created_at AS BIGINT), CAST(@expires_at AS BIGINT)
WHERE (
    SELECT COUNT(*) FROM mailed_links AS sent
    WHERE sent.email = CAST(@email AS TEXT) AND sent.purpose = CAST(@purpose AS TEXT)
        AND sent.created_at > CAST(@since AS BIGINT) AND sent.used_at IS NULL
) < CAST(@most AS BIGINT);

-- name: Link :one
SELECT * FROM mailed_links WHERE token_hash = @token_hash AND purpose = @purpose;

-- name: UseLink :execrows
-- Single use: of any number of answers, one finds used_at empty.
UPDATE mailed_links SET used_at = @now
WHERE token_hash = @token_hash AND used_at IS NULL AND expires_at > @now;

-- name: EndLinks :exec
-- What else was mailed for this purpose ends with the one that was used.
UPDATE mailed_links SET expires_at = @now, password_hash = ''
WHERE email = @email AND purpose = @purpose AND token_hash <> @token_hash AND expires_at > @now;

-- name: SweepLinks :execrows
DELETE FROM mailed_links WHERE expires_at <= @before;
