package polar_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"counterfoil/twin"
)

// portal sends a request to the portal API and expects a status.
func (w *world) portal(method, path, token, body string, want int) map[string]any {
	w.t.Helper()
	status, _, answer := w.call(method, "/v1/customer-portal"+path, token, body)
	if status != want {
		w.t.Fatalf("%s %s: %d %s, want %d", method, path, status, answer, want)
	}
	if answer == "" || answer == "null" {
		return nil
	}
	return decoded(w.t, []byte(answer))
}

func TestPortalTokens(t *testing.T) {
	w := newWorld(t, "")
	sam := *w.session("sam@example.com")
	order := w.Engine.OrdersOf(w.customer("sam@example.com").ID)[0].ID
	sub := w.Engine.SubscriptionsOf(w.customer("sam@example.com").ID)[0].ID
	for _, path := range []string{
		"/customers/me", "/customers/me/export", "/customers/me/payment-methods", "/orders/", "/orders/" + order, "/subscriptions/", "/subscriptions/" + sub,
		"/benefit-grants/", "/meters/", "/wallets/", "/license-keys/", "/downloadables/", "/customer-session/user", "/customer-session/introspect",
	} {
		w.portal("GET", path, sam, "", 200)
		w.portal("GET", path, tokenOfShop, "", 401)
		w.portal("GET", path, "", "", 401)
		w.portal("GET", path, "polar_cst_nobody", "", 401)
	}
	must(t, w.Engine.Advance(t.Context(), time.Hour))
	w.portal("GET", "/customers/me", sam, "", 401)
}

func TestPortalOwnership(t *testing.T) {
	w := newWorld(t, "")
	pat, sam := *w.session("pat@example.com"), w.customer("sam@example.com").ID
	order, sub, grant := w.Engine.OrdersOf(sam)[0].ID, w.Engine.SubscriptionsOf(sam)[0].ID, w.Engine.GrantsOf(sam)[0].ID
	before := w.Engine.Summary()
	for _, c := range []struct{ method, path, body string }{
		{"GET", "/orders/" + order, ""}, {"PATCH", "/orders/" + order, `{"billing_name":"Pat"}`}, {"GET", "/orders/" + order + "/invoice", ""},
		{"POST", "/orders/" + order + "/invoice", ""}, {"GET", "/orders/" + order + "/receipt", ""}, {"GET", "/orders/" + order + "/payment-status", ""},
		{"POST", "/orders/" + order + "/confirm-payment", `{"confirmation_token_id":"` + twin.CardSucceeds + `"}`},
		{"GET", "/subscriptions/" + sub, ""}, {"PATCH", "/subscriptions/" + sub, `{"cancel_at_period_end":true}`}, {"DELETE", "/subscriptions/" + sub, ""},
		{"POST", "/subscriptions/" + sub + "/revoke", `{}`}, {"GET", "/subscriptions/" + sub + "/charge-preview", ""},
		{"GET", "/subscriptions/" + sub + "/cancel-preview", ""}, {"POST", "/subscriptions/" + sub + "/change-preview", `{"product_id":"` + w.product("free").ID + `"}`},
		{"GET", "/benefit-grants/" + grant, ""}, {"PATCH", "/benefit-grants/" + grant, `{"benefit_type":"custom"}`},
		{"GET", "/meters/" + w.Engine.MetersOf(sam)[0].ID, ""}, {"GET", "/seats?subscription_id=" + sub, ""},
		{"POST", "/seats", `{"subscription_id":"` + sub + `","email":"x@example.com"}`},
	} {
		if answer := w.portal(c.method, c.path, pat, c.body, 404); answer["error"] != "ResourceNotFound" {
			t.Errorf("%s %s: %v", c.method, c.path, answer)
		}
	}
	if after := w.Engine.Summary(); after.Orders != before.Orders || after.Subscriptions != before.Subscriptions {
		t.Errorf("something happened: %+v", after)
	}
}

