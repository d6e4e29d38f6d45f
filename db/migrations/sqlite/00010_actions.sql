-- +goose Up
-- What somebody asked us to change at a provider: cancel, resume, give money back. The
-- wish is kept before the provider is asked, so a crash or an outage cannot lose it, and
-- begun_at before each try, so a lost answer is looked up and never repeated blindly.
-- state is waiting, done, refused or withdrawn; of one object one wish waits at a time.
CREATE TABLE actions (
    id          TEXT PRIMARY KEY,
    kind        TEXT NOT NULL,
    provider    TEXT NOT NULL,
    object_kind TEXT NOT NULL,
    object_id   TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    asked_by    TEXT NOT NULL,
    request     TEXT NOT NULL DEFAULT '{}',
    state       TEXT NOT NULL DEFAULT 'waiting',
    reason      TEXT NOT NULL DEFAULT '',
    asked_at    BIGINT NOT NULL,
    begun_at    BIGINT,
    ended_at    BIGINT
);
CREATE UNIQUE INDEX actions_open ON actions (provider, object_kind, object_id) WHERE state = 'waiting';
CREATE INDEX actions_object ON actions (provider, object_kind, object_id, asked_at);

-- +goose Down
DROP TABLE actions;
