-- Organisations, who belongs to them, and who is asked to. memberships holds a user_id,
-- invitations an address: both are data about a person.

-- name: InsertCustomerOrganization :execrows
INSERT INTO customer_organizations (id, name, slug, created_at) VALUES (@id, @name, @slug, @created_at)
ON CONFLICT (slug) DO NOTHING;

-- name: InsertMembership :execrows
-- Who belongs already keeps his role.
INSERT INTO memberships (organization_id, user_id, role, created_at)
VALUES (@organization_id, @user_id, @role, @created_at)
ON CONFLICT (organization_id, user_id) DO NOTHING;

-- name: MembershipRole :one
SELECT role FROM memberships WHERE organization_id = @organization_id AND user_id = @user_id;

-- name: OrganizationsOfUser :many
SELECT customer_organizations.*, memberships.role FROM memberships
JOIN customer_organizations ON customer_organizations.id = memberships.organization_id
WHERE memberships.user_id = @user_id ORDER BY customer_organizations.name, customer_organizations.id;

-- name: OrganizationOfUser :one
-- One by its slug, for somebody who belongs to it.
SELECT customer_organizations.*, memberships.role FROM customer_organizations
JOIN memberships ON memberships.organization_id = customer_organizations.id
WHERE customer_organizations.slug = @slug AND memberships.user_id = @user_id;

-- name: CustomerOrganization :one
SELECT * FROM customer_organizations WHERE id = @id AND deleted_at IS NULL;

-- name: MembersOfOrganization :many
SELECT users.id, users.email, users.name, memberships.role, memberships.created_at FROM memberships
JOIN users ON users.id = memberships.user_id
WHERE memberships.organization_id = @organization_id ORDER BY memberships.created_at, users.id;

-- name: RenameOrganization :execrows
-- Only an owner renames.
UPDATE customer_organizations SET name = @name WHERE id = @id AND EXISTS (
    SELECT 1 FROM memberships AS mine WHERE mine.organization_id = customer_organizations.id AND mine.user_id = @by AND mine.role = 'owner'
);

-- name: RenameCustomer :exec
UPDATE customers SET name = @name WHERE id = @id;

-- name: ChangeRole :execrows
-- Only an owner does, and the last owner stays one.
UPDATE memberships SET role = @role
WHERE memberships.organization_id = @organization_id AND memberships.user_id = @user_id
    AND EXISTS (
        SELECT 1 FROM memberships AS mine
        WHERE mine.organization_id = @organization_id AND mine.user_id = @by AND mine.role = 'owner'
    )
    AND (memberships.role <> 'owner' OR @role = 'owner' OR EXISTS (
        SELECT 1 FROM memberships AS other
        WHERE other.organization_id = @organization_id AND other.user_id <> @user_id AND other.role = 'owner'
    ));

-- name: RemoveMember :execrows
-- An owner removes anybody, everybody himself, and the last owner stays.
DELETE FROM memberships
WHERE memberships.organization_id = @organization_id AND memberships.user_id = @user_id
    AND (memberships.user_id = @by OR EXISTS (
        SELECT 1 FROM memberships AS mine
        WHERE mine.organization_id = @organization_id AND mine.user_id = @by AND mine.role = 'owner'
    ))
    AND (memberships.role <> 'owner' OR EXISTS (
        SELECT 1 FROM memberships AS other
        WHERE other.organization_id = @organization_id AND other.user_id <> @user_id AND other.role = 'owner'
    ));

-- name: StopActingFor :exec
-- Sessions of somebody who no longer belongs to an organisation act for himself again.
UPDATE sessions SET organization_id = NULL WHERE organization_id = @organization_id AND user_id = @user_id;

-- name: ActFor :execrows
-- A session acts for an organisation to which its user belongs. What it may do changes by
-- that, so it has another token from then on.
UPDATE sessions SET organization_id = @organization_id, token_hash = @token_hash, updated_at = @now
WHERE sessions.id = @id AND sessions.user_id = @user_id AND EXISTS (
    SELECT 1 FROM memberships WHERE memberships.organization_id = @organization_id AND memberships.user_id = @user_id
);

-- name: ActForNobody :execrows
UPDATE sessions SET organization_id = NULL, token_hash = @token_hash, updated_at = @now WHERE id = @id AND user_id = @user_id;

-- name: OwnedOrganizations :one
SELECT CAST(COUNT(*) AS BIGINT) FROM memberships WHERE user_id = @user_id AND role = 'owner';

-- name: InsertInvitation :execrows
-- Only an owner invites; an organisation sends no more mails since a moment than so many,
-- and an address is sent no more by all of them together.
INSERT INTO invitations (id, organization_id, email, role, token_hash, invited_by, created_at, expires_at)
SELECT CAST(@id AS TEXT), CAST(@organization_id AS TEXT), CAST(@email AS TEXT), CAST(@role AS TEXT), CAST(@token_hash AS TEXT),
    CAST(@invited_by AS TEXT), CAST(@created_at AS BIGINT), CAST(@expires_at AS BIGINT)
WHERE EXISTS (
        SELECT 1 FROM memberships AS mine
        WHERE mine.organization_id = CAST(@organization_id AS TEXT) AND mine.user_id = CAST(@invited_by AS TEXT) AND mine.role = 'owner'
    )
    AND (
        SELECT COUNT(*) FROM invitations AS ours
        WHERE ours.organization_id = CAST(@organization_id AS TEXT) AND ours.created_at > CAST(@since AS BIGINT)
    ) < CAST(@most AS BIGINT)
    AND (
        SELECT COUNT(*) FROM invitations AS sent
        WHERE sent.email = CAST(@email AS TEXT) AND sent.created_at > CAST(@since AS BIGINT)
    ) < CAST(@most_to_address AS BIGINT);

