-- name: SeeDevice :execrows
UPDATE devices SET last_seen_at = @now WHERE user_id = @user_id AND token_hash = @token_hash;

-- name: CountDevices :one
SELECT CAST(COUNT(*) AS BIGINT) FROM devices WHERE user_id = @user_id;

-- name: InsertDevice :exec
INSERT INTO devices (user_id, token_hash, first_seen_at, last_seen_at) VALUES (@user_id, @token_hash, @now, @now);

-- name: SweepDevices :execrows
-- Browsers whose cookie has ended too.
DELETE FROM devices WHERE last_seen_at < @before;
