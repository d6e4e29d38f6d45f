-- Seats of organisations. seats holds addresses and user ids: data about a person.

-- name: TakenSeats :many
-- The seats that count of what a customer has bought, in the order in which they were given.
SELECT seats.* FROM seats
JOIN subscriptions ON subscriptions.provider = seats.provider AND subscriptions.provider_id = seats.provider_subscription_id
JOIN provider_customers ON provider_customers.provider = subscriptions.provider
    AND provider_customers.provider_id = subscriptions.provider_customer_id
WHERE provider_customers.customer_id = @customer_id AND subscriptions.deleted_at IS NULL
    AND seats.status <> 'revoked' AND seats.deleted_at IS NULL
ORDER BY seats.created_at, seats.provider_id;

-- name: SeatActions :many
-- What was asked for about the seats of a customer and is not done, or was refused since a time.
SELECT * FROM actions
WHERE customer_id = @customer_id AND scope_id <> '' AND (state = 'waiting' OR (state = 'refused' AND ended_at > CAST(@refused_since AS BIGINT)))
ORDER BY asked_at, id;

-- name: AskForSeat :execrows
-- The wish to give a seat, or to make the one that somebody is invited to his. Whoever asks
-- sees to the billing of the organisation, or claims what waits for himself; the seat is
-- for somebody who belongs to it or is invited. Never more than were bought: seats that
-- count, and those asked for that are not among them yet. The place (object_id) is one
-- address in one subscription; it has no seat, or one to be claimed.
INSERT INTO actions (id, kind, provider, object_kind, object_id, customer_id, asked_by, request, asked_at, scope_id)
SELECT CAST(@id AS TEXT), 'assign_seat', CAST(@provider AS TEXT), 'customer_seat', CAST(@object_id AS TEXT), CAST(@customer_id AS TEXT),
    CAST(@asked_by AS TEXT), CAST(@request AS TEXT), CAST(@asked_at AS BIGINT), CAST(@scope_id AS TEXT)
WHERE EXISTS (
        SELECT 1 FROM subscriptions AS sub
        JOIN provider_customers AS payer ON payer.provider = sub.provider AND payer.provider_id = sub.provider_customer_id
        WHERE sub.provider = CAST(@provider AS TEXT) AND sub.provider_id = CAST(@scope_id AS TEXT)
            AND payer.customer_id = CAST(@customer_id AS TEXT)
            AND sub.deleted_at IS NULL AND sub.status IN ('trialing', 'active', 'past_due')
            AND (
                SELECT COUNT(*) FROM seats AS taken
                WHERE taken.provider = sub.provider AND taken.provider_subscription_id = sub.provider_id
                    AND taken.status <> 'revoked' AND taken.deleted_at IS NULL AND taken.email <> CAST(@email AS TEXT)
            ) + (
                SELECT COUNT(*) FROM actions AS asked
                WHERE asked.provider = sub.provider AND asked.scope_id = sub.provider_id AND asked.kind = 'assign_seat' AND asked.state = 'waiting'
                    AND NOT EXISTS (
                        SELECT 1 FROM seats AS placed
                        WHERE placed.provider = asked.provider AND placed.provider_subscription_id = asked.scope_id
                            AND placed.status <> 'revoked' AND placed.deleted_at IS NULL
                            AND asked.object_id = placed.provider_subscription_id || '/' || placed.email
                    )
            ) < sub.seats
    )
    AND NOT EXISTS (
        SELECT 1 FROM actions AS change
        WHERE change.provider = CAST(@provider AS TEXT) AND change.object_kind = 'subscription' AND change.object_id = CAST(@scope_id AS TEXT)
            AND change.kind = 'change_seats' AND change.state = 'waiting'
    )
    AND NOT EXISTS (
        SELECT 1 FROM seats AS own
        WHERE own.provider = CAST(@provider AS TEXT) AND own.provider_subscription_id = CAST(@scope_id AS TEXT)
            AND own.email = CAST(@email AS TEXT) AND own.deleted_at IS NULL
            AND (own.status = 'claimed' OR (own.status = 'pending' AND CAST(@claim AS BIGINT) = 0))
    )
    AND (
        EXISTS (
            SELECT 1 FROM memberships AS mine
            WHERE mine.organization_id = CAST(@customer_id AS TEXT) AND mine.user_id = CAST(@asked_by AS TEXT)
                AND mine.role IN ('owner', 'billing_manager')
        )
        OR (CAST(@claim AS BIGINT) = 1 AND EXISTS (
            SELECT 1 FROM seats AS waiting
            WHERE waiting.provider = CAST(@provider AS TEXT) AND waiting.provider_subscription_id = CAST(@scope_id AS TEXT)
                AND waiting.email = CAST(@email AS TEXT) AND waiting.status = 'pending' AND waiting.deleted_at IS NULL
        ) AND EXISTS (
            SELECT 1 FROM users AS myself WHERE myself.id = CAST(@asked_by AS TEXT) AND myself.email = CAST(@email AS TEXT)
        ))
    )
    AND (
        EXISTS (
            SELECT 1 FROM memberships AS held
            JOIN users ON users.id = held.user_id
            WHERE held.organization_id = CAST(@customer_id AS TEXT) AND users.email = CAST(@email AS TEXT) AND users.email_verified_at IS NOT NULL
        )
        OR (CAST(@claim AS BIGINT) = 0 AND EXISTS (
            SELECT 1 FROM invitations
            WHERE invitations.organization_id = CAST(@customer_id AS TEXT) AND invitations.email = CAST(@email AS TEXT)
                AND invitations.accepted_at IS NULL AND invitations.revoked_at IS NULL AND invitations.expires_at > CAST(@asked_at AS BIGINT)
        ))
    )
