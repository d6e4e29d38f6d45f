package db

import (
	"context"
	"fmt"
	"math"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// hour is the grain of the usage roll-ups, in milliseconds.
const (
	hour = int64(time.Hour / time.Millisecond)
	day  = 24 * hour
)

// UsageDay is what was used of one meter on one day. Units is zero for a meter that
// cannot be counted event by event (see billing.AggregateMax and the like).
type UsageDay struct {
	Day    time.Time // its midnight, in the location that was asked for
	Units  billing.Credits
	Events int64
}

// UsageByDay lists every day from the one that holds from to the one that holds to,
// both included, with zeros for days without use. Days are those of from's location;
// UTC days are kept as such, others are summed from hours, so a zone that is half an
// hour off borrows half an hour from its neighbour day. ErrInvalid: to is before from, or more than ten years after.
func (s *Store) UsageByDay(ctx context.Context, customerID string, meter billing.Ref, from, to time.Time) ([]UsageDay, error) {
	zone := from.Location()
	first, last := midnight(from, zone), midnight(to, zone)
	if last.Before(first) || last.After(first.AddDate(10, 0, 0)) {
		return nil, fmt.Errorf("usage from %s to %s: %w", first.Format(time.DateOnly), last.Format(time.DateOnly), billing.ErrInvalid)
	}
	var days []UsageDay
	for day := first; !day.After(last); day = day.AddDate(0, 0, 1) {
		days = append(days, UsageDay{Day: day})
	}
	if zone == time.UTC {
		return days, s.utcDays(ctx, customerID, meter, days)
	}
	for rest := days; len(rest) > 0; {
		// Days of one length in a row are summed by one query; a day on which the clocks
		// change is a row of its own.
		n, length := 1, hoursOf(rest[0].Day)
		for n < len(rest) && hoursOf(rest[n].Day) == length {
			n++
		}
		if err := s.sumDays(ctx, customerID, meter, rest[:n], length); err != nil {
			return nil, fmt.Errorf("usage of customer %s by day: %w", customerID, err)
		}
		rest = rest[n:]
	}
	return days, nil
}

// utcDays fills in UTC days in a row.
func (s *Store) utcDays(ctx context.Context, customerID string, meter billing.Ref, days []UsageDay) error {
	first := utcDay(days[0].Day)
	rows, err := s.r.UsageDays(ctx, gen.UsageDaysParams{
		CustomerID: customerID, Provider: meter.Provider, ProviderMeterID: meter.ProviderID,
		FromDay: first, ToDay: first + int64(len(days)),
	})
	if err != nil {
		return fmt.Errorf("usage of customer %s by day: %w", customerID, err)
	}
	for _, r := range rows {
		days[r.Day-first].Units, days[r.Day-first].Events = billing.Credits(r.Units), r.Events
	}
	return nil
}

// hoursOf is how many hours a day has: 24, but for the two on which clocks change.
func hoursOf(midnight time.Time) int64 {
	return int64(midnight.AddDate(0, 0, 1).Sub(midnight).Round(time.Hour) / time.Hour)
}

// sumDays fills in days in a row that have so many hours each.
func (s *Store) sumDays(ctx context.Context, customerID string, meter billing.Ref, days []UsageDay, length int64) error {
	first := floorDiv(days[0].Day.UnixMilli(), hour)
	rows, err := s.r.UsageBySpan(ctx, gen.UsageBySpanParams{
		CustomerID: customerID, Provider: meter.Provider, ProviderMeterID: meter.ProviderID,
		FromHour: first, ToHour: first + length*int64(len(days)), SpanHours: length,
	})
	for _, r := range rows {
		days[r.Span].Units, days[r.Span].Events = summed(r.Millions, r.Rest), r.Events
	}
	return err
}

func midnight(t time.Time, zone *time.Location) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, zone)
}

// floorDiv divides and rounds down, also below zero.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// UsageTotal is what was used of one meter over some time.
type UsageTotal struct {
	Meter  billing.Ref
	Units  billing.Credits
	Events int64
}

// UsageTotals sums what a customer used since the hour that holds since, one per
// copied meter that was used since.
func (s *Store) UsageTotals(ctx context.Context, customerID string, since time.Time) ([]UsageTotal, error) {
	rows, err := s.r.UsageTotals(ctx, gen.UsageTotalsParams{
		CustomerID: customerID, FromHour: floorDiv(millis(since), hour),
	})
	if err != nil {
		return nil, fmt.Errorf("usage of customer %s: %w", customerID, err)
	}
	var totals []UsageTotal
	for _, r := range rows {
		if r.Events > 0 {
			totals = append(totals, UsageTotal{meterRef(r.Provider, r.ProviderMeterID), summed(r.Millions, r.Rest), r.Events})
		}
	}
	return totals, nil
}

