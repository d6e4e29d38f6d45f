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

-- name: ForgetMailedLinks :execrows
-- The same of a link in a mail: it would set a password once more.
DELETE FROM mailed_links;

-- name: ForgetEmailChanges :execrows
-- At a restore: a change of address that was stopped since the copy would go on.
DELETE FROM email_changes;

-- name: ForgetSignIns :execrows
-- At a restore: a sign-in at an identity provider that was under way ended since.
DELETE FROM oauth_states;

-- name: ForgetPendingIdentities :execrows
DELETE FROM pending_identities;

-- name: ForgetChallenges :execrows
-- At a restore: a challenge that a passkey answered since the copy would count once more.
DELETE FROM passkey_challenges;

-- name: ForgetSetupTokens :execrows
-- At a restore: a start-up token that was spent since the copy would make another operator.
DELETE FROM setup_tokens;

-- name: FreezeWallets :execrows
-- At a restore: each may have been spent since the copy.
UPDATE ledger_accounts SET frozen_at = @now, frozen_reason = @reason, frozen_seq = last_seq WHERE kind = 'wallet';

-- name: HoldUsage :execrows
-- At a restore: what waits in the copy may have been reported since.
UPDATE usage_events SET state = 'waiting', leased_until = 0, next_try_at = @held WHERE state IN ('waiting', 'leased');

-- name: UsageIsHeld :one
SELECT EXISTS (SELECT 1 FROM usage_events WHERE state = 'waiting' AND next_try_at = @held);

-- name: LetUsageGo :execrows
-- What was held goes to the provider when none of its customer's wallets is being checked.
UPDATE usage_events SET next_try_at = @now
WHERE state = 'waiting' AND next_try_at = @held AND NOT EXISTS (
    SELECT 1 FROM ledger_accounts AS a
    WHERE a.customer_id = usage_events.customer_id AND a.kind = 'wallet' AND a.frozen_reason = @reason
);

-- name: FrozenWallets :many
-- Frozen wallets in the order of their ids, with the provider's figure (0 if it has none), and what
-- is known of their customer there: who he is (empty: nobody), and when his record was last read.
SELECT a.id, a.customer_id, a.provider_meter_id, a.balance, a.frozen_at, a.frozen_reason, a.frozen_seq, a.last_seq,
    CAST(COALESCE(m.aggregation, '') AS TEXT) AS aggregation,
    CAST(COALESCE(p.provider_id, '') AS TEXT) AS provider_customer_id,
    CAST(COALESCE(b.balance, 0) AS BIGINT) AS provider_balance,
    CAST(COALESCE(r.events_read_at, 0) AS BIGINT) AS events_read_at
FROM ledger_accounts AS a
LEFT JOIN meters AS m ON m.provider = a.provider AND m.provider_id = a.provider_meter_id
LEFT JOIN provider_customers AS p ON p.provider = a.provider AND p.customer_id = a.customer_id AND p.deleted_at IS NULL
LEFT JOIN customer_meters AS b ON b.provider = a.provider AND b.provider_customer_id = p.provider_id
    AND b.provider_meter_id = a.provider_meter_id AND b.deleted_at IS NULL
LEFT JOIN reconciliations AS r ON r.provider = a.provider AND r.customer_id = a.customer_id
WHERE a.provider = @provider AND a.frozen_at IS NOT NULL AND a.kind = 'wallet' AND a.id > @after
ORDER BY a.id LIMIT CAST(@most AS BIGINT);

-- name: UsesSentSince :many
-- What the provider took of a wallet at or after a moment, the latest first.
SELECT CAST(u.sent_at AS BIGINT) AS sent_at, e.credits FROM usage_events AS u
JOIN ledger_transactions AS t ON t.provider = u.provider AND t.cause_kind = 'event' AND t.cause_id = u.id
JOIN ledger_entries AS e ON e.transaction_id = t.id
JOIN ledger_accounts AS a ON a.id = e.account_id AND a.kind = 'wallet'
WHERE u.customer_id = @customer_id AND u.sent_at >= CAST(@since AS BIGINT)
    AND t.provider = @provider AND t.provider_meter_id = @provider_meter_id
ORDER BY u.sent_at DESC LIMIT CAST(@most AS BIGINT);

-- name: CountFrozen :one
SELECT COUNT(*) FROM ledger_accounts WHERE provider = @provider AND frozen_at IS NOT NULL AND frozen_reason = @reason;

-- name: WalletsFrozenFor :many
-- Frozen wallets with a reason, as operators see them.
SELECT a.id, a.customer_id, a.provider_meter_id, a.balance, CAST(COALESCE(m.name, '') AS TEXT) AS meter_name,
    CAST(COALESCE(b.balance, 0) AS BIGINT) AS provider_balance
FROM ledger_accounts AS a
LEFT JOIN meters AS m ON m.provider = a.provider AND m.provider_id = a.provider_meter_id
LEFT JOIN provider_customers AS p ON p.provider = a.provider AND p.customer_id = a.customer_id AND p.deleted_at IS NULL
LEFT JOIN customer_meters AS b ON b.provider = a.provider AND b.provider_customer_id = p.provider_id
    AND b.provider_meter_id = a.provider_meter_id AND b.deleted_at IS NULL
WHERE a.provider = @provider AND a.frozen_at IS NOT NULL AND a.frozen_reason = @reason
ORDER BY a.id LIMIT CAST(@most AS BIGINT);

-- name: ThawWalletFrozenFor :many
UPDATE ledger_accounts SET frozen_at = NULL, frozen_reason = '' WHERE id = @id AND frozen_at IS NOT NULL AND frozen_reason = @reason
RETURNING customer_id, provider_meter_id;

-- name: RefreezeWallet :execrows
-- It keeps its time.
UPDATE ledger_accounts SET frozen_reason = @reason WHERE id = @id AND frozen_at IS NOT NULL;

-- name: ThawWallet :execrows
UPDATE ledger_accounts SET frozen_at = NULL, frozen_reason = '' WHERE id = @id AND frozen_at IS NOT NULL;

-- name: LostCustomers :many
-- External ids under which a provider has somebody of an address, and that are nobody's here.
SELECT p.external_id FROM provider_customers AS p
WHERE p.email = @email AND p.customer_id IS NULL AND p.deleted_at IS NULL AND p.external_id <> ''
    AND NOT EXISTS (SELECT 1 FROM customers AS c WHERE c.id = p.external_id)
ORDER BY p.external_id;

-- name: LedgerCustomersAfter :many
-- Customers who have an account, in the order of their ids.
SELECT DISTINCT customer_id FROM ledger_accounts WHERE customer_id > @after ORDER BY customer_id LIMIT CAST(@most AS BIGINT);