ON CONFLICT DO NOTHING;

-- name: AskToChangeSeats :execrows
-- The wish for another number of seats: never fewer than are given or asked for.
INSERT INTO actions (id, kind, provider, object_kind, object_id, customer_id, asked_by, request, asked_at)
SELECT CAST(@id AS TEXT), 'change_seats', CAST(@provider AS TEXT), 'subscription', CAST(@object_id AS TEXT), CAST(@customer_id AS TEXT),
    CAST(@asked_by AS TEXT), CAST(@request AS TEXT), CAST(@asked_at AS BIGINT)
WHERE (
        SELECT COUNT(*) FROM seats AS taken
        WHERE taken.provider = CAST(@provider AS TEXT) AND taken.provider_subscription_id = CAST(@object_id AS TEXT)
            AND taken.status <> 'revoked' AND taken.deleted_at IS NULL
    ) + (
        SELECT COUNT(*) FROM actions AS asked
        WHERE asked.provider = CAST(@provider AS TEXT) AND asked.scope_id = CAST(@object_id AS TEXT)
            AND asked.kind = 'assign_seat' AND asked.state = 'waiting'
            AND NOT EXISTS (
                SELECT 1 FROM seats AS placed
                WHERE placed.provider = asked.provider AND placed.provider_subscription_id = asked.scope_id
                    AND placed.status <> 'revoked' AND placed.deleted_at IS NULL
                    AND asked.object_id = placed.provider_subscription_id || '/' || placed.email
            )
    ) <= CAST(@seats AS BIGINT)
ON CONFLICT DO NOTHING;

-- name: SweepSeatActions :execrows
-- They name addresses, so they go when nobody looks at them any more.
DELETE FROM actions WHERE scope_id <> '' AND state <> 'waiting' AND ended_at < @before;

-- name: SeatHolder :one
-- The user of an address who belongs to an organisation and has proven it.
SELECT users.id, users.email, users.name, memberships.role FROM memberships
JOIN users ON users.id = memberships.user_id
WHERE memberships.organization_id = @organization_id AND users.email = @email AND users.email_verified_at IS NOT NULL;

-- name: WithdrawSeats :exec
-- What was asked for a person's seats and has not begun, when he leaves.
UPDATE actions SET state = 'withdrawn', ended_at = @now
WHERE actions.customer_id = @customer_id AND actions.scope_id <> '' AND actions.kind = 'assign_seat' AND actions.state = 'waiting' AND actions.begun_at IS NULL
    AND actions.object_id = actions.scope_id || '/' || @email;