func meterRef(provider, id string) billing.Ref {
	return billing.Ref{Provider: provider, Kind: billing.KindMeter, ProviderID: id}
}

// UsageState is where an event stands.
type UsageState string

// States of an event. Waiting and leased are on their way to the provider; parked was
// refused by it and is kept with the reason; dismissed is one of these that an operator
// decided not to report; foreign was reported there by others.
const (
	UsageWaiting UsageState = "waiting"
	UsageLeased  UsageState = "leased"
	UsageSent    UsageState = "sent"
	UsageParked  UsageState = "parked"
	UsageForeign UsageState = "foreign"

	UsageDismissed UsageState = "dismissed"
)

// UsageEvent is one use as it is kept.
type UsageEvent struct {
	billing.Event
	Provider   string
	State      UsageState
	ReceivedAt time.Time // when we learned of it
	SentAt     time.Time // when the provider took it; zero if it has not yet
	NextCycle  bool      // it arrived after the end of its period, so it is billed in the next one
	Error      string    // the provider's last answer, if it was a refusal or a failure
	// Units is what it counts on the meter that was asked for; zero without a meter.
	Units billing.Credits
}

// RecentEvents lists one page of what a customer used, latest first by when it
// happened: of one meter, or of everything for the zero Ref. A meter that cannot be
// counted event by event lists nothing. Pass "" first and then next, which is "" after
// the last page. ErrInvalid: before is not a next of this list.
func (s *Store) RecentEvents(ctx context.Context, customerID string, meter billing.Ref, before string, size int) (events []UsageEvent, next string, err error) {
	if meter == (billing.Ref{}) {
		return s.allEvents(ctx, customerID, before, size)
	}
	return s.meterEvents(ctx, customerID, meter, math.MinInt64, math.MaxInt64, before, size)
}

func (s *Store) allEvents(ctx context.Context, customerID, before string, size int) (events []UsageEvent, next string, err error) {
	at, id, err := parsePosition(before)
	if err != nil {
		return nil, "", err
	}
	rows, err := s.r.EventsBefore(ctx, gen.EventsBeforeParams{
		CustomerID: customerID, BeforeAt: at, BeforeID: id, PageSize: int64(size) + 1,
	})
	if err != nil {
		return nil, "", fmt.Errorf("events of customer %s: %w", customerID, err)
	}
	if len(rows) > size {
		rows = rows[:size]
		next = formatPosition(rows[size-1].OccurredAt, rows[size-1].ID)
	}
	for _, r := range rows {
		e, err := usageEvent(r)
		if err != nil {
			return nil, "", err
		}
		events = append(events, e)
	}
	return events, next, nil
}

// DayEvents lists one page of what a customer used of one meter on the UTC day that
// holds day, latest first. before and next are as for RecentEvents.
func (s *Store) DayEvents(ctx context.Context, customerID string, meter billing.Ref, day time.Time, before string, size int) (events []UsageEvent, next string, err error) {
	start := utcDay(day) * dayMillis
	return s.meterEvents(ctx, customerID, meter, start, start+dayMillis, before, size)
}

// meterEvents lists what happened from one moment up to another, without the latter.
func (s *Store) meterEvents(ctx context.Context, customerID string, meter billing.Ref, from, to int64, before string, size int) (events []UsageEvent, next string, err error) {
	at, id, err := parsePosition(before)
	if err != nil {
		return nil, "", err
	}
	if at >= to {
		at, id = to, ""
	}
	rows, err := s.r.MeterEventsBefore(ctx, gen.MeterEventsBeforeParams{
		CustomerID: customerID, Provider: meter.Provider, ProviderMeterID: meter.ProviderID,
		FromAt: from, BeforeAt: at, BeforeID: id, PageSize: int64(size) + 1,
	})
	if err != nil {
		return nil, "", fmt.Errorf("events of customer %s on meter %s: %w", customerID, meter.ProviderID, err)
	}
	if len(rows) > size {
		rows = rows[:size]
		next = formatPosition(rows[size-1].OccurredAt, rows[size-1].ID)
	}
	events, err = postedEvents(customerID, meter.Provider, rows)
	return events, next, err
}

// postedEvents reads events with what they moved in a wallet.
func postedEvents(customerID, provider string, rows []gen.MeterEventsBeforeRow) ([]UsageEvent, error) {
	var events []UsageEvent
	for _, r := range rows {
		e, err := usageEvent(gen.UsageEvent{
			ID: r.ID, CustomerID: customerID, Provider: provider, Name: r.Name, Metadata: r.Metadata,
			OccurredAt: r.OccurredAt, ReceivedAt: r.ReceivedAt, State: r.State, SentAt: r.SentAt, Error: r.Error, NextCycle: r.NextCycle,
		})
		if err != nil {
			return nil, err
		}
		e.Units = -billing.Credits(r.Credits) // a use takes from the wallet
		events = append(events, e)
	}
	return events, nil
}
