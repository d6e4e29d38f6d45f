-- name: InsertUsageEvent :execrows
-- Nothing happens when the id, or the provider's id, is there already, or the customer
-- was erased. sent_at is 0 for not yet.
INSERT INTO usage_events (id, customer_id, provider, provider_event_id, name, metadata, occurred_at, received_at,
    state, next_try_at, sent_at)
SELECT CAST(@id AS TEXT), CAST(@customer_id AS TEXT), CAST(@provider AS TEXT), CAST(@provider_event_id AS TEXT), CAST(@name AS TEXT),
    CAST(@metadata AS TEXT), CAST(@occurred_at AS BIGINT), CAST(@received_at AS BIGINT), CAST(@state AS TEXT), CAST(@next_try_at AS BIGINT),
    NULLIF(CAST(@sent_at AS BIGINT), 0)
WHERE NOT EXISTS (SELECT 1 FROM erased_customers WHERE erased_customers.id = CAST(@customer_id AS TEXT))
ON CONFLICT DO NOTHING;

-- name: UsageEvent :one
SELECT * FROM usage_events WHERE id = @id;

-- name: AddUsageHour :execrows
-- Nothing happens when the sum would leave what an integer holds.
INSERT INTO usage_hours (customer_id, provider, provider_meter_id, hour, units, events)
VALUES (@customer_id, @provider, @provider_meter_id, @hour, @units, @events)
ON CONFLICT (customer_id, provider, provider_meter_id, hour) DO UPDATE SET
    units = usage_hours.units + excluded.units, events = usage_hours.events + excluded.events
    WHERE CASE WHEN excluded.units < 0 THEN usage_hours.units >= -9223372036854775807 - excluded.units
        ELSE usage_hours.units <= 9223372036854775807 - excluded.units END;

-- name: AddUsageDay :execrows
INSERT INTO usage_days (customer_id, provider, provider_meter_id, day, units, events)
VALUES (@customer_id, @provider, @provider_meter_id, @day, @units, @events)
ON CONFLICT (customer_id, provider, provider_meter_id, day) DO UPDATE SET
    units = usage_days.units + excluded.units, events = usage_days.events + excluded.events
    WHERE CASE WHEN excluded.units < 0 THEN usage_days.units >= -9223372036854775807 - excluded.units
        ELSE usage_days.units <= 9223372036854775807 - excluded.units END;

-- name: UsageDays :many
SELECT day, units, events FROM usage_days
WHERE customer_id = @customer_id AND provider = @provider AND provider_meter_id = @provider_meter_id
    AND day >= @from_day AND day < @to_day
ORDER BY day;

-- name: UsageBySpan :many
-- Sums over spans of so many hours each, numbered from the first; empty ones are left out.
-- Millions and the rest are summed apart: a sum of many hours may be more than fits.
SELECT CAST((hour - @from_hour) / @span_hours AS BIGINT) AS span,
    CAST(SUM(units / 1000000) AS BIGINT) AS millions, CAST(SUM(units % 1000000) AS BIGINT) AS rest,
    CAST(SUM(events) AS BIGINT) AS events
FROM usage_hours
WHERE customer_id = @customer_id AND provider = @provider AND provider_meter_id = @provider_meter_id
    AND hour >= @from_hour AND hour < @to_hour
GROUP BY 1 ORDER BY 1;

