-- name: InsertLedgerTransaction :execrows
-- The business key: a fact that was posted before changes nothing.
INSERT INTO ledger_transactions (id, customer_id, provider, provider_meter_id, cause, cause_kind, cause_id, note,
    occurred_at, posted_at)
VALUES (@id, @customer_id, @provider, @provider_meter_id, @cause, @cause_kind, @cause_id, @note,
    @occurred_at, @posted_at)
ON CONFLICT (provider, cause_kind, cause_id, provider_meter_id) DO NOTHING;

-- name: OpenLedgerAccount :exec
INSERT INTO ledger_accounts (id, customer_id, provider, provider_meter_id, kind)
VALUES (@id, @customer_id, @provider, @provider_meter_id, @kind)
ON CONFLICT (customer_id, provider, provider_meter_id, kind) DO NOTHING;

-- name: MoveCredits :many
-- The one statement that changes balances: the wallet by credits, its counter account
-- by the opposite. It takes the place of a lock and of a check before. The wallet is
-- left out when it would end below least, or beyond what an integer holds: the
-- caller must see both rows.
UPDATE ledger_accounts SET
    balance = balance + CASE WHEN kind = 'wallet' THEN CAST(@credits AS BIGINT) ELSE -CAST(@credits AS BIGINT) END,
    last_seq = last_seq + CAST(@entries AS BIGINT)
WHERE customer_id = @customer_id AND provider = @provider AND provider_meter_id = @provider_meter_id
    AND kind IN ('wallet', @counter)
    AND ((kind <> 'wallet' AND balance - CAST(@credits AS BIGINT) BETWEEN -9000000000000000000 AND 9000000000000000000)
        OR (kind = 'wallet' AND balance + CAST(@credits AS BIGINT) BETWEEN CAST(@least AS BIGINT) AND 9000000000000000000))
RETURNING id, kind, balance, last_seq;

-- name: InsertLedgerEntries :exec
-- Both sides of a transaction at once: one is never there without the other.
INSERT INTO ledger_entries (transaction_id, account_id, seq, credits, balance_after) VALUES
    (@transaction_id, @wallet_id, @wallet_seq, @credits, @wallet_balance),
    (@transaction_id, @counter_id, @counter_seq, -CAST(@credits AS BIGINT), @counter_balance);

-- name: AddLedgerDay :execrows
-- As AddUsageHour.
INSERT INTO ledger_days (account_id, day, cause, credits, entries, balance_after, last_seq)
VALUES (@account_id, @day, @cause, @credits, @entries, @balance_after, @last_seq)
ON CONFLICT (account_id, day, cause) DO UPDATE SET
    credits = ledger_days.credits + excluded.credits, entries = ledger_days.entries + excluded.entries,
    balance_after = excluded.balance_after, last_seq = excluded.last_seq
    WHERE CASE WHEN excluded.credits < 0 THEN ledger_days.credits >= -9223372036854775807 - excluded.credits
        ELSE ledger_days.credits <= 9223372036854775807 - excluded.credits END;

-- name: WalletBalance :one
SELECT balance FROM ledger_accounts
WHERE customer_id = @customer_id AND provider = @provider AND provider_meter_id = @provider_meter_id AND kind = 'wallet';

-- name: LastReset :one
-- The latest reset before a moment, among those that were posted: it began a period.
SELECT occurred_at, cause FROM ledger_transactions
WHERE customer_id = @customer_id AND provider = @provider AND provider_meter_id = @provider_meter_id
    AND cause <> 'used' AND cause_kind = 'credit_event' AND cause IN ('expired', 'settled') AND occurred_at < @before_at
ORDER BY occurred_at DESC LIMIT 1;

-- name: CreditsMovedAfter :one
-- What everything but usage did to a wallet after a moment.
SELECT CAST(COALESCE(SUM(e.credits), 0) AS BIGINT) FROM ledger_transactions AS t
JOIN ledger_entries AS e ON e.transaction_id = t.id
JOIN ledger_accounts AS a ON a.id = e.account_id AND a.kind = 'wallet'
WHERE t.customer_id = @customer_id AND t.provider = @provider AND t.provider_meter_id = @provider_meter_id
    AND t.cause <> 'used' AND t.occurred_at > @after_at;

