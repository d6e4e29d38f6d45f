package db

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// dayMillis is the grain of the credit history: a UTC day, in milliseconds.
const dayMillis = int64(24 * time.Hour / time.Millisecond)

func utcDay(t time.Time) int64 { return floorDiv(t.UnixMilli(), dayMillis) }

func dayMoment(day int64) time.Time { return time.UnixMilli(day * dayMillis).UTC() }

// CreditSums is the arithmetic of a wallet over a span of days. Every figure is
// signed as the wallet saw it (Used, Revoked and Expired are normally below zero),
// so that Opening and all the others add up to Balance, always: each is a sum of
// entries of the ledger.
type CreditSums struct {
	From        time.Time // midnight UTC
	Opening     billing.Credits
	Granted     billing.Credits
	CarriedOver billing.Credits
	Revoked     billing.Credits
	Used        billing.Credits
	Expired     billing.Credits
	Settled     billing.Credits // overage of past periods, billed or let go
	Balance     billing.Credits
}

func (c *CreditSums) add(cause billing.Cause, credits billing.Credits) {
	switch cause {
	case billing.CauseGranted:
		c.Granted += credits
	case billing.CauseCarriedOver:
		c.CarriedOver += credits
	case billing.CauseRevoked:
		c.Revoked += credits
	case billing.CauseUsed:
		c.Used += credits
	case billing.CauseExpired:
		c.Expired += credits
	case billing.CauseSettled:
		c.Settled += credits
	}
	c.Balance += credits
}

// CreditSums sums a wallet from the UTC day that holds from to its latest entry. A
// wallet that nobody has is all zeros.
func (s *Store) CreditSums(ctx context.Context, customerID string, meter billing.Ref, from time.Time) (CreditSums, error) {
	day := utcDay(from)
	opening, err := s.creditsBefore(ctx, customerID, meter, day)
	if err != nil {
		return CreditSums{}, err
	}
	rows, err := s.r.CreditSumsByCause(ctx, gen.CreditSumsByCauseParams{
		CustomerID: customerID, Provider: meter.Provider, ProviderMeterID: meter.ProviderID,
		FromDay: day, ToDay: math.MaxInt64,
	})
	if err != nil {
		return CreditSums{}, fmt.Errorf("credits of customer %s: %w", customerID, err)
	}
	sums := CreditSums{From: dayMoment(day), Opening: opening, Balance: opening}
	for _, r := range rows {
		sums.add(billing.Cause(r.Cause), summed(r.Millions, r.Rest))
	}
	return sums, nil
}

// creditsBefore is the balance at the beginning of a day; zero for a wallet that nobody has.
func (s *Store) creditsBefore(ctx context.Context, customerID string, meter billing.Ref, day int64) (billing.Credits, error) {
	opening, err := s.r.CreditsBeforeDay(ctx, gen.CreditsBeforeDayParams{
		CustomerID: customerID, Provider: meter.Provider, ProviderMeterID: meter.ProviderID, Day: day,
	})
	if err = found(err); err != nil && !errors.Is(err, billing.ErrNotFound) {
		return 0, fmt.Errorf("opening balance of customer %s: %w", customerID, err)
	}
	return billing.Credits(opening.Balance) - summed(opening.Millions, opening.Rest), nil
}

// CreditDay is one UTC day of a wallet on which something moved.
type CreditDay struct {
	Day     time.Time // midnight UTC
	Opening billing.Credits
	Closing billing.Credits
	Lines   []CreditLine // in the order of dayOrder; Opening plus all of them is Closing
}

// Net is the change over the day.
func (d CreditDay) Net() billing.Credits { return d.Closing - d.Opening }

// CreditLine is what one cause did to a wallet on one day.
type CreditLine struct {
	Cause   billing.Cause
	Credits billing.Credits
	Entries int64
	Balance billing.Credits // after this line
}

// CreditDays lists days of a wallet on which something moved, latest first: size of
// those before the day that holds before, or the latest for the zero time. With a
// cause, only days on which that cause moved something; their lines are still
// complete, so that they add up. It may answer fewer than size only at the end.
func (s *Store) CreditDays(ctx context.Context, customerID string, meter billing.Ref, cause billing.Cause, before time.Time, size int) ([]CreditDay, error) {
	limit := int64(math.MaxInt64)
	if !before.IsZero() {
		limit = utcDay(before)
	}
	days, err := s.r.LedgerDaysBefore(ctx, gen.LedgerDaysBeforeParams{
		CustomerID: customerID, Provider: meter.Provider, ProviderMeterID: meter.ProviderID,
		BeforeDay: limit, Cause: string(cause), PageSize: int64(size),
	})
	if err != nil {
		return nil, fmt.Errorf("days of customer %s: %w", customerID, err)
	}
	if len(days) == 0 {
		return nil, nil
	}
	_, all, err := s.creditDays(ctx, customerID, meter, days[len(days)-1], days[0]+1)
	if err != nil {
		return nil, err
	}
	byDay := make(map[int64]CreditDay, len(all))
	for _, d := range all {
		byDay[utcDay(d.Day)] = d
	}
	return mapEach(days, func(day int64) CreditDay { return byDay[day] }), nil
}

