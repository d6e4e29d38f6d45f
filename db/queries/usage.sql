-- name: InsertUsageEvent :execrows
-- Nothing happens when the id, or the provider's id, is there already.
INSERT INTO usage_events (id, customer_id, provider, provider_event_id, name, metadata, occurred_at, received_at,
    state, next_try_at, sent_at)
VALUES (@id, @customer_id, @provider, @provider_event_id, @name, @metadata, @occurred_at, @received_at,
    @state, @next_try_at, @sent_at)
ON CONFLICT DO NOTHING;

-- name: UsageEvent :one
SELECT * FROM usage_events WHERE id = @id;

-- name: AddUsageHour :exec
INSERT INTO usage_hours (customer_id, provider, provider_meter_id, hour, units, events)
VALUES (@customer_id, @provider, @provider_meter_id, @hour, @units, @events)
ON CONFLICT (customer_id, provider, provider_meter_id, hour) DO UPDATE SET
    units = usage_hours.units + excluded.units, events = usage_hours.events + excluded.events;

-- name: AddUsageDay :exec
INSERT INTO usage_days (customer_id, provider, provider_meter_id, day, units, events)
VALUES (@customer_id, @provider, @provider_meter_id, @day, @units, @events)
ON CONFLICT (customer_id, provider, provider_meter_id, day) DO UPDATE SET
    units = usage_days.units + excluded.units, events = usage_days.events + excluded.events;

-- name: UsageDays :many
SELECT day, units, events FROM usage_days
WHERE customer_id = @customer_id AND provider = @provider AND provider_meter_id = @provider_meter_id
    AND day >= @from_day AND day < @to_day
ORDER BY day;

-- name: UsageBySpan :many
-- Sums over spans of so many hours each, numbered from the first; empty ones are left out.
SELECT CAST((hour - @from_hour) / @span_hours AS BIGINT) AS span,
    CAST(SUM(units) AS BIGINT) AS units, CAST(SUM(events) AS BIGINT) AS events
FROM usage_hours
WHERE customer_id = @customer_id AND provider = @provider AND provider_meter_id = @provider_meter_id
    AND hour >= @from_hour AND hour < @to_hour
GROUP BY 1 ORDER BY 1;

-- name: UsageTotals :many
-- Meter by meter, so that the hours before are not read at all.
SELECT m.provider, m.provider_id AS provider_meter_id,
    CAST((SELECT COALESCE(SUM(h.units), 0) FROM usage_hours AS h
        WHERE h.customer_id = @customer_id AND h.provider = m.provider AND h.provider_meter_id = m.provider_id
            AND h.hour >= @from_hour) AS BIGINT) AS units,
    CAST((SELECT COALESCE(SUM(h.events), 0) FROM usage_hours AS h
        WHERE h.customer_id = @customer_id AND h.provider = m.provider AND h.provider_meter_id = m.provider_id
            AND h.hour >= @from_hour) AS BIGINT) AS events
FROM meters AS m ORDER BY m.provider, m.provider_id;

-- name: EventsBefore :many
-- One page of everything a customer used, latest first by when it happened.
SELECT * FROM usage_events
WHERE customer_id = @customer_id
    AND (occurred_at < @before_at OR (occurred_at = @before_at AND id < @before_id))
ORDER BY occurred_at DESC, id DESC LIMIT CAST(@page_size AS BIGINT);

-- name: MeterEventsBefore :many
-- One page of what a customer used of one meter since a moment, latest first by when it
-- happened: along an index of that meter's uses alone.
SELECT e.credits, u.id, u.name, u.metadata, u.occurred_at, u.received_at, u.state, u.sent_at, u.error
FROM ledger_accounts AS a
JOIN ledger_transactions AS t ON t.customer_id = a.customer_id AND t.provider = a.provider
    AND t.provider_meter_id = a.provider_meter_id
JOIN ledger_entries AS e ON e.transaction_id = t.id AND e.account_id = a.id
JOIN usage_events AS u ON u.id = t.cause_id
WHERE a.customer_id = @customer_id AND a.provider = @provider AND a.provider_meter_id = @provider_meter_id
    AND a.kind = 'wallet' AND t.cause = 'used' AND t.cause_kind = 'event' AND t.occurred_at >= @from_at
    AND t.occurred_at <= @before_at AND (t.occurred_at < @before_at OR t.cause_id < @before_id)
ORDER BY t.occurred_at DESC, t.cause_id DESC LIMIT CAST(@page_size AS BIGINT);

-- name: ReleaseUsage :execrows
-- Events whose sender died with them wait again.
UPDATE usage_events SET state = 'waiting', leased_until = 0 WHERE state = 'leased' AND leased_until <= @now;

-- name: ClaimUsage :many
-- Take events that are due and leave a lease on them. The condition is repeated
-- outside for PostgreSQL, where two claimers may see the same rows inside.
UPDATE usage_events SET state = 'leased', leased_until = @leased_until, tries = tries + 1
WHERE id IN (
    SELECT due.id FROM usage_events AS due
    WHERE due.state = 'waiting' AND due.next_try_at <= @now AND due.provider = @provider
    ORDER BY due.next_try_at LIMIT CAST(@most AS BIGINT)
) AND state = 'waiting' AND next_try_at <= @now
RETURNING *;

-- name: MarkUsageSent :exec
UPDATE usage_events SET state = 'sent', sent_at = @sent_at, leased_until = 0, error = ''
WHERE state <> 'sent' AND id = @id;

-- name: RetryUsage :exec
UPDATE usage_events SET state = 'waiting', next_try_at = @next_try_at, leased_until = 0, error = @error
WHERE state = 'leased' AND id = @id;

-- name: ParkUsage :exec
-- The provider can never accept it: it is kept, with the reason, for a person to see.
UPDATE usage_events SET state = 'parked', leased_until = 0, error = @error WHERE state = 'leased' AND id = @id;

-- name: UsageDue :one
-- Whether there is anything to claim, asked without writing.
SELECT EXISTS (
    SELECT 1 FROM usage_events
    WHERE provider = @provider AND ((state = 'waiting' AND next_try_at <= @now) OR (state = 'leased' AND leased_until <= @now))
);
