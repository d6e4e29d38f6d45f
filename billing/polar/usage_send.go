package polar

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	polargo "github.com/polarsource/polar-go"
	"github.com/polarsource/polar-go/models/components"

	"counterfoil/billing"
)

// SendUsage implements billing.Provider.
func (p *Provider) SendUsage(ctx context.Context, events []billing.Event) error {
	if len(events) == 0 {
		return nil
	}
	batch := make([]components.Events, len(events))
	refused := make(map[string]string)
	for i, e := range events {
		wire, err := ingestible(e)
		if err != nil {
			refused[e.ID] = err.Error()
		}
		batch[i] = components.CreateEventsEventCreateExternalCustomer(wire)
	}
	if len(refused) == 0 {
		budget := maxSplits
		if err := p.ingest(ctx, events, batch, refused, &budget, nil); err != nil {
			return fmt.Errorf("send %d events: %w", len(events), err)
		}
	}
	if len(refused) > 0 {
		return fmt.Errorf("send %d events: %w", len(events), &billing.InvalidEvents{Reasons: refused})
	}
	return nil
}

// maxSplits bounds the requests that one call of SendUsage spends on finding bad
// events. What it found by then is answered; the caller sends the rest again.
const maxSplits = 32

// ingest sends a batch and collects in refused what can never be accepted. Polar
// rejects a whole batch for one bad event and mostly says which; if it does not, the
// halves are sent on their own. known is the refusal of a larger batch whose bad event
// must be in this one, nil if nothing is known of it: then there is nothing to learn
// from sending it whole. So one bad event among a thousand is in eleven requests.
func (p *Provider) ingest(ctx context.Context, events []billing.Event, batch []components.Events, refused map[string]string, budget *int, known *apiError) error {
	if *budget <= 0 && len(refused) > 0 {
		return nil
	}
	answer := known
	if known == nil {
		var err error
		if answer, err = p.ingestWhole(ctx, batch, budget); answer == nil {
			return err
		}
	}
	named := false
	for _, d := range answer.details {
		if i, ok := d.event(); ok && i < len(events) && known == nil {
			refused[events[i].ID] = d.Msg
			named = true
		}
	}
	if named {
		return nil
	}
	if len(events) == 1 {
		refused[events[0].ID] = answer.message
		return nil
	}
	half, found := len(events)/2, len(refused)
	if err := p.ingest(ctx, events[:half], batch[:half], refused, budget, nil); err != nil {
		return err
	}
	if len(refused) > found || answer.status != http.StatusUnprocessableEntity {
		answer = nil // the other half may be good, or was only too large together with this one
	}
	return p.ingest(ctx, events[half:], batch[half:], refused, budget, answer)
}

// ingestWhole sends a batch. answer is its refusal because of what is in it, if it was
// refused for that.
func (p *Provider) ingestWhole(ctx context.Context, batch []components.Events, budget *int) (answer *apiError, err error) {
	*budget--
	err = p.call(ctx, repeatable, &struct{}{}, func(ctx context.Context) error {
		_, err := p.api.Events.Ingest(ctx, components.EventsIngest{Events: batch})
		return err
	})
	if answer, ok := refusedAnswer(err); ok {
		return answer, err
	}
	return nil, err
}

// refusedAnswer is the answer that refuses a batch because of what is in it.
func refusedAnswer(err error) (*apiError, bool) {
	var e *apiError
	ok := errors.As(err, &e) && (e.status == http.StatusUnprocessableEntity || e.status == http.StatusRequestEntityTooLarge)
	return e, ok
}

// event is the index that a complaint of ["body","events",i,...] is about.
func (d detail) event() (int, bool) {
	if len(d.Loc) < 3 || d.Loc[0] != "body" || d.Loc[1] != "events" {
		return 0, false
	}
	index, ok := d.Loc[2].(float64) // JSON's only number without a target type
	return int(index), ok && index >= 0 && index < 1e6
}

// ingestible turns an event into Polar's form. An error says why that is impossible.
func ingestible(e billing.Event) (components.EventCreateExternalCustomer, error) {
	metadata := make(map[string]components.EventMetadataInput, len(e.Metadata)+1)
	for key, value := range e.Metadata {
		wire, err := metadataValue(value)
		if err != nil {
			return components.EventCreateExternalCustomer{}, fmt.Errorf("metadata %s: %w", clip(key), err)
		}
		metadata[key] = wire
	}
	metadata[eventIDKey] = components.CreateEventMetadataInputStr(e.ID)
	return components.EventCreateExternalCustomer{
		Name: e.Name, ExternalCustomerID: e.CustomerID, ExternalID: polargo.String(e.ID),
		Timestamp: polargo.Pointer(e.OccurredAt.UTC()), Metadata: metadata,
	}, nil
}

func metadataValue(value any) (components.EventMetadataInput, error) {
	switch v := value.(type) {
	case string:
		return components.CreateEventMetadataInputStr(v), nil
	case bool:
		return components.CreateEventMetadataInputBoolean(v), nil
	case int64:
		return components.CreateEventMetadataInputInteger(v), nil
	case int:
		return components.CreateEventMetadataInputInteger(int64(v)), nil
	case json.Number:
		return metadataNumber(v.String())
	default:
		return components.EventMetadataInput{}, fmt.Errorf("a %T", value)
	}
}

// metadataNumber sends a whole number as one, and a decimal only if it survives the
// float that polar-go and Polar keep it in: up to 15 digits do.
func metadataNumber(text string) (components.EventMetadataInput, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return components.CreateEventMetadataInputInteger(n), nil
	}
	mantissa, _, _ := strings.Cut(strings.ToLower(text), "e")
	digits := strings.Trim(strings.Replace(strings.TrimPrefix(mantissa, "-"), ".", "", 1), "0")
	number, err := strconv.ParseFloat(text, 64)
	if err != nil || len(digits) > 15 {
		return components.EventMetadataInput{}, fmt.Errorf("%s has more digits than Polar keeps", clip(text))
	}
	return components.CreateEventMetadataInputNumber(number), nil
}
