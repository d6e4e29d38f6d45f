-- +goose Up
-- People who pay together (the seller as the provider knows it is in organizations). The
-- customer of one has its id, and no user. slug names it in addresses and stays taken for ever; deleted_at means
-- that nobody belongs to it any more, while what it bought stays on the books.
CREATE TABLE customer_organizations (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    slug       TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT
);

-- Who belongs to an organisation, and what he may do there. One that is not deleted
-- has an owner: each statement that takes one away looks for another.
CREATE TABLE memberships (
    organization_id TEXT NOT NULL REFERENCES customer_organizations (id),
    user_id         TEXT NOT NULL REFERENCES users (id),
    role            TEXT NOT NULL CHECK (role IN ('owner', 'billing_manager', 'member')),
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (organization_id, user_id)
);
CREATE INDEX memberships_user ON memberships (user_id, created_at);

-- One mail that invites an address. The mail holds the token, this table only its hash.
-- Sending it again revokes the row and makes another, so rows count mails. invited_by is
-- the user who sent it, empty once he is erased.
CREATE TABLE invitations (
    id              TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES customer_organizations (id),
    email           TEXT NOT NULL,
    role            TEXT NOT NULL CHECK (role IN ('owner', 'billing_manager', 'member')),
    token_hash      TEXT NOT NULL UNIQUE,
    invited_by      TEXT NOT NULL DEFAULT '',
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    accepted_at     BIGINT,
    revoked_at      BIGINT
);
CREATE UNIQUE INDEX invitations_open ON invitations (organization_id, email) WHERE accepted_at IS NULL AND revoked_at IS NULL;
CREATE INDEX invitations_organization ON invitations (organization_id, created_at);
CREATE INDEX invitations_email ON invitations (email, created_at);
CREATE INDEX invitations_inviter ON invitations (invited_by);
CREATE INDEX invitations_expiry ON invitations (expires_at);
CREATE INDEX sessions_organization ON sessions (organization_id, user_id) WHERE organization_id IS NOT NULL;

-- +goose Down
DROP INDEX sessions_organization;
DROP TABLE invitations;
DROP TABLE memberships;
DROP TABLE customer_organizations;
