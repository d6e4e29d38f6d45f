-- Erasing a person, statement by statement, in one transaction; see erase.go for the order.
-- Those named ErasePayer... go by the id of a customer: the person's own, and that of each
-- organisation that ends with him. Which customers of the providers that is stands in
-- erased_provider_customers by then.

-- name: NoteErased :exec
INSERT INTO erased_customers (id, erased_at) VALUES (@id, @now) ON CONFLICT (id) DO NOTHING;

-- name: NoteErasedAtProviders :exec
-- Whom the providers know as him: the linked ones, and one that is nobody's with the
-- address that he has proven.
INSERT INTO erased_provider_customers (provider, provider_id, customer_id, found_at)
SELECT pc.provider, pc.provider_id, CAST(@id AS TEXT), CAST(@now AS BIGINT) FROM provider_customers AS pc
WHERE pc.customer_id = @id OR (pc.customer_id IS NULL AND pc.external_id = '' AND pc.email = (
    SELECT users.email FROM users WHERE users.id = @id AND users.email_verified_at IS NOT NULL
))
ON CONFLICT (provider, provider_id) DO NOTHING;

-- name: NoteErasedAtProvider :execrows
-- One that is found later: somebody made him there again, or before we knew.
INSERT INTO erased_provider_customers (provider, provider_id, customer_id, found_at)
VALUES (@provider, @provider_id, @customer_id, @now) ON CONFLICT (provider, provider_id) DO NOTHING;

-- name: WhenErased :one
SELECT erased_at FROM erased_customers WHERE id = @id;

-- name: ErasedAtProvider :one
-- Whose id a customer of a provider had, if he was erased.
SELECT customer_id FROM erased_provider_customers WHERE provider = @provider AND provider_id = @provider_id;

-- name: ErasedAtProviders :many
SELECT * FROM erased_provider_customers WHERE customer_id = @customer_id ORDER BY provider, provider_id;

-- name: ErasedByProvider :exec
UPDATE erased_provider_customers SET done_at = @now WHERE provider = @provider AND provider_id = @provider_id AND done_at IS NULL;

-- name: ErasePayerFacts :exec
-- What nobody waits to be told of loses its words at once.
UPDATE facts SET body = '' WHERE body <> '' AND (facts.customer_id = @id OR (facts.provider, facts.provider_customer_id) IN (
    SELECT e.provider, e.provider_id FROM erased_provider_customers AS e WHERE e.customer_id = @id
)) AND NOT EXISTS (SELECT 1 FROM hook_calls WHERE hook_calls.fact_key = facts.key AND hook_calls.state <> 'done');

-- name: FactsOfErased :many
SELECT key, body FROM facts WHERE body <> '' AND (facts.customer_id = @id OR (facts.provider, facts.provider_customer_id) IN (
    SELECT e.provider, e.provider_id FROM erased_provider_customers AS e WHERE e.customer_id = @id
));

-- name: RewriteFact :exec
UPDATE facts SET body = @body WHERE key = @key;

-- name: ErasePayerRaw :exec
DELETE FROM mirror_raw WHERE (provider, provider_customer_id) IN (
    SELECT e.provider, e.provider_id FROM erased_provider_customers AS e WHERE e.customer_id = @id
);

-- name: ErasePayerCheckouts :exec
UPDATE checkouts SET customer_id = '', url = '', deleted_at = COALESCE(deleted_at, @now)
WHERE checkouts.customer_id = @id OR (checkouts.provider, checkouts.provider_customer_id) IN (
    SELECT e.provider, e.provider_id FROM erased_provider_customers AS e WHERE e.customer_id = @id
);

-- name: ErasePayerSubscriptions :exec
UPDATE subscriptions SET cancel_reason = '', cancel_comment = '', reference_id = '', deleted_at = COALESCE(deleted_at, @now)
WHERE (provider, provider_customer_id) IN (
    SELECT e.provider, e.provider_id FROM erased_provider_customers AS e WHERE e.customer_id = @id
);

