-- +goose Up
-- Where a sign-in under way must come back to, and the session and user that the identity
-- is for when somebody links one; empty for a sign-in.
ALTER TABLE oauth_states ADD COLUMN redirect_uri TEXT NOT NULL DEFAULT '';
ALTER TABLE oauth_states ADD COLUMN link_session_id TEXT NOT NULL DEFAULT '';
ALTER TABLE oauth_states ADD COLUMN link_user_id TEXT NOT NULL DEFAULT '';

-- An identity whose provider does not vouch for an address: it waits, in one browser, for
-- its owner to prove one. code_id is the code that was mailed for it and nothing else.
CREATE TABLE pending_identities (
    browser_hash TEXT PRIMARY KEY,
    provider     TEXT NOT NULL,
    subject      TEXT NOT NULL,
    via          TEXT NOT NULL,
    email        TEXT NOT NULL DEFAULT '',
    name         TEXT NOT NULL DEFAULT '',
    next         TEXT NOT NULL DEFAULT '',
    code_id      TEXT NOT NULL DEFAULT '',
    expires_at   BIGINT NOT NULL
);
CREATE INDEX pending_identities_expiry ON pending_identities (expires_at);

-- +goose Down
DROP TABLE pending_identities;
ALTER TABLE oauth_states DROP COLUMN link_user_id;
ALTER TABLE oauth_states DROP COLUMN link_session_id;
ALTER TABLE oauth_states DROP COLUMN redirect_uri;
