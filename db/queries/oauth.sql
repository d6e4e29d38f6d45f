-- name: InsertState :exec
INSERT INTO oauth_states (
    state_hash, provider, browser_hash, session, nonce, code_verifier, next, created_at, expires_at,
    redirect_uri, link_session_id, link_user_id
) VALUES (
    @state_hash, @provider, @browser_hash, @session, @nonce, @code_verifier, @next, @created_at, @expires_at,
    @redirect_uri, @link_session_id, @link_user_id
);

-- name: TakeState :one
-- One use, by the browser that began, at the provider it began with.
DELETE FROM oauth_states
WHERE state_hash = @state_hash AND provider = @provider AND browser_hash = @browser_hash
RETURNING *;

-- name: AnswerState :execrows
-- The answer that a provider sent by a form, the first one only, for the browser to fetch.
UPDATE oauth_states SET session = @session
WHERE state_hash = @state_hash AND provider = @provider AND redirect_uri = @redirect_uri
    AND session = '{}' AND expires_at > @now;

-- name: SweepStates :execrows
DELETE FROM oauth_states WHERE expires_at <= @before;

-- name: KeepPendingIdentity :exec
-- One browser has one identity that waits: the newest.
INSERT INTO pending_identities (browser_hash, provider, subject, via, email, name, next, code_id, expires_at)
VALUES (@browser_hash, @provider, @subject, @via, @email, @name, @next, '', @expires_at)
ON CONFLICT (browser_hash) DO UPDATE SET
    provider = excluded.provider, subject = excluded.subject, via = excluded.via, email = excluded.email,
    name = excluded.name, next = excluded.next, code_id = '', expires_at = excluded.expires_at;

-- name: PendingIdentity :one
SELECT * FROM pending_identities WHERE browser_hash = @browser_hash AND expires_at > @now;

-- name: TieCode :execrows
-- The newest code that this browser asked for proves an address for the identity that waits in it.
UPDATE pending_identities SET email = @email, code_id = COALESCE((
    SELECT asked.id FROM sign_in_codes AS asked
    WHERE asked.browser_hash = @browser_hash AND asked.email = @email
    ORDER BY asked.created_at DESC, asked.id DESC LIMIT 1
), '')
WHERE pending_identities.browser_hash = @browser_hash AND pending_identities.expires_at > @now;

-- name: RetieCode :execrows
-- A code that was sent again takes the place of the one before.
UPDATE pending_identities SET code_id = COALESCE((
    SELECT asked.id FROM sign_in_codes AS asked
    WHERE asked.browser_hash = @browser_hash AND asked.email = @email
    ORDER BY asked.created_at DESC, asked.id DESC LIMIT 1
), '')
WHERE pending_identities.browser_hash = @browser_hash AND pending_identities.email = @email
    AND pending_identities.code_id <> '' AND pending_identities.expires_at > @now;

-- name: TakePendingIdentity :one
-- Taken by the code that was mailed for it, in the browser that it waits in.
DELETE FROM pending_identities
WHERE browser_hash = @browser_hash AND code_id = @code_id AND expires_at > @now
RETURNING *;

-- name: SweepPendingIdentities :execrows
DELETE FROM pending_identities WHERE expires_at <= @before;
