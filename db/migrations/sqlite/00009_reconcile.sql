-- +goose Up
-- Reading a provider's whole lists, and what was found by it.

-- One reading: of everything (customer_id ''), or of what one customer of ours has.
-- kind is scheduled, manual or dry (nothing is applied). state is waiting (asked for),
-- running, done or failed. holder is who runs it, leased_until how long nobody else
-- may; a pass that was cut short goes on at its cursor, from that page down to the
-- first of the list of cursor_kind (see billing.EachPage). moved_at is when it last got
-- a page. broken counts what went wrong on the way.
CREATE TABLE reconcile_passes (
    id           TEXT PRIMARY KEY,
    provider     TEXT NOT NULL,
    kind         TEXT NOT NULL,
    customer_id  TEXT NOT NULL DEFAULT '',
    state        TEXT NOT NULL,
    holder       TEXT NOT NULL DEFAULT '',
    leased_until BIGINT NOT NULL DEFAULT 0,
    asked_at     BIGINT NOT NULL,
    started_at   BIGINT NOT NULL DEFAULT 0,
    moved_at     BIGINT NOT NULL DEFAULT 0,
    finished_at  BIGINT,
    cursor_kind  TEXT NOT NULL DEFAULT '',
    cursor_page  BIGINT NOT NULL DEFAULT 0,
    objects      BIGINT NOT NULL DEFAULT 0,
    calls        BIGINT NOT NULL DEFAULT 0,
    changed      BIGINT NOT NULL DEFAULT 0,
    healed       BIGINT NOT NULL DEFAULT 0,
    found        BIGINT NOT NULL DEFAULT 0,
    broken       BIGINT NOT NULL DEFAULT 0,
    error        TEXT NOT NULL DEFAULT ''
);
-- One pass at a time, however many processes there are.
CREATE UNIQUE INDEX reconcile_passes_running ON reconcile_passes (provider) WHERE state = 'running';
CREATE INDEX reconcile_passes_started ON reconcile_passes (provider, customer_id, started_at);
CREATE INDEX reconcile_passes_state ON reconcile_passes (provider, state, asked_at);

-- One object that a reading found to differ from the mirror although a webhook should
-- have told us. change is new, changed, missing (from the provider's list) or deleted.
-- fields is a JSON list of the names of what differed. healed: the mirror is right now.
CREATE TABLE drifts (
    id                   TEXT PRIMARY KEY,
    pass_id              TEXT NOT NULL DEFAULT '',
    provider             TEXT NOT NULL,
    object_kind          TEXT NOT NULL,
    object_id            TEXT NOT NULL,
    provider_customer_id TEXT NOT NULL DEFAULT '',
    customer_id          TEXT NOT NULL DEFAULT '',
    change               TEXT NOT NULL,
    status_before        TEXT NOT NULL DEFAULT '',
    status_after         TEXT NOT NULL DEFAULT '',
    version_before       BIGINT NOT NULL DEFAULT 0,
    version_after        BIGINT NOT NULL DEFAULT 0,
    fields               TEXT NOT NULL DEFAULT '[]',
    healed               BOOLEAN NOT NULL,
    found_at             BIGINT NOT NULL
);
CREATE INDEX drifts_pass ON drifts (pass_id, id);
CREATE INDEX drifts_found ON drifts (provider, found_at);

-- Objects of the mirror that were not in the provider's list, and in how many passes in
-- a row: the last one was last_pass.
CREATE TABLE missing_objects (
    provider    TEXT NOT NULL,
    object_kind TEXT NOT NULL,
    object_id   TEXT NOT NULL,
    passes      BIGINT NOT NULL,
    last_pass   TEXT NOT NULL,
    since       BIGINT NOT NULL,
    PRIMARY KEY (provider, object_kind, object_id)
);

CREATE INDEX reconciliations_failed ON reconciliations (provider) WHERE error <> '';

-- When operators were last told of an alarm.
ALTER TABLE alarms ADD COLUMN told_at BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE alarms DROP COLUMN told_at;
DROP INDEX reconciliations_failed;
DROP TABLE missing_objects;
DROP TABLE drifts;
DROP TABLE reconcile_passes;