-- name: RevokeInvitations :execrows
-- Those of an address that are open, before another is sent.
UPDATE invitations SET revoked_at = @now
WHERE organization_id = @organization_id AND email = @email AND accepted_at IS NULL AND revoked_at IS NULL;

-- name: RevokeInvitation :execrows
UPDATE invitations SET revoked_at = @now
WHERE invitations.id = @id AND invitations.organization_id = @organization_id
    AND invitations.accepted_at IS NULL AND invitations.revoked_at IS NULL AND EXISTS (
        SELECT 1 FROM memberships AS mine
        WHERE mine.organization_id = @organization_id AND mine.user_id = @by AND mine.role = 'owner'
    );

-- name: RevokeInvitationsBy :exec
-- What an owner sent falls with his role.
UPDATE invitations SET revoked_at = @now
WHERE organization_id = @organization_id AND invited_by = @invited_by AND accepted_at IS NULL AND revoked_at IS NULL;

-- name: OpenInvitations :many
SELECT * FROM invitations
WHERE organization_id = @organization_id AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > @now
ORDER BY created_at DESC, id DESC;

-- name: OpenInvitation :one
SELECT * FROM invitations
WHERE id = @id AND organization_id = @organization_id AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > @now;

-- name: InvitationByToken :one
-- One that still counts, and what it invites to.
SELECT invitations.*, customer_organizations.name, customer_organizations.slug FROM invitations
JOIN customer_organizations ON customer_organizations.id = invitations.organization_id
WHERE invitations.token_hash = @token_hash AND invitations.accepted_at IS NULL AND invitations.revoked_at IS NULL
    AND invitations.expires_at > @now AND customer_organizations.deleted_at IS NULL;

-- name: AcceptInvitation :execrows
-- Once, in time, and only by the user who has proven the address it was sent to.
UPDATE invitations SET accepted_at = @now
WHERE invitations.id = @id AND invitations.accepted_at IS NULL AND invitations.revoked_at IS NULL AND invitations.expires_at > @now
    AND EXISTS (
        SELECT 1 FROM users
        WHERE users.id = @user_id AND users.email = invitations.email AND users.email_verified_at IS NOT NULL
    );

-- name: SweepInvitations :execrows
-- Those that ended long ago, whatever became of them.
DELETE FROM invitations WHERE expires_at < @before;

-- name: DeleteOrganization :execrows
-- By an owner, and only while nothing is billed, or may be: no subscription runs, no order
-- is open, no checkout can still be paid or was paid for something that is not here yet, and
-- nothing that was asked for waits. RunningOf says the same in words.
UPDATE customer_organizations SET deleted_at = @now
WHERE customer_organizations.id = @id AND customer_organizations.deleted_at IS NULL
    AND EXISTS (
        SELECT 1 FROM memberships AS mine
        WHERE mine.organization_id = @id AND mine.user_id = @by AND mine.role = 'owner'
    )
    AND NOT EXISTS (
        SELECT 1 FROM provider_customers AS pc
        JOIN subscriptions AS s ON s.provider = pc.provider AND s.provider_customer_id = pc.provider_id
        WHERE pc.customer_id = @id AND s.ended_at IS NULL AND s.deleted_at IS NULL
            AND (s.status <> 'incomplete' OR s.created_at > CAST(@settled_after AS BIGINT))
    )
    AND NOT EXISTS (
        SELECT 1 FROM provider_customers AS payer
        JOIN orders AS o ON o.provider = payer.provider AND o.provider_customer_id = payer.provider_id
        WHERE payer.customer_id = @id AND o.status = 'pending' AND o.deleted_at IS NULL
    )
    AND NOT EXISTS (
        SELECT 1 FROM checkouts AS c
        WHERE c.customer_id = @id AND c.deleted_at IS NULL AND (
            c.status = 'open' AND c.expires_at > CAST(@open_after AS BIGINT)
            OR c.status = 'confirmed' AND c.expires_at > CAST(@settled_after AS BIGINT)
            OR c.status = 'succeeded' AND c.expires_at > CAST(@settled_after AS BIGINT) AND NOT EXISTS (
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
        )
    )
    AND NOT EXISTS (SELECT 1 FROM actions AS a WHERE a.customer_id = @id AND a.state = 'waiting');

-- name: EndMemberships :exec
DELETE FROM memberships WHERE organization_id = @organization_id;

-- name: EndInvitations :exec
UPDATE invitations SET revoked_at = @now WHERE organization_id = @organization_id AND accepted_at IS NULL AND revoked_at IS NULL;

-- name: StopAllActingFor :exec
UPDATE sessions SET organization_id = NULL WHERE organization_id = @organization_id;

-- name: AddressBelongs :one
SELECT CAST(COUNT(*) AS BIGINT) FROM users
JOIN memberships ON memberships.user_id = users.id
WHERE users.email = @email AND users.email_verified_at IS NOT NULL AND memberships.organization_id = @organization_id;

-- name: OrganizationEnded :one
SELECT EXISTS (SELECT 1 FROM customer_organizations WHERE id = @id AND deleted_at IS NOT NULL);
