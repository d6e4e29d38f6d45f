package db

import "strings"

// holding is what one table holds about a person. Together the holdings are the whole
// answer to "what do you know about me?": the export reads them, and a test holds them
// against the schema, so that no table and no column is forgotten (personal_test.go).
//
// They are a list and not queries of their own in db/queries because one list that export,
// erasure and test go by cannot say three different things.
type holding struct {
	table   string
	file    string // in the archive; several holdings of one table have one each
	from    string // what is read, when it is more than the table
	where   string // whose rows: ?1 is the user's id
	columns string // that are told, in order
	key     string // among columns: orders the rows and tells them apart
	secret  string // columns that are not told: secrets, their hashes, and what only the program uses
	csv     bool   // a table for people, too
	kept    string // why erasing leaves rows; empty when it does not
}

const (
	// ownMail is the address of the user.
	ownMail = "(SELECT own.email FROM users AS own WHERE own.id = ?1)"
	// ownAtProvider is true of rows of the user's own customer at a provider. A customer of
	// an organisation is nobody's own, whoever acts for it.
	ownAtProvider = "(provider, provider_customer_id) IN (SELECT pc.provider, pc.provider_id FROM provider_customers AS pc WHERE pc.customer_id = ?1)"
)

// Why rows stay when their person is erased.
const (
	keptForTax    = "tax law wants the books kept; they name an order, amounts, tax and a date, and nobody"
	keptForLedger = "a ledger is never changed; it names an id that is nobody's any more, and figures"
)

