package handlers_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"counterfoil/db/dbtest"
)

// planted are fields that no form has and no endpoint takes, each with a value that can
// be found again. They name what attackers would like to set.
func planted() url.Values {
	fields := url.Values{}
	for i, name := range []string{
		"id", "user_id", "userId", "customer_id", "customerId", "external_id", "externalId", "external_customer_id", "owner", "owner_id", "account", "account_id",
		"role", "roles", "admin", "operator", "is_admin", "email_verified", "emailVerified", "email_verified_at", "verified", "created_at", "updated_at", "expires_at",
		"price", "price_id", "amount", "unit_amount", "currency", "credits", "balance", "units", "quantity", "discount", "discount_id", "discountId", "trial", "allow_trial",
		"provider", "provider_id", "product_id", "products", "status", "state", "session", "token", "token_hash", "organization_id", "organizationId", "scopes_extra",
		"metadata", "image", "data", "proof", "proven_at", "brief", "user_agent", "address",
	} {
		fields.Set(name, fmt.Sprintf("planted-%02d", i))
	}
	return fields
}

// TestNoFormTakesMoreThanItsFields (SEC-13): every form of the table is sent with many
// fields that it does not have, in its body and in its address, and with its own fields
// once more in the address. Nothing of that is anywhere in the database afterwards.
func TestNoFormTakesMoreThanItsFields(t *testing.T) {
	e := openEstate(t)
	e.owner.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	sent := 0
	for _, pattern := range routes(t) {
		method, path, _ := strings.Cut(pattern, " ")
		if method != http.MethodPost || strings.Contains(path, "webhooks") || pattern == signingOut {
			continue
		}
		row := rights[pattern]
		if row.path != "" {
			path = row.path
		}
		own, err := url.ParseQuery(e.names.Replace(row.form))
		if err != nil {
			t.Fatal(err)
		}
		body, query := planted(), planted()
		for name, values := range own {
			body[name] = values
			query[name] = []string{"planted-query"}
		}
		page := e.owner.post(e.names.Replace(path)+"?"+query.Encode(), body)
		if page.status >= http.StatusInternalServerError {
			t.Errorf("%s answered %d", pattern, page.status)
		}
		if location := page.header.Get("Location"); strings.Contains(location, "planted-") {
			t.Errorf("%s leads to %s", pattern, location)
		}
		sent++
	}
	if sent < 10 {
		t.Errorf("only %d forms were sent", sent)
	}
	e.rest() // the worker has written what it was about to write
	for line := range strings.Lines(dbtest.Contents(t, e.database)) {
		if i := strings.Index(line, "planted-"); i >= 0 {
			t.Errorf("a field that is none was kept: %.200s", line[max(0, i-100):])
		}
	}
}