func TestPortalLoginByCode(t *testing.T) {
	w := newWorld(t, "")
	o := w.Engine.Organization().ID
	ask := func(email string) {
		w.portal("POST", "/customer-session/request", "", `{"email":"`+email+`","organization_id":"`+o+`"}`, 202)
	}
	before := len(w.Engine.Mails())
	ask("nobody@example.com")
	if len(w.Engine.Mails()) != before {
		t.Error("a stranger got mail")
	}
	ask("SAM@example.com")
	code := regexp.MustCompile(`\b\d{6}\b`).FindString(w.Engine.Mails()[0].Text)
	refused := w.portal("POST", "/customer-session/authenticate", "", `{"code":"x"}`, 401)
	if refused["error"] != "CustomerSessionCodeInvalidOrExpired" {
		t.Errorf("a wrong code: %v", refused)
	}
	token := w.portal("POST", "/customer-session/authenticate", "", `{"code":"`+code+`"}`, 200)["token"].(string)
	if me := w.portal("GET", "/customers/me", token, "", 200); me["email"] != "sam@example.com" {
		t.Errorf("signed in as %v", me)
	}
	w.portal("POST", "/customer-session/authenticate", "", `{"code":"`+code+`"}`, 401) // once
	ask("sam@example.com")
	code = regexp.MustCompile(`\b\d{6}\b`).FindString(w.Engine.Mails()[0].Text)
	must(t, w.Engine.Advance(t.Context(), 31*time.Minute))
	w.portal("POST", "/customer-session/authenticate", "", `{"code":"`+code+`"}`, 401)
}

func TestPortalPreviews(t *testing.T) {
	w := newWorld(t, "")
	sam := w.customer("sam@example.com")
	token, sub := *w.session("sam@example.com"), w.Engine.SubscriptionsOf(sam.ID)[0]
	path := "/subscriptions/" + sub.ID
	charge := w.portal("GET", path+"/charge-preview", token, "", 200)
	if fmt.Sprint(charge["base_amount"]) != "2400" || fmt.Sprint(charge["total_amount"]) != "2400" {
		t.Errorf("next charge %v", charge)
	}
	if cancel := w.portal("GET", path+"/cancel-preview", token, "", 200); fmt.Sprint(cancel["total_amount"]) != "0" {
		t.Errorf("charge after a cancellation %v", cancel)
	}
	orders := len(w.Engine.OrdersOf(sam.ID))
	change := w.portal("POST", path+"/change-preview", token, `{"product_id":"`+w.product("pro-yearly").ID+`"}`, 200)
	if got := w.Engine.SubscriptionsOf(sam.ID)[0]; got.ProductID != sub.ProductID || len(w.Engine.OrdersOf(sam.ID)) != orders {
		t.Fatal("a preview changed the subscription")
	}
	// The clock runs between preview and change, so a unit of rounding may lie between them.
	w.portal("PATCH", path, token, `{"product_id":"`+w.product("pro-yearly").ID+`"}`, 200)
	made := w.Engine.OrdersOf(sam.ID)[orders]
	if want := fmt.Sprint(change["total_amount"]); want != fmt.Sprint(made.Subtotal) && want != fmt.Sprint(made.Subtotal-1) && want != fmt.Sprint(made.Subtotal+1) {
		t.Errorf("preview %s, charged %d", want, made.Subtotal)
	}
	w.portal("POST", path+"/change-preview", token, `{}`, 422)
	w.portal("POST", path+"/change-preview", token, `{"product_id":"`+w.product("credits-1000").ID+`"}`, 422)
}