// creditDays reads the moved days from one day up to another, oldest first, with
// running balances, and the balance before them.
func (s *Store) creditDays(ctx context.Context, customerID string, meter billing.Ref, from, to int64) (opening billing.Credits, days []CreditDay, err error) {
	if opening, err = s.creditsBefore(ctx, customerID, meter, from); err != nil {
		return 0, nil, err
	}
	rows, err := s.r.LedgerDayGroups(ctx, gen.LedgerDayGroupsParams{
		CustomerID: customerID, Provider: meter.Provider, ProviderMeterID: meter.ProviderID, FromDay: from, ToDay: to,
	})
	if err != nil {
		return 0, nil, fmt.Errorf("days of customer %s: %w", customerID, err)
	}
	for _, r := range rows {
		if at := dayMoment(r.Day); len(days) == 0 || !days[len(days)-1].Day.Equal(at) {
			days = append(days, CreditDay{Day: at})
		}
		day := &days[len(days)-1]
		day.Lines = append(day.Lines, CreditLine{Cause: billing.Cause(r.Cause), Credits: billing.Credits(r.Credits), Entries: r.Entries})
	}
	balance := opening
	for i := range days {
		balance = days[i].runFrom(balance)
	}
	return opening, days, nil
}

// dayOrder is how the causes of one day follow each other: the old period ends, the
// new one begins, then credits are used. A line is the sum of its cause over the day,
// so the true order within the day is lost, and another one could show a balance in
// between that never was.
var dayOrder = map[billing.Cause]int{
	billing.CauseExpired: 1, billing.CauseSettled: 2, billing.CauseCarriedOver: 3,
	billing.CauseGranted: 4, billing.CauseRevoked: 5, billing.CauseUsed: 6,
}

// runFrom puts the lines in order and fills in the balances from an opening one.
func (d *CreditDay) runFrom(opening billing.Credits) (closing billing.Credits) {
	slices.SortStableFunc(d.Lines, func(a, b CreditLine) int { return dayOrder[a.Cause] - dayOrder[b.Cause] })
	d.Opening, d.Closing = opening, opening
	for i := range d.Lines {
		d.Closing += d.Lines[i].Credits
		d.Lines[i].Balance = d.Closing
	}
	return d.Closing
}

// CreditEntry is one movement of a wallet that is not usage.
type CreditEntry struct {
	At       time.Time
	Cause    billing.Cause
	Credits  billing.Credits
	FactKind string // see billing.FactCredit; "late" settles a use from before a reset
	FactID   string
	Rollover bool // what was given may be carried over
}

// CreditDay reads one UTC day of a wallet: its lines, and each movement but usage,
// oldest first. Usage is listed by DayEvents. A day on which nothing moved has no
// lines and the balance that holds on it.
func (s *Store) CreditDay(ctx context.Context, customerID string, meter billing.Ref, day time.Time) (CreditDay, []CreditEntry, error) {
	number := utcDay(day)
	opening, days, err := s.creditDays(ctx, customerID, meter, number, number+1)
	if err != nil {
		return CreditDay{}, nil, err
	}
	if len(days) == 0 {
		return CreditDay{Day: dayMoment(number), Opening: opening, Closing: opening}, nil, nil
	}
	rows, err := s.r.CreditEntriesBetween(ctx, gen.CreditEntriesBetweenParams{
		CustomerID: customerID, Provider: meter.Provider, ProviderMeterID: meter.ProviderID,
		FromAt: number * dayMillis, ToAt: (number + 1) * dayMillis,
	})
	if err != nil {
		return CreditDay{}, nil, fmt.Errorf("entries of customer %s: %w", customerID, err)
	}
	return days[0], mapEach(rows, func(r gen.CreditEntriesBetweenRow) CreditEntry {
		return CreditEntry{
			At: moment(r.OccurredAt), Cause: billing.Cause(r.Cause), Credits: billing.Credits(r.Credits),
			FactKind: r.CauseKind, FactID: r.CauseID, Rollover: r.Note == noteRollover,
		}
	}), nil
}

// DayBalance is the balance at the end of a day.
type DayBalance struct {
	Day     time.Time // midnight UTC
	Balance billing.Credits
}

// BalanceByDay lists the balance at the end of every UTC day from the one that holds
// from to the one that holds to, both included. ErrInvalid: to is before from, or
// more than ten years after.
func (s *Store) BalanceByDay(ctx context.Context, customerID string, meter billing.Ref, from, to time.Time) ([]DayBalance, error) {
	first, last := utcDay(from), utcDay(to)
	if last < first || last-first > 3660 {
		return nil, fmt.Errorf("balances from %s to %s: %w", from.Format(time.DateOnly), to.Format(time.DateOnly), billing.ErrInvalid)
	}
	balance, moved, err := s.creditDays(ctx, customerID, meter, first, last+1)
	if err != nil {
		return nil, err
	}
	var out []DayBalance
	for day := first; day <= last; day++ {
		if len(moved) > 0 && utcDay(moved[0].Day) == day {
			balance, moved = moved[0].Closing, moved[1:]
		}
		out = append(out, DayBalance{dayMoment(day), balance})
	}
	return out, nil
}
