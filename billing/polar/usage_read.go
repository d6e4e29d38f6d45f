package polar

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	polargo "github.com/polarsource/polar-go"
	"github.com/polarsource/polar-go/models/components"
	"github.com/polarsource/polar-go/models/operations"

	"counterfoil/billing"
)

// eventIDKey is the metadata key that carries Event.ID. Polar takes the id as external
// id, but does not give it back in its lists: without the key our own events would
// come back as somebody else's and be counted twice.
const eventIDKey = "counterfoil_event_id"

// Names of the system events that move credits. Others are never asked for: Polar
// adds new ones, and they say nothing about credits.
const (
	meterCredited = "meter.credited"
	meterReset    = "meter.reset"
)

// CreditEvents implements billing.Provider.
func (p *Provider) CreditEvents(ctx context.Context, providerCustomerID string, since time.Time) ([]billing.CreditEvent, error) {
	name := operations.CreateNameFilterArrayOfStr([]string{meterCredited, meterReset})
	var all []billing.CreditEvent
	_, err := p.events(ctx, providerCustomerID, since, maxEvents, components.EventSourceSystem, &name, func(w wireEvent) error {
		if w.Name != meterCredited && w.Name != meterReset {
			return nil
		}
		event, err := creditEvent(w)
		all = append(all, event)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("credit events of customer %s: %w", providerCustomerID, err)
	}
	return all, nil
}

func creditEvent(w wireEvent) (billing.CreditEvent, error) {
	meterID, _ := w.Metadata["meter_id"].(string) // checked below
	event := billing.CreditEvent{
		Provider: Name, ProviderID: w.ID, ProviderCustomerID: w.CustomerID, ProviderMeterID: meterID,
		Reset: w.Name == meterReset, OccurredAt: w.Timestamp.UTC(),
	}
	if w.ID == "" || meterID == "" || w.Timestamp.IsZero() {
		return event, fmt.Errorf("%w: a %s event without id, meter or time", billing.ErrProvider, w.Name)
	}
	if event.Reset {
		return event, nil
	}
	units, _ := w.Metadata["units"].(json.Number) // no number is no decimal text either
	event.Rollover, _ = w.Metadata["rollover"].(bool)
	var err error
	if event.Units, err = billing.ParseCredits(units); err != nil {
		return event, fmt.Errorf("%w: event %s: %w", billing.ErrProvider, w.ID, err)
	}
	return event, nil
}

// UsageEvents implements billing.Provider.
func (p *Provider) UsageEvents(ctx context.Context, providerCustomerID string, since time.Time, most int) (all []billing.ForeignEvent, more bool, err error) {
	more, err = p.events(ctx, providerCustomerID, since, most, components.EventSourceUser, nil, func(w wireEvent) error {
		event := billing.ForeignEvent{
			ProviderID: w.ID, ExternalID: w.ExternalID, ProviderCustomerID: w.CustomerID,
			Name: w.Name, Metadata: w.Metadata, OccurredAt: w.Timestamp.UTC(),
		}
		if own, ok := w.Metadata[eventIDKey].(string); ok {
			event.ExternalID = cmp.Or(event.ExternalID, own)
			delete(event.Metadata, eventIDKey)
		}
		all = append(all, event)
		return nil
	})
	if err != nil {
		return nil, false, fmt.Errorf("usage events of customer %s: %w", providerCustomerID, err)
	}
	return all, more, nil
}

// maxEvents bounds a list that is always read whole.
const maxEvents = maxPages * pageSize

// errEnough ends the reading of pages early.
var errEnough = errors.New("enough")

// events reads a customer's events of one source, oldest first, each once. When there
// are more than most, it stops after about that many, with an instant that is whole.
func (p *Provider) events(ctx context.Context, providerCustomerID string, since time.Time, most int, source components.EventSource,
	name *operations.NameFilter, each func(wireEvent) error) (more bool, err error) {
	if providerCustomerID == "" {
		return false, fmt.Errorf("empty customer id: %w", billing.ErrInvalid) // it would list everybody's
	}
	of := operations.CreateEventsListQueryParamCustomerIDFilterStr(providerCustomerID)
	from := operations.CreateSourceFilterEventSource(source)
	request := operations.EventsListRequest{
		CustomerID: &of, Source: &from, Name: name, Sorting: []components.EventSortProperty{components.EventSortPropertyTimestamp},
	}
	if !since.IsZero() {
		request.StartTimestamp = polargo.Pointer(since.UTC())
	}
	var all []wireEvent
	err = p.pages(ctx, func(ctx context.Context, page, limit *int64) error {
		request.Page, request.Limit = page, limit
		_, err := p.api.Events.List(ctx, request)
		return err
	}, func(raw json.RawMessage) error {
		var w wireEvent
		if err := decode(raw, &w); err != nil {
			return fmt.Errorf("%w: read event: %w", billing.ErrProvider, err)
		}
		// An instant that the limit fell into is read to its end.
		if len(all) >= most && !w.Timestamp.Equal(all[len(all)-1].Timestamp) {
			return errEnough
		}
		// Anybody who may send events can name one meter.credited; only the source of
		// an event cannot be chosen.
		if w.Source == string(source) && w.CustomerID == providerCustomerID {
			all = append(all, w)
		}
		return nil
	})
	if more = errors.Is(err, errEnough); err != nil && !more {
		return false, err
	}
	return more, onceEach(all, each)
}

// onceEach hands events on by time, each once: a page may have moved while it was read.
func onceEach(all []wireEvent, each func(wireEvent) error) error {
	slices.SortStableFunc(all, func(a, b wireEvent) int { return a.Timestamp.Compare(b.Timestamp) })
	seen := make(map[string]bool, len(all))
	for _, w := range all {
		if seen[w.ID] {
			continue
		}
		seen[w.ID] = true
		if err := each(w); err != nil {
			return err
		}
	}
	return nil
}
