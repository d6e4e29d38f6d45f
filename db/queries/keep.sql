-- name: Setting :one
SELECT value FROM settings WHERE name = @name;

-- name: SaveSetting :exec
INSERT INTO settings (name, value, changed_at) VALUES (@name, @value, @now)
ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at;

-- name: DropOldMail :execrows
-- At a restore: what was written before a moment has been sent since, or is of no use.
UPDATE outbox SET state = 'done', done_at = @now, leased_until = 0, payload = '{}', error = @reason
WHERE kind = 'send_mail' AND state = 'waiting' AND created_at < @before;

-- name: DoubtRefunds :execrows
-- At a restore: refunds that wait in the copy may have happened since. One that has begun
-- is looked up by its key before it is asked for.
UPDATE actions SET begun_at = @now WHERE state = 'waiting' AND kind = 'refund' AND begun_at IS NULL;

-- name: WithdrawActions :execrows
-- At a restore: a cancellation that waits in the copy may have happened since, and been
-- taken back after that. Nothing at the provider would tell.
UPDATE actions SET state = 'withdrawn', ended_at = @now, reason = @reason WHERE state = 'waiting' AND kind <> 'refund';

-- name: EndAllSessions :execrows
-- At a restore: a sign-out since the copy is forgotten, so everybody signs in anew.
DELETE FROM sessions;

-- name: ForgetCodes :execrows
-- At a restore: a code that was used since the copy would be good once more.
DELETE FROM sign_in_codes;

-- name: FreezeWallet :execrows
-- One that is frozen keeps its time.
UPDATE ledger_accounts SET frozen_at = COALESCE(frozen_at, @now), frozen_reason = @reason
WHERE customer_id = @customer_id AND provider = @provider AND provider_meter_id = @provider_meter_id AND kind = 'wallet'
    AND (frozen_at IS NULL OR frozen_reason <> @reason);

-- name: ThawWallet :execrows
UPDATE ledger_accounts SET frozen_at = NULL, frozen_reason = ''
WHERE customer_id = @customer_id AND provider = @provider AND provider_meter_id = @provider_meter_id AND kind = 'wallet'
    AND frozen_at IS NOT NULL;

-- name: LedgerCustomersAfter :many
-- Customers who have an account, in the order of their ids.
SELECT DISTINCT customer_id FROM ledger_accounts WHERE customer_id > @after ORDER BY customer_id LIMIT CAST(@most AS BIGINT);