-- name: ErasePayerGrants :exec
UPDATE benefit_grants SET description = '', properties = '{}', deleted_at = COALESCE(deleted_at, @now)
WHERE (provider, provider_customer_id) IN (
    SELECT e.provider, e.provider_id FROM erased_provider_customers AS e WHERE e.customer_id = @id
);

-- name: ErasePayerMeters :exec
UPDATE customer_meters SET deleted_at = COALESCE(deleted_at, @now)
WHERE (provider, provider_customer_id) IN (
    SELECT e.provider, e.provider_id FROM erased_provider_customers AS e WHERE e.customer_id = @id
);

-- name: ErasePayerSeats :exec
UPDATE seats SET user_id = '', email = '', name = '', deleted_at = COALESCE(deleted_at, @now)
WHERE (provider, provider_customer_id) IN (
    SELECT e.provider, e.provider_id FROM erased_provider_customers AS e WHERE e.customer_id = @id
);

-- name: ErasePayerRefunds :exec
-- Orders and refunds stay, for the tax office.
UPDATE refunds SET metadata = '{}' WHERE (provider, provider_customer_id) IN (
    SELECT e.provider, e.provider_id FROM erased_provider_customers AS e WHERE e.customer_id = @id
);

-- name: ErasePayerAtProviders :exec
-- A tombstone, which nothing removes.
UPDATE provider_customers SET customer_id = NULL, external_id = '', email = '', email_verified = FALSE, name = '',
    deleted_at = COALESCE(deleted_at, @now)
WHERE (provider, provider_id) IN (
    SELECT e.provider, e.provider_id FROM erased_provider_customers AS e WHERE e.customer_id = @id
);

-- name: ErasePayerDrifts :exec
DELETE FROM drifts WHERE drifts.customer_id = @id OR (drifts.provider, drifts.provider_customer_id) IN (
    SELECT e.provider, e.provider_id FROM erased_provider_customers AS e WHERE e.customer_id = @id
);

-- name: ErasePayerEvents :exec
DELETE FROM usage_events WHERE customer_id = @id;

-- name: ErasePayerHours :exec
DELETE FROM usage_hours WHERE customer_id = @id;

-- name: ErasePayerDays :exec
DELETE FROM usage_days WHERE customer_id = @id;

-- name: ErasePayerActions :exec
UPDATE actions SET request = '{}', reason = '' WHERE customer_id = @id;

-- name: ErasePayerPasses :exec
DELETE FROM reconcile_passes WHERE customer_id = @id;

-- name: ErasePayerReadings :exec
DELETE FROM reconciliations WHERE customer_id = @id;

-- name: ErasePayerJobs :exec
DELETE FROM outbox WHERE customer_id = @id;

-- name: ErasePayerAlarms :exec
DELETE FROM alarms WHERE subject = @id;

-- name: ErasePayer :exec
DELETE FROM customers WHERE id = @id;

-- name: EraseSessions :exec
DELETE FROM sessions WHERE user_id = @id OR pending_user_id = @id;

-- name: EraseLinking :exec
DELETE FROM oauth_states WHERE link_user_id = @id;

-- name: EraseEmailChanges :exec
-- His own, and those of others to his address.
DELETE FROM email_changes WHERE user_id = @id OR new_email = (SELECT users.email FROM users WHERE users.id = @id);

-- name: EraseCodes :exec
DELETE FROM sign_in_codes WHERE email = @email;

-- name: EraseCounted :exec
-- That a code was sent to the address that he wanted to have. Codes by which the owner of
-- that address signs in are not his.
DELETE FROM sign_in_codes WHERE code_hash = '' AND email IN (SELECT email_changes.new_email FROM email_changes WHERE email_changes.user_id = @id);

-- name: EraseLinks :exec
DELETE FROM mailed_links WHERE email = @email;

-- name: ErasePending :exec
DELETE FROM pending_identities WHERE email = @email;

-- name: EraseInvitations :exec
DELETE FROM invitations WHERE email = @email;

-- name: EraseSeats :exec
-- Places that others bought for him; the job of sync_member frees them.
UPDATE seats SET user_id = '', email = '', name = '' WHERE email = @email;

