package polar_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"counterfoil/twin"
	"counterfoil/twin/server"
)

// keys are what @polar-sh/sdk 0.47.1 demands of each object, which is stricter than polar-go about presence:
// every key must be there, and only one with a "~" may be null. Read from its types in August 2026.
var keys = map[string]string{
	"product": `id created_at modified_at~ trial_interval~ trial_interval_count~ name description~ visibility
		recurring_interval~ recurring_interval_count~ is_recurring is_archived organization_id metadata prices benefits medias
		attached_custom_fields`,
	"price":   `created_at modified_at~ id source amount_type price_currency is_archived product_id price_amount`,
	"benefit": `id created_at modified_at~ type description selectable deletable is_deleted organization_id metadata properties`,
	"checkout": `id created_at modified_at~ payment_processor status client_secret url expires_at success_url return_url~
		embed_origin~ amount discount_amount net_amount tax_amount~ tax_behavior~ total_amount currency allow_trial~
		active_trial_interval~ active_trial_interval_count~ trial_end~ organization_id product_id~ product_price_id~
		discount_id~ allow_discount_codes require_billing_address is_discount_applicable is_free_product_price
		is_payment_required is_payment_setup_required is_payment_form_required customer_id~ is_business_customer
		customer_name~ customer_email~ customer_ip_address~ customer_billing_name~ customer_billing_address~
		customer_tax_id~ payment_processor_metadata billing_address_fields trial_interval~ trial_interval_count~ metadata
		external_customer_id~ products product~ product_price~ prices~ discount~ subscription_id~ attached_custom_fields~
		customer_metadata`,
	"customer": `id created_at modified_at~ metadata email email_verified type name~ billing_address~ tax_id~
		organization_id deleted_at~ avatar_url`,
	"state": `id created_at modified_at~ metadata email email_verified type name~ billing_address~ tax_id~
		organization_id deleted_at~ avatar_url active_subscriptions granted_benefits active_meters`,
	"state subscription": `id created_at modified_at~ metadata status amount currency recurring_interval current_period_start
		current_period_end trial_start~ trial_end~ cancel_at_period_end canceled_at~ started_at~ ends_at~ product_id
		discount_id~ meters`,
	"state benefit": `id created_at modified_at~ granted_at benefit_id benefit_type benefit_metadata properties`,
	"state meter":   `id created_at modified_at~ meter_id consumed_units credited_units balance`,
	"session":       `created_at modified_at~ id token expires_at return_url~ customer_portal_url customer_id customer`,
	"subscription": `created_at modified_at~ id amount currency recurring_interval recurring_interval_count status
		current_period_start current_period_end trial_start~ trial_end~ cancel_at_period_end canceled_at~ started_at~
		ends_at~ ended_at~ customer_id product_id discount_id~ checkout_id~ customer_cancellation_reason~
		customer_cancellation_comment~ metadata customer product discount~ prices meters pending_update~`,
	"order": `id created_at modified_at~ status paid subtotal_amount discount_amount net_amount tax_amount total_amount
		applied_balance_amount due_amount refunded_amount refunded_tax_amount currency billing_reason billing_name~
		billing_address~ invoice_number is_invoice_generated customer_id product_id~ discount_id~ subscription_id~
		checkout_id~ metadata platform_fee_amount platform_fee_currency~ customer product~ discount~ subscription~ items
		description`,
	"order item": `created_at modified_at~ id label amount tax_amount proration product_price_id~`,
	"refund": `created_at modified_at~ id metadata status reason amount tax_amount currency organization_id order_id
		subscription_id~ customer_id revoke_benefits dispute~`,
	"grant": `created_at modified_at~ id is_granted is_revoked subscription_id~ order_id~ customer_id benefit_id customer
		benefit properties`,
	"meter":          `metadata created_at modified_at~ id name unit filter aggregation organization_id`,
	"customer meter": `id created_at modified_at~ customer_id meter_id consumed_units credited_units balance customer meter`,
	"event":          `id timestamp organization_id customer_id~ customer~ external_customer_id~ label name source metadata`,
	"discount": `duration type id created_at modified_at~ metadata name code~ starts_at~ ends_at~ max_redemptions~
		redemptions_count organization_id products basis_points`,
	"organization": `created_at modified_at~ id name slug avatar_url~ proration_behavior allow_customer_updates email~
		website~ socials status details_submitted_at~ default_presentment_currency default_tax_behavior feature_settings~
		subscription_settings notification_settings customer_email_settings customer_portal_settings account_id~
		payout_account_id~ capabilities`,
	"endpoint": `created_at modified_at~ id url format secret organization_id events enabled`,
	"delivery": `created_at modified_at~ id succeeded http_code~ response~ webhook_event`,
	"webhook":  `created_at modified_at~ id skipped payload~ type is_archived`,
}