-- name: UsageTotals :many
-- Meter by meter, so that the hours before are not read at all; see UsageBySpan.
SELECT m.provider, m.provider_id AS provider_meter_id,
    CAST((SELECT COALESCE(SUM(h.units / 1000000), 0) FROM usage_hours AS h
        WHERE h.customer_id = @customer_id AND h.provider = m.provider AND h.provider_meter_id = m.provider_id
            AND h.hour >= @from_hour) AS BIGINT) AS millions,
    CAST((SELECT COALESCE(SUM(h.units % 1000000), 0) FROM usage_hours AS h
        WHERE h.customer_id = @customer_id AND h.provider = m.provider AND h.provider_meter_id = m.provider_id
            AND h.hour >= @from_hour) AS BIGINT) AS rest,
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
SELECT e.credits, u.id, u.name, u.metadata, u.occurred_at, u.received_at, u.state, u.sent_at, u.error, u.next_cycle
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
-- outside for PostgreSQL, where two claimers may see the same rows inside; it is
-- written so that no index fits it, or SQLite would walk along everything that waits.
UPDATE usage_events SET state = 'leased', leased_until = @leased_until, tries = tries + 1
WHERE id IN (
    SELECT due.id FROM usage_events AS due
    WHERE due.state = 'waiting' AND due.next_try_at <= @now AND due.provider = @provider
    ORDER BY due.next_try_at LIMIT CAST(@most AS BIGINT)
) AND state || '' = 'waiting' AND next_try_at + 0 <= @now
RETURNING *;

-- name: ClaimUsageEnding :many
-- As ClaimUsage, of the customers whose period ends soon, the soonest first. CROSS JOIN
-- keeps SQLite to this order of tables: the few subscriptions first.
UPDATE usage_events SET state = 'leased', leased_until = @leased_until, tries = tries + 1
WHERE id IN (
    SELECT due.id FROM subscriptions AS s CROSS JOIN provider_customers AS c CROSS JOIN usage_events AS due
    WHERE s.provider = @provider AND s.period_end > @now AND s.period_end <= @soon
        AND s.status IN ('trialing', 'active', 'past_due') AND s.deleted_at IS NULL
        AND c.provider = s.provider AND c.provider_id = s.provider_customer_id
        AND due.customer_id = c.customer_id AND due.sent_at IS NULL AND due.provider = s.provider
        AND due.state || '' = 'waiting' AND due.next_try_at + 0 <= @now
    ORDER BY s.period_end LIMIT CAST(@most AS BIGINT)
) AND state || '' = 'waiting' AND next_try_at + 0 <= @now
RETURNING *;

-- name: UsageEnding :many
-- How many events are to be reported before which end of a period.
SELECT s.period_end, CAST(COUNT(*) AS BIGINT) AS events
FROM subscriptions AS s CROSS JOIN provider_customers AS c CROSS JOIN usage_events AS due
WHERE s.provider = @provider AND s.period_end > @now AND s.period_end <= @soon
    AND s.status IN ('trialing', 'active', 'past_due') AND s.deleted_at IS NULL
    AND c.provider = s.provider AND c.provider_id = s.provider_customer_id
    AND due.customer_id = c.customer_id AND due.sent_at IS NULL AND due.provider = s.provider
    AND due.state || '' IN ('waiting', 'leased')
GROUP BY s.period_end ORDER BY s.period_end;

-- name: MarkUsageSent :exec
-- The end of a period between the use and its arrival puts it into the next one. The
-- mirror may know the period that has ended or the one that began then.
UPDATE usage_events SET state = 'sent', sent_at = @sent_at, leased_until = 0, error = '',
    next_cycle = CASE WHEN EXISTS (
        SELECT 1 FROM provider_customers AS c CROSS JOIN subscriptions AS s
        WHERE c.provider = usage_events.provider AND c.customer_id = usage_events.customer_id
            AND s.provider = c.provider AND s.provider_customer_id = c.provider_id
            AND s.status IN ('trialing', 'active', 'past_due') AND s.deleted_at IS NULL
            AND COALESCE(s.started_at, s.created_at) <= usage_events.occurred_at
            AND ((s.period_end > usage_events.occurred_at AND s.period_end <= CAST(@sent_at AS BIGINT))
                OR (s.period_start > usage_events.occurred_at AND s.period_start <= CAST(@sent_at AS BIGINT)))
    ) THEN 1 ELSE 0 END
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