// holdings are all of them, in the order of the archive.
var holdings = []holding{
	{
		table: "users", file: "profile", where: "id = ?1", key: "id",
		columns: "id, email, email_verified_at, name, image, created_at, updated_at, operator_at",
	},
	{
		table: "identities", file: "identities", where: "user_id = ?1", key: "provider, subject",
		columns: "provider, subject, email, created_at, last_used_at", secret: "user_id",
	},
	{
		table: "passwords", file: "password", where: "user_id = ?1", key: "created_at",
		columns: "created_at, changed_at", secret: "user_id, hash",
	},
	{
		table: "passkeys", file: "passkeys", where: "user_id = ?1", key: "created_at, id",
		columns: "id, name, created_at, used_at, sign_count", secret: "user_id, handle, credential",
	},
	{
		table: "authenticators", file: "authenticator", where: "user_id = ?1", key: "created_at",
		columns: "created_at, confirmed_at, failures, failures_since", secret: "user_id, secret, last_step",
	},
	{
		table: "recovery_codes", file: "recovery_codes", where: "user_id = ?1", key: "created_at, hash",
		columns: "created_at, used_at", secret: "user_id, hash",
	},
	{
		table: "sessions", file: "sessions", where: "user_id = ?1 OR pending_user_id = ?1", key: "created_at, id",
		columns: "id, created_at, seen_at, expires_at, updated_at, user_agent, address, proof, proven_at, brief, organization_id",
		secret:  "user_id, pending_user_id, token_hash, data",
	},
	{
		table: "devices", file: "browsers", where: "user_id = ?1", key: "first_seen_at, token_hash",
		columns: "first_seen_at, last_seen_at", secret: "user_id, token_hash",
	},
	{
		table: "email_changes", file: "address_change", where: "user_id = ?1", key: "id",
		columns: "id, old_email, new_email, old_proven_at, new_proven_at, created_at, expires_at",
		secret:  "user_id, old_hash, new_hash, old_tries, new_tries",
	},
	{
		table: "sign_in_codes", file: "mailed_codes", where: "email = " + ownMail, key: "created_at, id",
		columns: "id, created_at, expires_at, used_at, user_agent", secret: "email, code_hash, browser_hash, next, tries_left",
	},
	{
		table: "mailed_links", file: "mailed_links", where: "email = " + ownMail, key: "created_at, token_hash",
		columns: "purpose, name, created_at, expires_at, used_at", secret: "email, token_hash, browser_hash, password_hash, next",
	},
	{
		table: "oauth_states", file: "linking", where: "link_user_id = ?1", key: "created_at, state_hash",
		columns: "provider, created_at, expires_at",
		secret:  "link_user_id, link_session_id, state_hash, browser_hash, session, nonce, code_verifier, next, redirect_uri",
	},
	{
		table: "memberships", file: "organisations", where: "m.user_id = ?1", key: "created_at, organization_id",
		from:    "memberships AS m JOIN customer_organizations AS o ON o.id = m.organization_id",
		columns: "m.organization_id, o.name, o.slug, m.role, m.created_at", secret: "user_id",
	},
	{
		table: "invitations", file: "invitations", where: "email = " + ownMail, key: "created_at, id",
		columns: "id, organization_id, email, role, created_at, expires_at, accepted_at, revoked_at", secret: "token_hash, invited_by",
	},
	{ // whom he invited is theirs to ask for
		table: "invitations", file: "invitations_sent", where: "invited_by = ?1", key: "created_at, id",
		columns: "id, organization_id, role, created_at, expires_at, accepted_at, revoked_at", secret: "token_hash, invited_by, email",
	},
	{
		table: "customers", file: "customer", where: "user_id = ?1", key: "id",
		columns: "id, email, name, created_at", secret: "user_id",
	},
	{
		table: "provider_customers", file: "billing_customers", where: "customer_id = ?1", key: "provider, provider_id",
		columns: "provider, provider_id, external_id, email, email_verified, name, created_at, copied_at, deleted_at",
		secret:  "customer_id, version", kept: "the id at the provider, marked as deleted, so that no late copy brings the person back",
	},
	{
		table: "checkouts", file: "checkouts", where: "customer_id = ?1 OR " + ownAtProvider, key: "created_at, provider_id",
		columns: "provider, provider_id, provider_customer_id, provider_product_id, status, subtotal, discount, tax, total, currency, " +
			"created_at, expires_at, copied_at, deleted_at",
		secret: "customer_id, url, version", kept: "ids and amounts, marked as deleted",
	},
	{
		table: "subscriptions", file: "subscriptions", where: ownAtProvider, key: "created_at, provider_id",
		columns: "provider, provider_id, provider_customer_id, provider_product_id, provider_checkout_id, status, amount, currency, " +
			"interval, interval_count, period_start, period_end, trial_end, cancel_at_period_end, canceled_at, started_at, ends_at, ended_at, " +
			"cancel_reason, cancel_comment, reference_id, seats, created_at, copied_at, deleted_at",
		secret: "version", kept: "ids, dates and amounts, marked as deleted",
	},
	{
		table: "orders", file: "orders", where: ownAtProvider, key: "created_at, provider_id", csv: true,
		columns: "provider, provider_id, provider_customer_id, provider_product_id, provider_subscription_id, provider_checkout_id, status, " +
			"reason, number, description, subtotal, discount, tax, total, refunded, currency, items, next_attempt_at, created_at, copied_at, deleted_at",
		secret: "version", kept: keptForTax,
	},
	{
		table: "refunds", file: "refunds", where: ownAtProvider, key: "created_at, provider_id", csv: true,
		columns: "provider, provider_id, provider_order_id, provider_customer_id, provider_subscription_id, status, reason, amount, tax, " +
			"currency, metadata, created_at, copied_at, deleted_at",
		secret: "version", kept: keptForTax,
	},
	{
		table: "benefit_grants", file: "benefits", where: ownAtProvider, key: "created_at, provider_id",
		columns: "provider, provider_id, provider_customer_id, provider_benefit_id, provider_subscription_id, provider_order_id, provider_member_id, kind, " +
			"description, granted_at, revoked_at, properties, created_at, copied_at, deleted_at",
		secret: "version", kept: "ids and dates, marked as deleted",
	},
	{
		table: "seats", file: "seats", where: "user_id = ?1 OR email = " + ownMail, key: "created_at, provider_id",
		columns: "provider, provider_id, provider_subscription_id, provider_order_id, provider_customer_id, email, name, status, " +
			"expires_at, claimed_at, revoked_at, created_at, copied_at, deleted_at",
		secret: "user_id, provider_member_id, version", kept: "the place of whoever bought it, without the one who had it",
	},
	{
		table: "customer_meters", file: "meters", where: ownAtProvider, key: "created_at, provider_id",
		columns: "provider, provider_id, provider_customer_id, provider_meter_id, consumed, credited, balance, created_at, copied_at, deleted_at",
		secret:  "version", kept: "ids and figures, marked as deleted",
	},
	{
		table: "mirror_raw", file: "provider_records", where: ownAtProvider, key: "provider, kind, provider_id",
		columns: "provider, kind, provider_id, provider_customer_id, body", secret: "version, revision, digest",
	},
	{
		table: "usage_events", file: "usage_events", where: "customer_id = ?1", key: "occurred_at, id",
		columns: "id, provider, provider_event_id, name, metadata, occurred_at, received_at, state, sent_at, next_cycle, error",
		secret:  "customer_id, tries, next_try_at, leased_until",
	},
	{
		table: "usage_hours", file: "usage_by_hour", where: "customer_id = ?1", key: "provider, provider_meter_id, hour",
		columns: "provider, provider_meter_id, hour, units, events", secret: "customer_id",
	},
	{
		table: "usage_days", file: "usage_by_day", where: "customer_id = ?1", key: "provider, provider_meter_id, day",
		columns: "provider, provider_meter_id, day, units, events", secret: "customer_id",
	},
	{
		table: "ledger_accounts", file: "credit_accounts", where: "customer_id = ?1", key: "id",
		columns: "id, provider, provider_meter_id, kind, balance, last_seq, frozen_at, frozen_reason", secret: "customer_id, frozen_seq", kept: keptForLedger,
	},
	{ // every transaction has entries, so each is told with them
		table: "ledger_transactions", file: "credits", where: "a.customer_id = ?1", key: "account_id, seq", csv: true,
		from: "ledger_accounts AS a JOIN ledger_entries AS e ON e.account_id = a.id JOIN ledger_transactions AS t ON t.id = e.transaction_id",
		columns: "e.account_id, e.seq, a.kind, e.credits, e.balance_after, t.id, t.provider, t.provider_meter_id, t.cause, t.cause_kind, " +
			"t.cause_id, t.note, t.occurred_at, t.posted_at",
		secret: "customer_id", kept: keptForLedger,
	},
	{ // a wish about a seat names another's address: his seat is told to him
		table: "actions", file: "requests", where: "customer_id = ?1 OR (asked_by = ?1 AND scope_id = '')", key: "asked_at, id",
		columns: "id, kind, provider, object_kind, object_id, request, state, reason, asked_at, begun_at, ended_at",
		secret:  "customer_id, asked_by, scope_id", kept: "what was changed at the provider, when and by which id; not what was written with it",
	},
	{
		table: "facts", file: "events", where: "customer_id = ?1 OR " + ownAtProvider, key: "occurred_at, key",
		columns: "key, type, provider, object_kind, object_id, mark, version, provider_customer_id, body, occurred_at, noted_at",
		secret:  "customer_id", kept: "its key, so that nothing is told twice; not what it says",
	},
	{
		table: "drifts", file: "corrections", where: "customer_id = ?1 OR " + ownAtProvider, key: "found_at, id",
		columns: "id, provider, object_kind, object_id, provider_customer_id, change, status_before, status_after, fields, healed, found_at",
		secret:  "customer_id, pass_id, version_before, version_after",
	},
	{
		table: "outbox", file: "jobs", where: "customer_id = ?1", key: "created_at, id",
		columns: "id, kind, state, created_at, done_at", secret: "customer_id, key, payload, generation, tries, next_try_at, leased_until, error",
		kept: "the job that has the provider erase, which names the id",
	},
	{
		table: "reconciliations", file: "copies", where: "customer_id = ?1", key: "provider",
		columns: "provider, synced_at, events_until, events_read_at, error", secret: "customer_id",
	},
	{
		table: "reconcile_passes", file: "readings", where: "customer_id = ?1", key: "asked_at, id",
		columns: "id, provider, kind, state, asked_at, started_at, finished_at, objects, changed, error",
		secret:  "customer_id, holder, leased_until, moved_at, cursor_kind, cursor_page, calls, healed, found, broken",
	},
}

// names splits a list of columns, without the table that each is of.
func names(columns string) []string {
	var list []string
	for column := range strings.SplitSeq(columns, ",") {
		column = strings.TrimSpace(column)
		if _, bare, ok := strings.Cut(column, "."); ok {
			column = bare
		}
		if column != "" {
			list = append(list, column)
		}
	}
	return list
}