func TestEveryKeyIsThere(t *testing.T) {
	shop := newReceiver(t, nil)
	w := newWorld(t, shop.URL)
	sam := w.customer("sam@example.com").ID
	ok(w.Engine.CreateCheckout(t.Context(), twin.CheckoutInput{ProductIDs: []string{w.product("pro").ID}, CustomerID: sam}))(t)
	shop.await(t, func(a []arrival) bool { return len(a) > 0 })
	w.Engine.WaitDelivered(t.Context(), "checkout.created", w.get("/v1/checkouts/")["items"].([]any)[0].(map[string]any)["id"].(string), 5*time.Minute)
	_, _, session := w.call("POST", "/v1/customer-sessions/", server.OrganizationToken, `{"customer_id":"`+sam+`"}`)
	first := func(path string, steps ...string) map[string]any {
		t.Helper()
		return dig(t, w.get(path), append([]string{"items"}, steps...)...)
	}
	state := w.get("/v1/customers/" + sam + "/state")
	objects := map[string]map[string]any{
		"product": first("/v1/products/"), "price": first("/v1/products/", "prices"), "benefit": first("/v1/benefits/"),
		"checkout": first("/v1/checkouts/"), "customer": first("/v1/customers/"), "state": state,
		"state subscription": dig(t, state, "active_subscriptions"), "state benefit": dig(t, state, "granted_benefits"),
		"state meter": dig(t, state, "active_meters"), "session": decoded(t, []byte(session)),
		"subscription": first("/v1/subscriptions/"), "order": first("/v1/orders/"), "order item": first("/v1/orders/", "items"),
		"refund": first("/v1/refunds/"), "grant": first("/v1/benefit-grants/"), "meter": first("/v1/meters/"),
		"customer meter": first("/v1/customer-meters/"), "event": first("/v1/events/"), "discount": first("/v1/discounts/"),
		"organization": first("/v1/organizations/"), "endpoint": first("/v1/webhooks/endpoints"),
		"delivery": first("/v1/webhooks/deliveries"), "webhook": first("/v1/webhooks/deliveries", "webhook_event"),
	}
	for name, list := range keys {
		object, known := objects[name]
		if !known {
			t.Errorf("no %s to look at", name)
		}
		for _, key := range strings.Fields(list) {
			key, nullable := strings.CutSuffix(key, "~")
			if value, there := object[key]; !there || value == nil && !nullable {
				t.Errorf("%s: %s is %v", name, key, value)
			}
		}
		checkTimes(t, name, object)
	}
}

// dig walks into an object; a list on the way is entered at its first member.
func dig(t *testing.T, object map[string]any, steps ...string) map[string]any {
	t.Helper()
	for _, step := range steps {
		next := object[step]
		if list, isList := next.([]any); isList {
			if len(list) == 0 {
				t.Fatalf("%s is empty", step)
			}
			next = list[0]
		}
		object = next.(map[string]any)
	}
	return object
}

// checkTimes looks at the form of every instant of an object: microseconds and Z.
func checkTimes(t *testing.T, name string, object map[string]any) {
	t.Helper()
	for key, value := range object {
		text, isText := value.(string)
		if !isText || !strings.HasSuffix(key, "_at") && !slices.Contains([]string{"timestamp", "current_period_end"}, key) {
			continue
		}
		if len(text) != len("2026-05-04T10:00:00.123456Z") || text[19] != '.' || !strings.HasSuffix(text, "Z") {
			t.Errorf("%s: %s is %s", name, key, text)
		}
	}
}
