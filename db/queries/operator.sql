-- What operators see, and their wishes. Lists come the latest first; the caller passes
-- the last row that it has seen. Bodies are read one by one.

-- name: DeliveriesInState :many
-- Of one type, or of all.
SELECT id, provider, endpoint, delivery_id, type, object_kind, object_id, sent_at, received_at, state, tries, next_try_at, done_at, error
FROM inbox
WHERE state = @state AND (CAST(@type AS TEXT) = '' OR type = @type)
    AND received_at <= @before_at AND (received_at < @before_at OR id < @before_id)
ORDER BY received_at DESC, id DESC LIMIT CAST(@most AS BIGINT);

-- name: DeliveriesOfType :many
SELECT id, provider, endpoint, delivery_id, type, object_kind, object_id, sent_at, received_at, state, tries, next_try_at, done_at, error
FROM inbox
WHERE type = @type AND received_at <= @before_at AND (received_at < @before_at OR id < @before_id)
ORDER BY received_at DESC, id DESC LIMIT CAST(@most AS BIGINT);

-- name: DeliveriesOfObject :many
-- Of one type and in one state, or of all.
SELECT id, provider, endpoint, delivery_id, type, object_kind, object_id, sent_at, received_at, state, tries, next_try_at, done_at, error
FROM inbox
WHERE object_id = @object_id AND (CAST(@type AS TEXT) = '' OR type = @type) AND (CAST(@state AS TEXT) = '' OR state = @state)
    AND received_at <= @before_at AND (received_at < @before_at OR id < @before_id)
ORDER BY received_at DESC, id DESC LIMIT CAST(@most AS BIGINT);

-- name: StrangeDeliveries :many
-- About things that the mirror does not keep: types that this version does not know.
SELECT id, provider, endpoint, delivery_id, type, object_kind, object_id, sent_at, received_at, state, tries, next_try_at, done_at, error
FROM inbox
WHERE object_kind = '' AND received_at <= @before_at AND (received_at < @before_at OR id < @before_id)
ORDER BY received_at DESC, id DESC LIMIT CAST(@most AS BIGINT);

-- name: Delivery :one
SELECT * FROM inbox WHERE id = @id;

-- name: DeliveriesBetween :many
-- Those applied that were received in [from, to), the oldest first, after the last one seen.
SELECT * FROM inbox
WHERE state = 'done' AND received_at >= @after_at AND received_at < @to_at
    AND (received_at > @after_at OR id > @after_id) AND (CAST(@type AS TEXT) = '' OR type = @type)
ORDER BY received_at, id LIMIT CAST(@most AS BIGINT);

-- name: CountBetween :one
SELECT CAST(COUNT(*) AS BIGINT) FROM inbox
WHERE state = 'done' AND received_at >= @from_at AND received_at < @to_at AND (CAST(@type AS TEXT) = '' OR type = @type);

-- name: ReplayDelivery :execrows
-- Parked or done, it waits again, with all its tries. One that waits does so already.
UPDATE inbox SET state = 'waiting', tries = 0, next_try_at = @now, leased_until = 0, done_at = NULL, error = ''
WHERE id = @id AND state IN ('done', 'parked');

-- name: ParkedDeliveries :many
SELECT id, type, error, received_at FROM inbox WHERE state = 'parked' ORDER BY received_at, id LIMIT CAST(@most AS BIGINT);

-- name: FailingJobs :many
-- Those whose last run failed and which will be tried again.
SELECT * FROM outbox WHERE state = 'waiting' AND error <> '' ORDER BY next_try_at, id LIMIT CAST(@most AS BIGINT);

-- name: JobsSetAside :many
SELECT * FROM outbox WHERE state = 'parked' ORDER BY kind, key LIMIT CAST(@most AS BIGINT);

-- name: RestartJob :execrows
-- What a mail said is emptied when it is parked, so that one cannot begin anew.
UPDATE outbox SET state = 'waiting', tries = 0, next_try_at = @now, generation = generation + 1, error = '', done_at = NULL
WHERE id = @id AND (state = 'waiting' AND error <> '' OR state = 'parked' AND kind <> 'send_mail');

-- name: ParkedUsage :many
SELECT * FROM usage_events WHERE state = 'parked' ORDER BY received_at, id LIMIT CAST(@most AS BIGINT);

-- name: CountParked :one
-- All that needs somebody, for the navigation.
SELECT CAST((SELECT COUNT(*) FROM inbox WHERE inbox.state = 'parked') AS BIGINT) AS deliveries,
    CAST((SELECT COUNT(*) FROM outbox WHERE outbox.state = 'parked') AS BIGINT) AS jobs,
    CAST((SELECT COUNT(*) FROM hook_calls WHERE hook_calls.state = 'parked') AS BIGINT) AS hooks,
    CAST((SELECT COUNT(*) FROM usage_events WHERE usage_events.state = 'parked') AS BIGINT) AS usage;

-- name: ParkedHooksByTarget :many
SELECT target, CAST(COUNT(*) AS BIGINT) AS calls, CAST(MIN(error) AS TEXT) AS example
FROM hook_calls WHERE state = 'parked' GROUP BY target ORDER BY target;

-- name: ParkedUsageByProvider :many
SELECT provider, CAST(COUNT(*) AS BIGINT) AS events, CAST(MIN(error) AS TEXT) AS example
FROM usage_events WHERE state = 'parked' GROUP BY provider ORDER BY provider;

-- name: UsageWaiting :one
SELECT CAST(COUNT(*) AS BIGINT) AS events, CAST(COALESCE(MIN(received_at), 0) AS BIGINT) AS oldest
FROM usage_events WHERE state IN ('waiting', 'leased');

-- name: RetryParkedUsage :execrows
UPDATE usage_events SET state = 'waiting', tries = 0, next_try_at = @now, error = '' WHERE id = @id AND state = 'parked';

-- name: DismissUsage :execrows
-- Nobody will report it; the row, its debit and both reasons stay.
UPDATE usage_events SET state = 'dismissed', error = CAST(@reason AS TEXT) || ' (' || error || ')' WHERE id = @id AND state = 'parked';

-- name: ParkedHookIDs :many
SELECT id FROM hook_calls WHERE target = @target AND state = 'parked' AND id > @after_id ORDER BY id LIMIT CAST(@most AS BIGINT);

-- name: ParkedDeliveryIDs :many
SELECT id FROM inbox WHERE state = 'parked' AND id > @after_id ORDER BY id LIMIT CAST(@most AS BIGINT);

-- name: ParkedUsageIDs :many
SELECT id FROM usage_events WHERE state = 'parked' AND id > @after_id ORDER BY id LIMIT CAST(@most AS BIGINT);
