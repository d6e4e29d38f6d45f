package polar

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"counterfoil/billing"
)

// object reads one object of a kind from an answer or a webhook. An error means that
// it cannot be understood without a guess.
func (p *Provider) object(kind billing.Kind, raw []byte) (billing.Object, error) {
	switch kind {
	case billing.KindProduct:
		return readAs(kind, raw, p.product)
	case billing.KindMeter:
		return readAs(kind, raw, meter)
	case billing.KindCustomer:
		return readAs(kind, raw, customer)
	case billing.KindCheckout:
		return readAs(kind, raw, checkout)
	case billing.KindOrder:
		return readAs(kind, raw, order)
	case billing.KindSubscription:
		return readAs(kind, raw, subscription)
	case billing.KindGrant:
		return readAs(kind, raw, grant)
	case billing.KindBalance:
		return readAs(kind, raw, balance)
	case billing.KindRefund:
		return readAs(kind, raw, refund)
	case billing.KindBenefit:
		return readAs(kind, raw, benefitDefinition)
	case billing.KindOrganization:
		return readAs(kind, raw, organization)
	case billing.KindSeat:
		return readAs(kind, raw, seat)
	default:
		return nil, fmt.Errorf("objects of kind %q: %w", kind, billing.ErrInvalid)
	}
}

// readAs decodes raw and translates it.
func readAs[W any, O billing.Object](kind billing.Kind, raw []byte, translate func(W) (O, error)) (billing.Object, error) {
	var wire W
	if err := decode(raw, &wire); err != nil {
		return nil, fmt.Errorf("read %T: %w", *new(O), err)
	}
	if w, ok := any(&wire).(interface{ keep(raw string) }); ok {
		w.keep(inOwnWords(kind, raw))
	}
	object, err := translate(wire)
	if err != nil {
		return nil, fmt.Errorf("read %T: %w", object, err)
	}
	return object, nil
}

// source is what all objects share. The version is the time of the last change, which
// is the only order that Polar's copies have.
func (s stamps) source() (billing.Source, error) {
	if s.ID == "" || s.CreatedAt.IsZero() {
		return billing.Source{}, errors.New("an object without id or created_at")
	}
	return billing.Source{
		Provider: Name, ProviderID: s.ID, Version: latest(s.CreatedAt, s.ModifiedAt).UnixMicro(), CreatedAt: s.CreatedAt.UTC(),
		Raw: s.raw,
	}, nil
}

func customer(w wireCustomer) (billing.Customer, error) {
	source, err := w.source()
	if err != nil {
		return billing.Customer{}, err
	}
	c := billing.Customer{
		Source: source, ExternalID: w.ExternalID, Email: lower(w.Email), EmailVerified: w.EmailVerified, Name: w.Name,
	}
	if !w.DeletedAt.IsZero() {
		c.Deleted = true
		c.Version = latest(w.CreatedAt, w.ModifiedAt, w.DeletedAt).UnixMicro()
		if c.ExternalID == "" {
			// Polar frees the external id for another customer and keeps it here.
			c.ExternalID, _ = w.Metadata["__external_id"].(string)
		}
	}
	return c, nil
}

func balance(w wireBalance) (billing.Balance, error) {
	source, err := w.source()
	if err != nil {
		return billing.Balance{}, err
	}
	b := billing.Balance{Source: source, ProviderCustomerID: w.CustomerID, ProviderMeterID: w.MeterID}
	for _, figure := range []struct {
		to   *billing.Credits
		from json.Number
	}{{&b.Consumed, w.ConsumedUnits}, {&b.Credited, w.CreditedUnits}, {&b.Balance, w.Balance}} {
		// Rounded: Polar adds consumed units up as floats.
		if *figure.to, err = billing.RoundCredits(figure.from); err != nil {
			return billing.Balance{}, err
		}
	}
	return b, nil
}

// benefitKinds translates Polar's benefit types. Another one is kept and shown by its
// description: it gives nothing here, so nothing is guessed.
var benefitKinds = map[string]billing.BenefitKind{
	"custom": billing.BenefitCustom, "meter_credit": billing.BenefitCredits, "feature_flag": billing.BenefitFeature,
	"license_keys": billing.BenefitLicense, "downloadables": billing.BenefitDownloads,
	"discord": billing.BenefitDiscord, "github_repository": billing.BenefitGitHub,
}

func benefitKind(name string) billing.BenefitKind {
	if kind, known := benefitKinds[name]; known {
		return kind
	}
	return billing.BenefitOther
}

func benefit(w wireBenefit) (billing.Benefit, error) {
	b := billing.Benefit{
		ProviderID: w.ID, Kind: benefitKind(w.Type), Description: w.Description, Metadata: texts(w.Metadata),
	}
	if b.Kind != billing.BenefitCredits {
		return b, nil
	}
	var credit wireCredit
	if err := decode(w.Properties, &credit); err != nil {
		return b, fmt.Errorf("benefit %s: %w", w.ID, err)
	}
	units, err := billing.ParseCredits(credit.Units)
	if err != nil {
		return b, fmt.Errorf("benefit %s: %w", w.ID, err)
	}
	b.Units, b.Rollover, b.MeterID = units, credit.Rollover, credit.MeterID
	return b, nil
}

func benefitDefinition(w wireBenefit) (billing.BenefitDefinition, error) {
	source, err := w.source()
	if err != nil {
		return billing.BenefitDefinition{}, err
	}
	b, err := benefit(w)
	return billing.BenefitDefinition{Source: source, Benefit: b}, err
}

func organization(w wireOrganization) (billing.Organization, error) {
	source, err := w.source()
	if err != nil {
		return billing.Organization{}, err
	}
	return billing.Organization{Source: source, Slug: w.Slug, Name: w.Name}, nil
}

func grant(w wireGrant) (billing.Grant, error) {
	source, err := w.source()
	if err != nil {
		return billing.Grant{}, err
	}
	return billing.Grant{
		Source:                 source,
		ProviderCustomerID:     w.CustomerID,
		ProviderBenefitID:      w.BenefitID,
		ProviderSubscriptionID: w.SubscriptionID,
		ProviderOrderID:        w.OrderID,
		ProviderMemberID:       w.MemberID,
		Kind:                   benefitKind(w.Benefit.Type),
		Description:            w.Benefit.Description,
		GrantedAt:              utc(w.GrantedAt),
		RevokedAt:              utc(w.RevokedAt),
		Properties:             texts(w.Properties),
	}, nil
}

// texts flattens a JSON map: text as it is, numbers and booleans as their JSON; what
// is null is left out, objects and lists stay JSON.
func texts(values map[string]any) map[string]string {
	if len(values) == 0 {
		return nil
	}
	flat := make(map[string]string, len(values))
	for key, value := range values {
		switch v := value.(type) {
		case nil:
		case string:
			flat[key] = v
		case json.Number:
			flat[key] = v.String()
		case bool:
			flat[key] = strconv.FormatBool(v)
		default:
			if text, err := json.Marshal(v); err == nil {
				flat[key] = string(text)
			}
		}
	}
	return flat
}

// latest is the last of some times.
func latest(times ...time.Time) time.Time {
	var last time.Time
	for _, t := range times {
		if t.After(last) {
			last = t
		}
	}
	return last
}

// utc keeps the zero time zero.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC()
}
