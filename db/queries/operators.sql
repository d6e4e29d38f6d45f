-- name: Operators :many
-- Who runs this installation by a start-up token, and has a proven address.
SELECT * FROM users WHERE operator_at IS NOT NULL AND email_verified_at IS NOT NULL ORDER BY operator_at, id;

-- name: InsertSetupToken :execrows
-- None is made while there is an operator.
INSERT INTO setup_tokens (token_hash, created_at, expires_at)
SELECT CAST(@token_hash AS TEXT), CAST(@created_at AS BIGINT), CAST(@expires_at AS BIGINT)
WHERE NOT EXISTS (SELECT 1 FROM users AS u WHERE u.operator_at IS NOT NULL);

-- name: SweepSetupTokens :exec
DELETE FROM setup_tokens WHERE expires_at <= @now;

-- name: SpendSetupTokens :execrows
-- One that counts ends all of them.
DELETE FROM setup_tokens
WHERE EXISTS (SELECT 1 FROM setup_tokens AS t WHERE t.token_hash = @token_hash AND t.expires_at > @now);

-- name: MakeFirstOperator :execrows
UPDATE users SET operator_at = @operator_at
WHERE users.id = @id AND users.email_verified_at IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM users AS o WHERE o.operator_at IS NOT NULL);