-- name: CreditedBetween :one
-- What was granted, carried over and revoked in a span of time, and how much of that may roll over.
SELECT CAST(COALESCE(SUM(e.credits), 0) AS BIGINT) AS credited,
    CAST(COALESCE(SUM(CASE WHEN t.note = 'rollover' THEN e.credits ELSE 0 END), 0) AS BIGINT) AS rollover
FROM ledger_transactions AS t
JOIN ledger_entries AS e ON e.transaction_id = t.id
JOIN ledger_accounts AS a ON a.id = e.account_id AND a.kind = 'wallet'
WHERE t.customer_id = @customer_id AND t.provider = @provider AND t.provider_meter_id = @provider_meter_id
    AND t.cause <> 'used' AND t.cause IN ('granted', 'carried_over', 'revoked')
    AND t.occurred_at >= @from_at AND t.occurred_at < @to_at;

-- name: UseCountedSince :one
-- What the provider counts at or after a moment: the uses it took since then. Millions and
-- the rest are summed apart, as by UsageBySpan.
SELECT CAST(COALESCE(SUM(e.credits / 1000000), 0) AS BIGINT) AS millions,
    CAST(COALESCE(SUM(e.credits % 1000000), 0) AS BIGINT) AS rest FROM usage_events AS u
JOIN ledger_transactions AS t ON t.provider = u.provider AND t.cause_kind = 'event' AND t.cause_id = u.id
JOIN ledger_entries AS e ON e.transaction_id = t.id
JOIN ledger_accounts AS a ON a.id = e.account_id AND a.kind = 'wallet'
WHERE u.customer_id = @customer_id AND u.sent_at >= CAST(@since AS BIGINT)
    AND t.provider = @provider AND t.provider_meter_id = @provider_meter_id;

-- name: UseNotCountedYet :one
-- What the provider will count later: the uses it has not got. One that it refused, or that
-- an operator decided not to report, stays in the period in which it happened.
SELECT CAST(COALESCE(SUM(e.credits / 1000000), 0) AS BIGINT) AS millions,
    CAST(COALESCE(SUM(e.credits % 1000000), 0) AS BIGINT) AS rest FROM usage_events AS u
JOIN ledger_transactions AS t ON t.provider = u.provider AND t.cause_kind = 'event' AND t.cause_id = u.id
JOIN ledger_entries AS e ON e.transaction_id = t.id
JOIN ledger_accounts AS a ON a.id = e.account_id AND a.kind = 'wallet'
WHERE u.customer_id = @customer_id AND u.sent_at IS NULL AND (u.state NOT IN ('parked', 'dismissed') OR u.occurred_at >= @since)
    AND t.provider = @provider AND t.provider_meter_id = @provider_meter_id;

-- name: PostedUnits :one
-- What a fact moved in the wallet when it was posted; no row if it never was.
SELECT CAST(COALESCE((
    SELECT SUM(e.credits) FROM ledger_entries AS e
    JOIN ledger_accounts AS a ON a.id = e.account_id AND a.kind = 'wallet'
    WHERE e.transaction_id = t.id
), 0) AS BIGINT) AS units
FROM ledger_transactions AS t
WHERE t.provider = @provider AND t.cause_kind = @cause_kind AND t.cause_id = @cause_id
    AND t.provider_meter_id = @provider_meter_id;

-- name: LedgerDayGroups :many
-- Sums per day and cause of one wallet over a span of days, oldest first.
SELECT d.day, d.cause, d.credits, d.entries FROM ledger_days AS d
JOIN ledger_accounts AS a ON a.id = d.account_id
WHERE a.customer_id = @customer_id AND a.provider = @provider AND a.provider_meter_id = @provider_meter_id
    AND a.kind = 'wallet' AND d.day >= @from_day AND d.day < @to_day
ORDER BY d.day, d.cause;

