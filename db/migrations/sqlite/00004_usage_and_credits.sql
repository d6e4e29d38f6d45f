-- +goose Up
-- What was used and what is left. Units and credits are integers in millionths.
-- Tables that are read along their key are kept in its order (WITHOUT ROWID).

-- One event. The ones made here wait for the provider (state waiting, leased, sent
-- or parked); the ones that others reported there are copied (state foreign).
-- sent_at is when the provider took it, null until then: a provider counts an event
-- in the period in which it arrives, whenever it happened.
CREATE TABLE usage_events (
    id           TEXT PRIMARY KEY,
    customer_id  TEXT NOT NULL,
    provider     TEXT NOT NULL,
    provider_event_id TEXT NOT NULL DEFAULT '',
    name         TEXT NOT NULL,
    metadata     TEXT NOT NULL DEFAULT '{}',
    occurred_at  BIGINT NOT NULL,
    received_at  BIGINT NOT NULL,
    state        TEXT NOT NULL,
    tries        BIGINT NOT NULL DEFAULT 0,
    next_try_at  BIGINT NOT NULL DEFAULT 0,
    leased_until BIGINT NOT NULL DEFAULT 0,
    sent_at      BIGINT,
    error        TEXT NOT NULL DEFAULT ''
);
CREATE INDEX usage_events_customer ON usage_events (customer_id, occurred_at, id);
CREATE INDEX usage_events_counted ON usage_events (customer_id, sent_at);
CREATE INDEX usage_events_due ON usage_events (state, next_try_at);
CREATE UNIQUE INDEX usage_events_foreign ON usage_events (provider, provider_event_id)
    WHERE provider_event_id <> '';

-- Sums per hour (hour = unix milliseconds / 3,600,000), kept in the transaction of
-- the event, so that no page ever scans events.
CREATE TABLE usage_hours (
    customer_id       TEXT NOT NULL,
    provider          TEXT NOT NULL,
    provider_meter_id TEXT NOT NULL,
    hour              BIGINT NOT NULL,
    units             BIGINT NOT NULL,
    events            BIGINT NOT NULL,
    PRIMARY KEY (customer_id, provider, provider_meter_id, hour)
) WITHOUT ROWID;

-- The same per UTC day (day = unix milliseconds / 86,400,000): most pages need no more.
CREATE TABLE usage_days (
    customer_id       TEXT NOT NULL,
    provider          TEXT NOT NULL,
    provider_meter_id TEXT NOT NULL,
    day               BIGINT NOT NULL,
    units             BIGINT NOT NULL,
    events            BIGINT NOT NULL,
    PRIMARY KEY (customer_id, provider, provider_meter_id, day)
) WITHOUT ROWID;

-- Double entry. Each customer and meter has a wallet (what can be spent) and its
-- counter accounts: granted, used, expired, settled. Their balances always add up to
-- zero. last_seq is the number of entries.
CREATE TABLE ledger_accounts (
    id                TEXT PRIMARY KEY,
    customer_id       TEXT NOT NULL,
    provider          TEXT NOT NULL,
    provider_meter_id TEXT NOT NULL,
    kind              TEXT NOT NULL,
    balance           BIGINT NOT NULL DEFAULT 0,
    last_seq          BIGINT NOT NULL DEFAULT 0,
    UNIQUE (customer_id, provider, provider_meter_id, kind)
);

-- One movement with its cause: granted, carried_over, revoked, used, expired or
-- settled. (provider, cause_kind, cause_id, provider_meter_id) is the business key:
-- one fact moves credits of one meter once, whatever tells us about it, and however often.
CREATE TABLE ledger_transactions (
    id                TEXT PRIMARY KEY,
    customer_id       TEXT NOT NULL,
    provider          TEXT NOT NULL,
    provider_meter_id TEXT NOT NULL,
    cause             TEXT NOT NULL,
    cause_kind        TEXT NOT NULL,
    cause_id          TEXT NOT NULL,
    note              TEXT NOT NULL DEFAULT '',
    occurred_at       BIGINT NOT NULL,
    posted_at         BIGINT NOT NULL,
    UNIQUE (provider, cause_kind, cause_id, provider_meter_id)
);
-- Everything but usage is rare, and is found by its time.
CREATE INDEX ledger_transactions_credits
    ON ledger_transactions (customer_id, provider, provider_meter_id, occurred_at) WHERE cause <> 'used';
-- A meter's page lists its own uses, latest first.
CREATE INDEX ledger_transactions_uses
    ON ledger_transactions (customer_id, provider, provider_meter_id, occurred_at, cause_id) WHERE cause = 'used';

CREATE TABLE ledger_entries (
    account_id     TEXT NOT NULL REFERENCES ledger_accounts (id),
    seq            BIGINT NOT NULL,
    transaction_id TEXT NOT NULL REFERENCES ledger_transactions (id),
    credits        BIGINT NOT NULL,
    balance_after  BIGINT NOT NULL,
    PRIMARY KEY (account_id, seq)
) WITHOUT ROWID;
CREATE INDEX ledger_entries_transaction ON ledger_entries (transaction_id);

-- The wallet's movements summed per day and cause (day = unix milliseconds of
-- occurred_at / 86,400,000), for the history page and its chart.
CREATE TABLE ledger_days (
    account_id    TEXT NOT NULL REFERENCES ledger_accounts (id),
    day           BIGINT NOT NULL,
    cause         TEXT NOT NULL,
    credits       BIGINT NOT NULL,
    entries       BIGINT NOT NULL,
    balance_after BIGINT NOT NULL,
    last_seq      BIGINT NOT NULL,
    PRIMARY KEY (account_id, day, cause)
) WITHOUT ROWID;

-- A ledger is corrected by a new entry, never by changing an old one.
-- +goose StatementBegin
CREATE TRIGGER ledger_entries_keep BEFORE UPDATE ON ledger_entries
BEGIN SELECT RAISE(ABORT, 'ledger entries are never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ledger_entries_stay BEFORE DELETE ON ledger_entries
BEGIN SELECT RAISE(ABORT, 'ledger entries are never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ledger_transactions_keep BEFORE UPDATE ON ledger_transactions
BEGIN SELECT RAISE(ABORT, 'ledger transactions are never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ledger_transactions_stay BEFORE DELETE ON ledger_transactions
BEGIN SELECT RAISE(ABORT, 'ledger transactions are never deleted'); END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE ledger_days;
DROP TABLE ledger_entries;
DROP TABLE ledger_transactions;
DROP TABLE ledger_accounts;
DROP TABLE usage_days;
DROP TABLE usage_hours;
DROP TABLE usage_events;