func TestPortalRevokeReceiptExport(t *testing.T) {
	w := newWorld(t, "")
	sam := w.customer("sam@example.com")
	token, sub := *w.session("sam@example.com"), w.Engine.SubscriptionsOf(sam.ID)[0]
	order := w.Engine.OrdersOf(sam.ID)[0]
	receipt := w.portal("GET", "/orders/"+order.ID+"/receipt", token, "", 200)["url"].(string)
	if status, header, body := w.fetch("GET", receipt, nil); status != 200 || header.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(string(body), "%PDF-") {
		t.Errorf("receipt: %d %v", status, header)
	}
	export := w.portal("GET", "/customers/me/export", token, "", 200)
	if len(export["orders"].([]any)) != 15 || len(export["events"].([]any)) < 100 || export["customer"].(map[string]any)["email"] != sam.Email {
		t.Errorf("export of %d orders and %d events", len(export["orders"].([]any)), len(export["events"].([]any)))
	}
	ended := w.portal("POST", "/subscriptions/"+sub.ID+"/revoke", token, `{"cancellation_reason":"unused"}`, 200)
	if ended["status"] != "canceled" || ended["customer_cancellation_reason"] != "unused" || ended["ended_at"] == nil {
		t.Errorf("revoked %v", ended)
	}
	w.portal("POST", "/subscriptions/"+sub.ID+"/revoke", token, `{}`, 403)
	w.portal("GET", "/subscriptions/"+sub.ID+"/charge-preview", token, "", 404)
	pat := *w.session("pat@example.com")
	pending := w.Engine.OrdersOf(w.customer("pat@example.com").ID)
	w.portal("GET", "/orders/"+pending[len(pending)-1].ID+"/receipt", pat, "", 404)
}

func TestPortalDefaultCardPaysWhatIsDue(t *testing.T) {
	w := newWorld(t, "")
	token := *w.session("pat@example.com")
	w.portal("POST", "/customers/me/payment-methods", token,
		`{"confirmation_token_id":"`+twin.CardSucceeds+`","set_default":true,"return_url":"https://shop.example/"}`, 201)
	must(t, w.Engine.Advance(t.Context(), 0))
	if sub := w.Engine.SubscriptionsOf(w.customer("pat@example.com").ID)[0]; sub.Status != twin.Active {
		t.Errorf("subscription is %s", sub.Status)
	}
	methods := w.portal("GET", "/customers/me/payment-methods", token, "", 200)["items"].([]any)
	other := methods[len(methods)-1].(map[string]any)["id"].(string)
	me := w.portal("PATCH", "/customers/me", token, `{"default_payment_method_id":"`+other+`"}`, 200)
	if me["default_payment_method_id"] != other {
		t.Errorf("default %v", me["default_payment_method_id"])
	}
	w.portal("PATCH", "/customers/me", token, `{"default_payment_method_id":"`+w.customer("sam@example.com").MethodID+`"}`, 422)
}

func TestPortalEmailUpdate(t *testing.T) {
	w := newWorld(t, "")
	token, path := *w.session("sam@example.com"), "/customers/me/email-update/"
	ask := func(email string, want int) { w.portal("POST", path+"request", token, `{"email":"`+email+`"}`, want) }
	ask("pat@example.com", 422) // somebody's
	ask("nonsense", 422)
	ask("sam@okafor.example", 202)
	mail := w.Engine.Mails()[0]
	sent := regexp.MustCompile(`polar_ceu_\w+`).FindString(mail.Text)
	if mail.To[0] != "sam@okafor.example" {
		t.Errorf("mailed to %v", mail.To)
	}
	w.portal("GET", path+"check?token="+sent, "", "", 204)
	w.portal("GET", path+"check?token=polar_ceu_x", "", "", 401)
	w.portal("POST", "/customer-session/authenticate", "", `{"code":"`+sent+`"}`, 401)
	session := w.portal("POST", path+"verify", "", `{"token":"`+sent+`"}`, 200)["token"].(string)
	if me := w.portal("GET", "/customers/me", session, "", 200); me["email"] != "sam@okafor.example" {
		t.Errorf("customer %v", me)
	}
	w.portal("POST", path+"verify", "", `{"token":"`+sent+`"}`, 401) // once
}