-- name: LedgerDaysBefore :many
-- The latest days before one on which something moved, latest first.
SELECT DISTINCT d.day FROM ledger_days AS d
JOIN ledger_accounts AS a ON a.id = d.account_id
WHERE a.customer_id = @customer_id AND a.provider = @provider AND a.provider_meter_id = @provider_meter_id
    AND a.kind = 'wallet' AND d.day < @before_day AND (CAST(@cause AS TEXT) = '' OR d.cause = CAST(@cause AS TEXT))
ORDER BY d.day DESC LIMIT CAST(@page_size AS BIGINT);

-- name: CreditsBeforeDay :one
-- The balance at the beginning of a day is what is left now, less what moved since. Pages
-- look back from today, so this reads less than all days from the first one on, and in
-- one statement, so that nothing moves in between.
SELECT a.balance, CAST(COALESCE((
    SELECT SUM(d.credits / 1000000) FROM ledger_days AS d WHERE d.account_id = a.id AND d.day >= @day
), 0) AS BIGINT) AS millions, CAST(COALESCE((
    SELECT SUM(d.credits % 1000000) FROM ledger_days AS d WHERE d.account_id = a.id AND d.day >= @day
), 0) AS BIGINT) AS rest FROM ledger_accounts AS a
WHERE a.customer_id = @customer_id AND a.provider = @provider AND a.provider_meter_id = @provider_meter_id
    AND a.kind = 'wallet';

-- name: CreditSumsByCause :many
SELECT d.cause, CAST(SUM(d.credits / 1000000) AS BIGINT) AS millions, CAST(SUM(d.credits % 1000000) AS BIGINT) AS rest
FROM ledger_days AS d
JOIN ledger_accounts AS a ON a.id = d.account_id
WHERE a.customer_id = @customer_id AND a.provider = @provider AND a.provider_meter_id = @provider_meter_id
    AND a.kind = 'wallet' AND d.day >= @from_day AND d.day < @to_day
GROUP BY d.cause;

-- name: CreditEntriesBetween :many
-- Everything but usage that moved a wallet in a span of time, oldest first.
SELECT t.cause, t.cause_kind, t.cause_id, t.note, t.occurred_at, e.seq, e.credits FROM ledger_transactions AS t
JOIN ledger_entries AS e ON e.transaction_id = t.id
JOIN ledger_accounts AS a ON a.id = e.account_id AND a.kind = 'wallet'
WHERE t.customer_id = @customer_id AND t.provider = @provider AND t.provider_meter_id = @provider_meter_id
    AND t.cause <> 'used' AND t.occurred_at >= @from_at AND t.occurred_at < @to_at
ORDER BY t.occurred_at, e.seq;

-- name: Wallets :many
-- A customer's wallets: what is left, since when the period runs (0: nothing was ever
-- reset), what came in since then, whether events are on their way, and the provider's
-- own figure, where one was copied.
SELECT w.provider, w.provider_meter_id, w.balance, w.frozen_at, w.frozen_reason, w.period_start,
    CAST(COALESCE((
        SELECT SUM(e.credits) FROM ledger_transactions AS t
        JOIN ledger_entries AS e ON e.transaction_id = t.id AND e.account_id = w.id
        WHERE t.customer_id = w.customer_id AND t.provider = w.provider AND t.provider_meter_id = w.provider_meter_id
            AND t.cause <> 'used' AND t.cause IN ('granted', 'carried_over', 'revoked') AND t.occurred_at >= w.period_start
    ), 0) AS BIGINT) AS credited,
    CAST(CASE WHEN EXISTS (
        SELECT 1 FROM usage_events AS u
        WHERE u.customer_id = w.customer_id AND u.provider = w.provider AND u.sent_at IS NULL AND u.state NOT IN ('parked', 'dismissed')
    ) THEN 1 ELSE 0 END AS BIGINT) AS waiting,
    CAST(COALESCE(m.name, '') AS TEXT) AS meter_name, CAST(COALESCE(m.aggregation, '') AS TEXT) AS aggregation,
    CAST(COALESCE(b.balance, 0) AS BIGINT) AS provider_balance,
    CAST(COALESCE(b.copied_at, 0) AS BIGINT) AS provider_copied_at
