package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// Rehearsal is what a change would do. One that was applied before changes nothing; it may
// ask for jobs again, which read the provider and find nothing new either.
type Rehearsal struct {
	Applied
	New    bool              // the mirror has nothing of the object
	Fields []FieldDifference // of the mirror's row, in order
	Told   []ToldFact        // the facts that are news, and who would be told
	// Problem is why it could not be applied; it is empty for what could.
	Problem string
}

// Changes reports whether anything would be different afterwards.
func (r Rehearsal) Changes() bool { return len(r.Fields) > 0 || len(r.Told) > 0 }

// FieldDifference is one field of the mirror before and after, as the text of its JSON;
// empty for what is not there.
type FieldDifference struct{ Name, Before, After string }

// ToldFact is a fact that would be new, with the hooks that would be called for it.
type ToldFact struct {
	Type, Key string
	Targets   []string
}

// errRehearsed ends a transaction that must leave nothing.
var errRehearsed = errors.New("rehearsed")

// Rehearse works out what changes would do, one after the other, and leaves everything
// as it is: it runs the very code that applies them, in one transaction that is always
// rolled back. It holds the writer for that long, so give it few at a time.
func (s *Store) Rehearse(ctx context.Context, changes []billing.Change, now time.Time) ([]Rehearsal, error) {
	var all []Rehearsal
	err := s.inTx(ctx, func(q *gen.Queries) error {
		all = nil
		for _, change := range changes {
			r, err := s.rehearse(ctx, q, change, now)
			if err != nil {
				return err
			}
			all = append(all, r)
		}
		return errRehearsed
	})
	if !errors.Is(err, errRehearsed) {
		return nil, fmt.Errorf("rehearse: %w", err)
	}
	return all, nil
}

func (s *Store) rehearse(ctx context.Context, q *gen.Queries, change billing.Change, now time.Time) (r Rehearsal, err error) {
	var before, after map[string]string
	if change.Object != nil {
		if before, err = mirrorFields(ctx, q, change.Object.Ref()); err != nil {
			return r, err
		}
	}
	if r.Applied, err = s.apply(ctx, q, change, now); err != nil {
		return r, err
	}
	if change.Object != nil {
		if after, err = mirrorFields(ctx, q, change.Object.Ref()); err != nil {
			return r, err
		}
	}
	r.New = before == nil && after != nil
	r.Fields = differences(before, after)
	for _, f := range r.News {
		r.Told = append(r.Told, ToldFact{Type: f.Type, Key: f.Key, Targets: s.targetsOf(f)})
	}
	return r, nil
}

// differences are the fields whose text differs, in the order of their names.
func differences(before, after map[string]string) (list []FieldDifference) {
	names := map[string]bool{}
	for _, fields := range []map[string]string{before, after} {
		for name := range fields {
			names[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if before[name] != after[name] {
			list = append(list, FieldDifference{Name: name, Before: before[name], After: after[name]})
		}
	}
	return list
}

// mirrorFields is the mirror's row of an object, field by field; nil when there is none. The
// time of copying is left out: it changes with every copy and says nothing.
func mirrorFields(ctx context.Context, q *gen.Queries, ref billing.Ref) (map[string]string, error) {
	row, err := mirrorRow(ctx, q, ref)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s %s: %w", ref.Kind, ref.ProviderID, err)
	}
	text, err := json.Marshal(row)
	if err != nil {
		return nil, fmt.Errorf("write %s %s: %w", ref.Kind, ref.ProviderID, err)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, fmt.Errorf("read %s %s: %w", ref.Kind, ref.ProviderID, err)
	}
	texts := make(map[string]string, len(fields))
	for name, value := range fields {
		if name != "CopiedAt" {
			texts[name] = fieldText(name, value)
		}
	}
	return texts, nil
}

// fieldText shows moments as UTC and leaves everything else as it is kept.
func fieldText(name string, value json.RawMessage) string {
	var number int64
	moments := strings.HasSuffix(name, "At") || name == "PeriodStart" || name == "PeriodEnd" || name == "TrialEnd"
	switch {
	case string(value) == "null" || string(value) == `""`:
		return ""
	case (moments || name == "Version") && json.Unmarshal(value, &number) == nil:
		if name == "Version" {
			return time.UnixMicro(number).UTC().Format("2006-01-02 15:04:05.000000")
		}
		return moment(number).Format("2006-01-02 15:04:05.000")
	}
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	return string(value)
}

// mirrorRow reads the row of any kind of object.
func mirrorRow(ctx context.Context, q *gen.Queries, ref billing.Ref) (any, error) {
	provider, id := ref.Provider, ref.ProviderID
	switch ref.Kind {
	case billing.KindProduct:
		return q.MirroredProduct(ctx, gen.MirroredProductParams{Provider: provider, ProviderID: id})
	case billing.KindMeter:
		return q.MirroredMeter(ctx, gen.MirroredMeterParams{Provider: provider, ProviderID: id})
	case billing.KindCustomer:
		return q.ProviderCustomerByID(ctx, gen.ProviderCustomerByIDParams{Provider: provider, ProviderID: id})
	case billing.KindCheckout:
		return q.MirroredCheckout(ctx, gen.MirroredCheckoutParams{Provider: provider, ProviderID: id})
	case billing.KindSubscription:
		return q.MirroredSubscription(ctx, gen.MirroredSubscriptionParams{Provider: provider, ProviderID: id})
	case billing.KindOrder:
		return q.MirroredOrder(ctx, gen.MirroredOrderParams{Provider: provider, ProviderID: id})
	case billing.KindGrant:
		return q.MirroredGrant(ctx, gen.MirroredGrantParams{Provider: provider, ProviderID: id})
	case billing.KindBalance:
		return q.MirroredBalance(ctx, gen.MirroredBalanceParams{Provider: provider, ProviderID: id})
	case billing.KindRefund:
		return q.MirroredRefund(ctx, gen.MirroredRefundParams{Provider: provider, ProviderID: id})
	case billing.KindSeat:
		return q.MirroredSeat(ctx, gen.MirroredSeatParams{Provider: provider, ProviderID: id})
	case billing.KindBenefit:
		return q.MirroredBenefit(ctx, gen.MirroredBenefitParams{Provider: provider, ProviderID: id})
	case billing.KindOrganization:
		return q.MirroredOrganization(ctx, gen.MirroredOrganizationParams{Provider: provider, ProviderID: id})
	}
	return nil, fmt.Errorf("%q is no kind of the mirror: %w", ref.Kind, billing.ErrInvalid)
}
