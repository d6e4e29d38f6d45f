package polar_test

import (
	"slices"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/twin"
)

// TestCheckWithTwin: the check of an installation finds nothing wrong, and changes
// nothing.
func TestCheckWithTwin(t *testing.T) {
	w := newWorld(t)
	total := func() (totals []int) {
		for _, kind := range w.Lists() {
			page, err := w.List(t.Context(), kind, 1)
			if err != nil {
				t.Fatal(err)
			}
			totals = append(totals, page.Total)
		}
		return totals
	}
	before := total()
	for _, f := range w.Check(t.Context()) {
		if !f.OK {
			t.Errorf("%+v", f)
		}
	}
	if after := total(); !slices.Equal(before, after) {
		t.Errorf("before %v, after %v", before, after)
	}
}

// TestListsWithTwin: every list is read whole, oldest first, all of it is understood, and
// what an object refers to is in a list before its own.
func TestListsWithTwin(t *testing.T) {
	w := newWorld(t)
	order := paid(t, w, "pro", "buyer", twin.CardSucceeds)
	if _, err := w.CreateRefund(t.Context(), give(order, "k", 100)); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"": true}
	count := map[billing.Kind]int{}
	for _, kind := range w.Lists() {
		var last time.Time
		var refers []string
		err := billing.EachPage(t.Context(), w, kind, 0, func(p billing.Page) error {
			if len(p.Objects) != p.Total {
				t.Errorf("%s: %d of %d understood", kind, len(p.Objects), p.Total)
			}
			for _, o := range p.Objects {
				if o.Ref().Kind != kind {
					t.Errorf("list %s has %v", kind, o.Ref())
				}
				at, needs := agedAndNeeding(o)
				if at.Before(last) {
					t.Errorf("%v of %s comes after %s", o.Ref(), at, last)
				}
				last, refers = at, append(refers, needs...)
				known[o.Ref().ProviderID] = true
				count[kind]++
				if again, err := w.Fetch(t.Context(), o.Ref()); kind != billing.KindGrant && (err != nil || again.ObjectVersion() != o.ObjectVersion()) {
					t.Errorf("%v read alone: %+v, %v", o.Ref(), again, err)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range refers {
			if !known[id] {
				t.Errorf("a %s refers to %s, which no list had before", kind, id)
			}
		}
		if count[kind] == 0 {
			t.Errorf("no %s", kind)
		}
	}
	endpoints, err := w.Endpoints(t.Context())
	if err != nil || len(endpoints) != 1 || !endpoints[0].Enabled || !slices.Contains(endpoints[0].Types, "refund.created") {
		t.Errorf("endpoints %+v, %v", endpoints, err)
	}
}

// agedAndNeeding is what a list is sorted by, and whom an object refers to.
func agedAndNeeding(o billing.Object) (time.Time, []string) {
	switch o := o.(type) {
	case billing.Product:
		var meters []string
		for _, b := range o.Benefits {
			meters = append(meters, b.ProviderID, b.MeterID)
		}
		return o.CreatedAt, meters
	case billing.BenefitDefinition:
		return o.CreatedAt, []string{o.Benefit.MeterID}
	case billing.Checkout:
		return o.CreatedAt, []string{o.ProviderCustomerID, o.ProviderProductID}
	case billing.Subscription:
		return o.StartedAt, []string{o.ProviderCustomerID, o.ProviderProductID, o.ProviderCheckoutID}
	case billing.Order:
		return o.CreatedAt, []string{o.ProviderCustomerID, o.ProviderProductID, o.ProviderSubscriptionID, o.ProviderCheckoutID}
	case billing.Refund:
		return o.CreatedAt, []string{o.ProviderOrderID, o.ProviderCustomerID}
	case billing.Grant:
		return o.CreatedAt, []string{o.ProviderCustomerID, o.ProviderBenefitID, o.ProviderSubscriptionID, o.ProviderOrderID}
	case billing.Balance:
		return o.CreatedAt, []string{o.ProviderCustomerID, o.ProviderMeterID}
	case billing.Customer:
		return o.CreatedAt, nil
	case billing.Meter:
		return o.CreatedAt, nil
	default:
		return o.(billing.Organization).CreatedAt, nil
	}
}
