-- +goose Up
-- The mirror of the places that were bought by the seat, and who has them; see 00002 for
-- the columns that all copies share. email is whom a place is for (lower case), user_id our
-- user of the provider's member, if we made that member: both are data about a person.
CREATE TABLE seats (
    provider                 TEXT NOT NULL,
    provider_id              TEXT NOT NULL,
    provider_subscription_id TEXT NOT NULL DEFAULT '',
    provider_order_id        TEXT NOT NULL DEFAULT '',
    provider_customer_id     TEXT NOT NULL DEFAULT '',
    provider_member_id       TEXT NOT NULL DEFAULT '',
    user_id                  TEXT NOT NULL DEFAULT '',
    email                    TEXT NOT NULL DEFAULT '',
    name                     TEXT NOT NULL DEFAULT '',
    status                   TEXT NOT NULL,
    expires_at               BIGINT,
    claimed_at               BIGINT,
    revoked_at               BIGINT,
    created_at               BIGINT NOT NULL,
    version                  BIGINT NOT NULL,
    copied_at                BIGINT NOT NULL,
    deleted_at               BIGINT,
    PRIMARY KEY (provider, provider_id)
);
CREATE INDEX seats_subscription ON seats (provider, provider_subscription_id, created_at);
CREATE INDEX seats_email ON seats (email);
CREATE INDEX seats_user ON seats (user_id) WHERE user_id <> '';

-- seats is how many were bought, 0 for what is not sold by the seat. provider_member_id is
-- whose a benefit is that came by a seat.
ALTER TABLE subscriptions ADD COLUMN seats BIGINT NOT NULL DEFAULT 0;
ALTER TABLE benefit_grants ADD COLUMN provider_member_id TEXT NOT NULL DEFAULT '';

-- Of an action about a seat: the subscription that the seat is of, whose free seats the
-- statements count.
ALTER TABLE actions ADD COLUMN scope_id TEXT NOT NULL DEFAULT '';
CREATE INDEX actions_scope ON actions (provider, scope_id) WHERE state = 'waiting' AND scope_id <> '';
CREATE INDEX actions_seats ON actions (customer_id) WHERE scope_id <> '';
CREATE INDEX actions_seats_ended ON actions (ended_at) WHERE scope_id <> '';

-- +goose Down
DROP INDEX actions_seats_ended;
DROP INDEX actions_seats;
DROP INDEX actions_scope;
ALTER TABLE actions DROP COLUMN scope_id;
ALTER TABLE benefit_grants DROP COLUMN provider_member_id;
ALTER TABLE subscriptions DROP COLUMN seats;
DROP TABLE seats;
