package betterauth

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/db"
)

// arrive makes a user of ours known at the provider, as the worker does.
func (g *rig) arrive(email string) (userID string) {
	g.t.Helper()
	user, err := g.store.UserByEmail(g.t.Context(), email)
	if err != nil {
		g.t.Fatal(err)
	}
	g.apply(billing.Customer{Source: g.source("cus-"+email, `{"id":"cus-`+email+`","external_id":"`+user.ID+`","email":"`+email+`","billing_address":{"country":"AT"},"tax_id":["ATU1","eu_vat"],"metadata":{"a":"b"}}`), ExternalID: user.ID, Email: email})
	return user.ID
}

func (g *rig) source(id, raw string) billing.Source {
	return billing.Source{Provider: "polar", ProviderID: id, Version: 1, CreatedAt: g.clock(), Raw: raw}
}

func (g *rig) apply(object billing.Object) {
	g.t.Helper()
	if _, err := g.store.Apply(g.t.Context(), billing.Change{Object: object}, g.clock()); err != nil {
		g.t.Fatal(err)
	}
}

// TestSomebodyNewIsWaitedFor: a client that asks right after a sign-up finds the customer
// whom a job is making, as in the original; nobody waits for one who does not come.
func TestSomebodyNewIsWaitedFor(t *testing.T) {
	poked := func() {}
	g := newRig(t, func(_ *auth.Config, c *Config) { c.Poke = func() { poked() } })
	b, late := g.browser().signInOnWire("robin@example.com", false), g.browser().signInOnWire("late@example.com", false)
	id := ""
	poked = func() { id = g.arrive("robin@example.com") }
	if w := b.ask("GET", "/customer/state", "", nil); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"externalId":"`+id+`"`) {
		t.Errorf("right after a sign-up: %d %s", w.Code, w.Body)
	}
	poked = func() { t.Error("somebody is waited for who is not new, or among too many") }
	g.server.waiting.Store(mostWaiting)
	if w := late.ask("GET", "/customer/state", "", nil); w.Code != http.StatusInternalServerError || g.server.waiting.Load() != mostWaiting {
		t.Errorf("where too many wait: %d %s, %d wait", w.Code, w.Body, g.server.waiting.Load())
	}
	g.server.waiting.Store(0)
	g.pass(2 * time.Minute)
	for _, path := range []string{"/customer/state", "/customer/portal"} {
		if w := late.ask("GET", path, "", nil); w.Code != http.StatusInternalServerError {
			t.Errorf("%s of somebody whom the provider does not know: %d %s", path, w.Code, w.Body)
		}
	}
}

// TestCheckoutOfAnOrganizationThatIsNotKnown: the provider would take whatever address is
// typed for its customer's, so it is made known first, and the caller told to come back.
func TestCheckoutOfAnOrganizationThatIsNotKnown(t *testing.T) {
	g := newRig(t)
	b := g.browser().signInOnWire("robin@example.com", false)
	g.apply(billing.Product{Source: g.source("p-1", `{"id":"p-1"}`), Slug: "pro", Name: "Pro", Public: true})
	user, err := g.store.UserByEmail(t.Context(), "robin@example.com")
	if err != nil {
		t.Fatal(err)
	}
	team := db.Organization{ID: db.NewID(), Name: "Team", Slug: "team"}
	if err := g.store.AddOrganization(t.Context(), team, user.ID, db.BillingAddress{Email: "team@example.com"}, false, g.clock()); err != nil {
		t.Fatal(err)
	}
	b.page(func(w http.ResponseWriter, r *http.Request) error {
		r = auth.OnWire(r, false)
		who, err := g.auth.Who(r)
		if err == nil {
			_, err = g.auth.ActFor(w, r, who, team.ID)
		}
		return err
	})
	if w := b.ask("POST", "/checkout", `{"slug":"pro"}`, nil); w.Code != http.StatusServiceUnavailable || w.Body.String() != `{"message":"Checkout creation failed"}` {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
	if making, err := g.store.CustomerIsBeingMade(t.Context(), team.ID); err != nil || !making {
		t.Errorf("it is not made known: %v", err)
	}
}

// TestAMereMemberSeesLessOfWhoPays: what was bought for his organisation tells a member
// that he has access, and not where the payer lives.
func TestAMereMemberSeesLessOfWhoPays(t *testing.T) {
	g := newRig(t)
	owner, member := g.browser().signInOnWire("owner@example.com", false), g.browser().signInOnWire("member@example.com", false)
	payer := g.arrive("owner@example.com")
	other, err := g.store.UserByEmail(t.Context(), "member@example.com")
	if err != nil {
		t.Fatal(err)
	}
	team := db.Organization{ID: db.NewID(), Name: "Team", Slug: "team"}
	if err := g.store.AddOrganization(t.Context(), team, payer, db.BillingAddress{Email: "owner@example.com"}, false, g.clock()); err != nil {
		t.Fatal(err)
	}
	if err := g.store.AddMember(t.Context(), team.ID, other.ID, billing.RoleMember, g.clock()); err != nil {
		t.Fatal(err)
	}
	g.apply(billing.Subscription{
		Source: g.source("sub", `{"id":"sub","status":"active"}`), ProviderCustomerID: "cus-owner@example.com", ProviderProductID: "pro",
		Status: billing.Active, Currency: "usd", ReferenceID: team.ID,
	})
	for b, want := range map[*browser]string{
		owner:  `"owner@example.com" {"country":"AT"} ["ATU1","eu_vat"] {"a":"b"}`,
		member: `null null null {}`,
	} {
		list := into[struct {
			Result struct {
				Items []struct {
					Customer struct{ Email, BillingAddress, TaxID, Metadata json.RawMessage }
				}
			}
		}](g, b.ask("GET", "/customer/subscriptions/list?referenceId="+team.ID, "", nil))
		if len(list.Result.Items) != 1 {
			t.Fatalf("%d subscriptions", len(list.Result.Items))
		}
		c := list.Result.Items[0].Customer
		if got := string(c.Email) + " " + string(c.BillingAddress) + " " + string(c.TaxID) + " " + string(c.Metadata); got != want {
			t.Errorf("sees %s, want %s", got, want)
		}
	}
}

// TestOneValueOfAQuery: a parameter that is there twice is a list on the wire, which fits
// no schema; the first must not count in one place and the last in another.
func TestOneValueOfAQuery(t *testing.T) {
	g := newRig(t)
	b := g.browser().signInOnWire("robin@example.com", false)
	for path, message := range map[string]string{
		"/customer/orders/list?page=1&page=2":                                           "[query.page] Invalid input: expected number, received NaN",
		"/usage/meters/list?limit=1&limit=1":                                            "[query.limit] Invalid input: expected number, received NaN",
		"/customer/orders/list?productBillingType=one_time&productBillingType=one_time": `[query.productBillingType] Invalid option: expected one of "recurring"|"one_time"`,
		"/customer/subscriptions/list?referenceId=a&referenceId=b":                      "[query.referenceId] Invalid input: expected string, received array",
	} {
		w := b.ask("GET", path, "", nil)
		g.refused(w, 400, "VALIDATION_ERROR")
		var said struct{ Message string }
		if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil || said.Message != message {
			t.Errorf("%s: %s", path, w.Body)
		}
	}
}

// TestTargetsOfACheckoutThatAreNone are told from those of strangers, and a null is a
// boolean as the original coerces it.
func TestTargetsOfACheckoutThatAreNone(t *testing.T) {
	g := newRig(t)
	b := g.browser().signInOnWire("robin@example.com", false)
	g.apply(billing.Product{Source: g.source("p-1", `{"id":"p-1"}`), Slug: "pro", Name: "Pro", Public: true})
	for field, want := range map[string]string{
		`"successUrl":"nonsense"`: "[body.successUrl] Must be a valid URL or a relative path starting with /", `"returnUrl":"a b"`: "[body.returnUrl] Must be a valid URL or a relative path starting with /",
		`"embedOrigin":"app.example.com"`: "[body.embedOrigin] Invalid URL", `"embedOrigin":""`: "[body.embedOrigin] Invalid URL",
		`"successUrl":["/a"]`: "[body.successUrl] Invalid input: expected string, received array",
	} {
		w := b.ask("POST", "/checkout", `{"slug":"pro",`+field+`}`, nil)
		g.refused(w, 400, "VALIDATION_ERROR")
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %s", field, w.Body)
		}
	}
	for value, no := range map[string]bool{"null": true, "false": true, "0": true, "0.0": true, `""`: true, "true": false, `"false"`: false, "[]": false, "{}": false, "1": false} {
		var c coerced
		if err := json.Unmarshal([]byte(value), &c); err != nil || c.no() != no {
			t.Errorf("%s means no: %v (%v)", value, c.no(), err)
		}
	}
}