FROM (
    SELECT a.id, a.customer_id, a.provider, a.provider_meter_id, a.balance, a.frozen_at, a.frozen_reason, CAST(COALESCE((
        SELECT r.occurred_at FROM ledger_transactions AS r
        WHERE r.customer_id = a.customer_id AND r.provider = a.provider AND r.provider_meter_id = a.provider_meter_id
            AND r.cause <> 'used' AND r.cause_kind = 'credit_event' AND r.cause IN ('expired', 'settled')
        ORDER BY r.occurred_at DESC LIMIT 1
    ), 0) AS BIGINT) AS period_start
    FROM ledger_accounts AS a WHERE a.customer_id = @customer_id AND a.kind = 'wallet'
) AS w
LEFT JOIN meters AS m ON m.provider = w.provider AND m.provider_id = w.provider_meter_id
LEFT JOIN provider_customers AS p ON p.provider = w.provider AND p.customer_id = w.customer_id AND p.deleted_at IS NULL
LEFT JOIN customer_meters AS b ON b.provider = w.provider AND b.provider_customer_id = p.provider_id
    AND b.provider_meter_id = w.provider_meter_id AND b.deleted_at IS NULL
ORDER BY m.created_at, w.provider, w.provider_meter_id;

-- name: LedgerCheck :many
-- Every account of a customer with the sum and the number of its entries, read from the entries themselves.
SELECT a.provider, a.provider_meter_id, a.kind, a.balance, a.last_seq,
    CAST(COALESCE(SUM(e.credits / 1000000), 0) AS BIGINT) AS entries_millions,
    CAST(COALESCE(SUM(e.credits % 1000000), 0) AS BIGINT) AS entries_rest, COUNT(e.seq) AS entries_count,
    CAST(COALESCE((SELECT SUM(d.credits / 1000000) FROM ledger_days AS d WHERE d.account_id = a.id), 0) AS BIGINT) AS days_millions,
    CAST(COALESCE((SELECT SUM(d.credits % 1000000) FROM ledger_days AS d WHERE d.account_id = a.id), 0) AS BIGINT) AS days_rest
FROM ledger_accounts AS a LEFT JOIN ledger_entries AS e ON e.account_id = a.id
WHERE a.customer_id = @customer_id
GROUP BY a.id, a.provider, a.provider_meter_id, a.kind, a.balance, a.last_seq
ORDER BY a.provider, a.provider_meter_id, a.kind;

-- name: UnbalancedTransactions :one
SELECT COUNT(*) FROM (
    SELECT e.transaction_id FROM ledger_accounts AS a
    JOIN ledger_entries AS e ON e.account_id = a.id
    WHERE a.customer_id = @customer_id
    GROUP BY e.transaction_id HAVING SUM(e.credits) <> 0
) AS unbalanced;

-- name: EventCursor :one
-- Whose events a provider's customer has, and how far they were read.
SELECT CAST(p.customer_id AS TEXT) AS customer_id, CAST(COALESCE(r.events_until, 0) AS BIGINT) AS events_until,
    CAST(COALESCE(r.events_read_at, 0) AS BIGINT) AS events_read_at
FROM provider_customers AS p
LEFT JOIN reconciliations AS r ON r.provider = p.provider AND r.customer_id = p.customer_id
WHERE p.provider = @provider AND p.provider_id = @provider_id AND p.customer_id IS NOT NULL;

-- name: SaveEventCursor :exec
-- It never moves back, whoever read last.
INSERT INTO reconciliations (provider, customer_id, events_until, events_read_at)
VALUES (@provider, @customer_id, @events_until, @events_read_at)
ON CONFLICT (provider, customer_id) DO UPDATE SET
    events_until = CASE WHEN excluded.events_until > reconciliations.events_until
        THEN excluded.events_until ELSE reconciliations.events_until END,
    events_read_at = CASE WHEN excluded.events_read_at > reconciliations.events_read_at
        THEN excluded.events_read_at ELSE reconciliations.events_read_at END;
