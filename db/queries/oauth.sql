-- name: InsertState :exec
INSERT INTO oauth_states (state_hash, provider, browser_hash, session, nonce, code_verifier, next, created_at, expires_at)
VALUES (@state_hash, @provider, @browser_hash, @session, @nonce, @code_verifier, @next, @created_at, @expires_at);

-- name: TakeState :one
-- One use, by the browser that began, at the provider it began with.
DELETE FROM oauth_states
WHERE state_hash = @state_hash AND provider = @provider AND browser_hash = @browser_hash
RETURNING *;

-- name: SweepStates :execrows
DELETE FROM oauth_states WHERE expires_at <= @before;
