package betterauth

import (
	"context"
	"encoding/json"

	"counterfoil/billing"
	"counterfoil/db"
)

// Fields of the wire's objects, in the provider's names (@polar-sh/sdk 0.47.1, customer
// portal objects). Nothing else of an object leaves.
const (
	fieldsState    = "id created_at modified_at metadata external_id email email_verified type? name billing_address tax_id locale? organization_id deleted_at avatar_url"
	fieldsCustomer = "id created_at modified_at email email_verified name billing_name billing_address tax_id default_payment_method_id? type?"

	fieldsSubscription = "created_at modified_at id amount currency recurring_interval recurring_interval_count status current_period_start current_period_end " +
		"trial_start trial_end cancel_at_period_end canceled_at started_at ends_at ended_at customer_id product_id discount_id checkout_id seats? " +
		"customer_cancellation_reason customer_cancellation_comment"
	fieldsActive = "id created_at modified_at custom_field_data? metadata status amount currency recurring_interval current_period_start current_period_end " +
		"trial_start trial_end cancel_at_period_end canceled_at started_at ends_at product_id discount_id"
	fieldsOrder = "id created_at modified_at status paid subtotal_amount discount_amount net_amount tax_amount total_amount applied_balance_amount due_amount " +
		"refunded_amount refunded_tax_amount currency billing_reason billing_name billing_address invoice_number is_invoice_generated seats? customer_id product_id " +
		"discount_id subscription_id checkout_id items description next_payment_attempt_at?"
	fieldsGrant = "created_at modified_at id granted_at revoked_at customer_id member_id? benefit_id subscription_id order_id is_granted is_revoked error? properties"
	fieldsMeter = "id created_at modified_at customer_id meter_id consumed_units credited_units balance"

	fieldsProduct = "id created_at modified_at trial_interval trial_interval_count name description visibility? recurring_interval recurring_interval_count " +
		"is_recurring is_archived organization_id prices benefits medias"
	fieldsBenefit      = "id created_at modified_at type description selectable deletable is_deleted? organization_id metadata"
	fieldsOrganization = "created_at modified_at id name slug avatar_url proration_behavior allow_customer_updates customer_portal_settings? organization_features?"
	fieldsNamed        = "id created_at modified_at name"
	fieldsMetered      = "id created_at modified_at consumed_units credited_units amount meter_id"
)

// subscriberSees are the properties of a benefit that its subscriber is told, by type.
var subscriberSees = map[string]string{
	"custom": "note", "discord": "guild_id", "github_repository": "repository_owner repository_name", "meter_credit": "units rollover meter_id",
	"license_keys": "prefix expires activations limit_usage", "downloadables": "active_files?",
}

// catalog is what objects of customers refer to, by id.
type catalog struct {
	products, benefits, meters map[string]object
	organization               object
}

// catalogOf reads the catalog. It is taken apart once, for as long as nothing changes.
func (s *Server) catalogOf(ctx context.Context) (*catalog, error) {
	raws, err := s.Store.CatalogRaw(ctx, s.Provider.Name())
	if err != nil {
		return nil, err
	}
	return s.kept.catalog(raws, func() (*catalog, error) {
		c := &catalog{products: map[string]object{}, benefits: map[string]object{}, meters: map[string]object{}}
		for _, raw := range raws {
			o, err := readObject(raw.Body)
			if err != nil {
				return nil, err
			}
			switch raw.Kind {
			case billing.KindProduct:
				c.products[raw.ProviderID] = o
			case billing.KindBenefit:
				c.benefits[raw.ProviderID] = o
			case billing.KindMeter:
				c.meters[raw.ProviderID] = o
			case billing.KindOrganization:
				c.organization = o
			}
		}
		return c, nil
	})
}

// refer writes a field that holds another object, or null when we have none.
func refer(w *writer, name string, o object, fields string) error {
	value := json.RawMessage("null")
	if o != nil {
		var err error
		if value, err = picked(o, fields); err != nil {
			return err
		}
	}
	w.put(name, value)
	return nil
}