-- name: EraseSeatsOf :exec
UPDATE seats SET user_id = '', email = '', name = '' WHERE user_id = @id AND user_id <> '';

-- name: EraseSeatActions :exec
-- What was asked for his place, and is over; what waits is looked at by the job.
DELETE FROM actions WHERE scope_id <> '' AND state <> 'waiting' AND object_id = scope_id || '/' || @email;

-- name: MembershipsToEnd :many
SELECT organization_id FROM memberships WHERE user_id = @user_id ORDER BY organization_id;

-- name: EraseInviter :exec
-- What he sent falls with him, as it does with his role.
UPDATE invitations SET invited_by = '',
    revoked_at = CASE WHEN accepted_at IS NULL AND revoked_at IS NULL THEN @now ELSE revoked_at END
WHERE invited_by = @id;

-- name: EraseMemberships :exec
DELETE FROM memberships WHERE user_id = @id;

-- name: EraseUser :exec
DELETE FROM users WHERE id = @id;

-- name: MailsToSend :many
-- Whom they go to stands in the payload, which is emptied as soon as one is sent.
SELECT id, payload FROM outbox WHERE kind = 'send_mail' AND state = 'waiting' AND payload <> '{}';

-- name: DropJob :exec
DELETE FROM outbox WHERE id = @id;

-- name: EraseOrganization :exec
-- Its slug stays taken, under its id.
UPDATE customer_organizations SET name = '', slug = id, deleted_at = COALESCE(deleted_at, @now) WHERE id = @id;

-- name: EraseOrganizationInvitations :exec
DELETE FROM invitations WHERE organization_id = @id;

-- name: OwnedAlone :many
-- The organisations of which a user is the only owner, and how many others belong.
SELECT customer_organizations.id, customer_organizations.name, customer_organizations.slug, CAST((
    SELECT COUNT(*) FROM memberships AS other
    WHERE other.organization_id = mine.organization_id AND other.user_id <> mine.user_id
) AS BIGINT) AS company
FROM memberships AS mine JOIN customer_organizations ON customer_organizations.id = mine.organization_id
WHERE mine.user_id = @user_id AND mine.role = 'owner' AND NOT EXISTS (
    SELECT 1 FROM memberships AS owner
    WHERE owner.organization_id = mine.organization_id AND owner.user_id <> mine.user_id AND owner.role = 'owner'
)
ORDER BY customer_organizations.name, customer_organizations.id;

-- name: RunningOf :one
-- Until when something of a customer is billed, or may be: a subscription runs (period_end
-- of the latest), an order is open or the first payment of a subscription is under way, a
-- checkout can be paid or was, and what it bought is not here yet (expires_at of the latest),
-- a change waits. 0 for none.
SELECT
    CAST(COALESCE((
        SELECT MAX(CASE WHEN s.period_end > 0 THEN s.period_end ELSE 1 END) FROM subscriptions AS s
        WHERE s.ended_at IS NULL AND s.deleted_at IS NULL AND s.status <> 'incomplete' AND (s.provider, s.provider_customer_id) IN (
            SELECT pc.provider, pc.provider_id FROM provider_customers AS pc WHERE pc.customer_id = @id
                OR (pc.customer_id IS NULL AND pc.external_id = '' AND pc.email = (SELECT u.email FROM users AS u WHERE u.id = @id AND u.email_verified_at IS NOT NULL))
        )
    ), 0) AS BIGINT) AS subscription,
    CAST((
        SELECT COUNT(*) FROM orders AS o
        WHERE o.status = 'pending' AND o.deleted_at IS NULL AND (o.provider, o.provider_customer_id) IN (
            SELECT pc.provider, pc.provider_id FROM provider_customers AS pc WHERE pc.customer_id = @id
        )
    ) + (
        SELECT COUNT(*) FROM subscriptions AS s
        WHERE s.ended_at IS NULL AND s.deleted_at IS NULL AND s.status = 'incomplete' AND s.created_at > CAST(@settled_after AS BIGINT)
            AND (s.provider, s.provider_customer_id) IN (
                SELECT pc.provider, pc.provider_id FROM provider_customers AS pc WHERE pc.customer_id = @id
            )
    ) AS BIGINT) AS pending,
    CAST(COALESCE((
        SELECT MAX(c.expires_at) FROM checkouts AS c
        WHERE c.customer_id = @id AND c.status = 'open' AND c.expires_at > CAST(@open_after AS BIGINT) AND c.deleted_at IS NULL
    ), 0) AS BIGINT) AS open,
    CAST(COALESCE((
        SELECT MAX(c.expires_at) FROM checkouts AS c
        WHERE c.customer_id = @id AND c.status = 'confirmed' AND c.expires_at > CAST(@settled_after AS BIGINT) AND c.deleted_at IS NULL
    ), 0) AS BIGINT) AS confirmed,
    CAST(COALESCE((
        SELECT MAX(c.expires_at) FROM checkouts AS c
        WHERE c.customer_id = @id AND c.status = 'succeeded' AND c.expires_at > CAST(@settled_after AS BIGINT) AND c.deleted_at IS NULL
            AND NOT EXISTS (
                SELECT 1 FROM subscriptions AS started
                WHERE started.provider = c.provider AND started.provider_checkout_id = c.provider_id
            ) AND NOT EXISTS (
                SELECT 1 FROM orders AS paid
                WHERE paid.provider = c.provider AND paid.provider_checkout_id = c.provider_id
                    AND (paid.provider_subscription_id = '' OR EXISTS (
                        SELECT 1 FROM subscriptions AS upgraded
                        WHERE upgraded.provider = paid.provider AND upgraded.provider_id = paid.provider_subscription_id
                    ))
            )
    ), 0) AS BIGINT) AS purchase,
    CAST((SELECT COUNT(*) FROM actions AS a WHERE a.customer_id = @id AND a.state = 'waiting') AS BIGINT) AS waiting;

-- name: BooksOf :one
-- How many orders and refunds of a customer stay, and when the last one was made.
SELECT CAST(COUNT(*) AS BIGINT) AS papers, CAST(COALESCE(MAX(created_at), 0) AS BIGINT) AS latest FROM (
    SELECT o.created_at FROM orders AS o
    WHERE o.deleted_at IS NULL AND (o.provider, o.provider_customer_id) IN (SELECT pc.provider, pc.provider_id FROM provider_customers AS pc WHERE pc.customer_id = @id)
    UNION ALL
    SELECT r.created_at FROM refunds AS r
    WHERE r.deleted_at IS NULL AND (r.provider, r.provider_customer_id) IN (SELECT pc.provider, pc.provider_id FROM provider_customers AS pc WHERE pc.customer_id = @id)
) AS known;

-- name: ForgetOldOrders :execrows
-- Of who was erased, when tax law wants them no longer. The row stays as a tombstone, so that
-- the provider's list does not bring the rest back.
UPDATE orders SET provider_customer_id = '', provider_product_id = '', provider_subscription_id = '', provider_checkout_id = '', number = '', description = '',
    subtotal = 0, discount = 0, tax = 0, total = 0, refunded = 0, items = '[]', deleted_at = @now
WHERE deleted_at IS NULL AND created_at < @before AND (provider, provider_customer_id) IN (
    SELECT e.provider, e.provider_id FROM erased_provider_customers AS e
);

-- name: ForgetOldRefunds :execrows
UPDATE refunds SET provider_order_id = '', provider_customer_id = '', provider_subscription_id = '', reason = '', amount = 0, tax = 0, metadata = '{}', deleted_at = @now
WHERE deleted_at IS NULL AND created_at < @before AND (provider, provider_customer_id) IN (
    SELECT e.provider, e.provider_id FROM erased_provider_customers AS e
);

-- name: DeliveriesToSearch :many
-- Deliveries that were applied, or could not be; one that waits is looked at when it is applied.
SELECT id, body FROM inbox WHERE id > @after AND (state <> 'waiting' OR tries > 0) ORDER BY id LIMIT CAST(@most AS BIGINT);

-- name: DropDelivery :exec
DELETE FROM inbox WHERE id = @id;