// product writes a product as a subscriber sees it.
func (c *catalog) product(w *writer, id string) error {
	o := c.products[id]
	if o == nil {
		w.put("product", []byte("null"))
		return nil
	}
	var inner writer
	if err := inner.take(o, fieldsProduct); err != nil {
		return err
	}
	if err := refer(&inner, "organization", c.organization, fieldsOrganization); err != nil {
		return err
	}
	w.put("product", inner.end())
	return nil
}

// meters shapes the meters of a subscription: each with the meter itself, or without.
func (c *catalog) metersOf(sub object, named bool) (json.RawMessage, error) {
	var rows []object
	if raw, there := sub["meters"]; there {
		if err := json.Unmarshal(raw, &rows); err != nil {
			return nil, err
		}
	}
	items := make([]json.RawMessage, len(rows))
	for i, row := range rows {
		var w writer
		if err := w.take(row, fieldsMetered); err != nil {
			return nil, err
		}
		if named {
			if err := refer(&w, "meter", c.meters[row.text("meter_id")], fieldsNamed); err != nil {
				return nil, err
			}
		}
		items[i] = w.end()
	}
	return list(items), nil
}

// subscription shapes one as its owner's list has it; payer is set in lists by reference.
func (c *catalog) subscription(raw db.Raw, payer object) (json.RawMessage, error) {
	o, err := readObject(raw.Body)
	if err != nil {
		return nil, err
	}
	var w writer
	if err := w.take(o, fieldsSubscription); err != nil {
		return nil, err
	}
	if err := c.product(&w, o.text("product_id")); err != nil {
		return nil, err
	}
	rest := "prices pending_update"
	if payer != nil {
		rest += " metadata custom_field_data? discount"
	}
	if err := w.take(o, rest); err != nil {
		return nil, err
	}
	meters, err := c.metersOf(o, true)
	if err != nil {
		return nil, err
	}
	w.put("meters", meters)
	if payer != nil {
		if err := refer(&w, "customer", payer, fieldsState); err != nil {
			return nil, err
		}
	}
	return w.end(), nil
}

func (c *catalog) order(raw db.Raw, subs map[string]object) (json.RawMessage, error) {
	o, err := readObject(raw.Body)
	if err != nil {
		return nil, err
	}
	var w writer
	if err := w.take(o, fieldsOrder); err != nil {
		return nil, err
	}
	if err := c.product(&w, o.text("product_id")); err != nil {
		return nil, err
	}
	if err := refer(&w, "subscription", subs[o.text("subscription_id")], fieldsSubscription+" metadata"); err != nil {
		return nil, err
	}
	return w.end(), nil
}

func (c *catalog) grant(raw db.Raw, owner json.RawMessage) (json.RawMessage, error) {
	o, err := readObject(raw.Body)
	if err != nil {
		return nil, err
	}
	var w writer
	if err := w.take(o, fieldsGrant); err != nil {
		return nil, err
	}
	w.put("customer", owner)
	benefit := c.benefits[o.text("benefit_id")]
	if benefit == nil {
		w.put("benefit", []byte("null"))
		return w.end(), nil
	}
	var inner writer
	if err := inner.take(benefit, fieldsBenefit); err != nil {
		return nil, err
	}
	if err := refer(&inner, "organization", c.organization, fieldsOrganization); err != nil {
		return nil, err
	}
	var properties object
	if err := json.Unmarshal(benefit["properties"], &properties); err != nil {
		properties = object{}
	}
	if err := refer(&inner, "properties", properties, subscriberSees[benefit.text("type")]); err != nil {
		return nil, err
	}
	w.put("benefit", inner.end())
	return w.end(), nil
}

func (c *catalog) meter(raw db.Raw) (json.RawMessage, error) {
	o, err := readObject(raw.Body)
	if err != nil {
		return nil, err
	}
	var w writer
	if err := w.take(o, fieldsMeter); err != nil {
		return nil, err
	}
	if err := refer(&w, "meter", c.meters[o.text("meter_id")], fieldsNamed); err != nil {
		return nil, err
	}
	return w.end(), nil
}

// portalCustomer is a customer as his own lists name him.
func portalCustomer(o object) (json.RawMessage, error) {
	var w writer
	if err := w.take(o, fieldsCustomer); err != nil {
		return nil, err
	}
	w.put("oauthAccounts", []byte("{}")) // which platforms he linked at the provider is not copied
	return w.end(), nil
}
