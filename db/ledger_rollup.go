package db

import (
	"context"
	"fmt"
	"math"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// dayGroups sums a run of a wallet's entries per day and cause.
type dayGroups []*gen.AddLedgerDayParams

func (g *dayGroups) add(c claimed, e gen.InsertLedgerEntriesParams) error {
	day, cause := utcDay(c.OccurredAt), string(c.Cause)
	for _, d := range *g {
		if d.Day == day && d.Cause == cause {
			sum, err := billing.Credits(d.Credits).Add(billing.Credits(e.Credits))
			if err != nil {
				return fmt.Errorf("credits of a day: %w", err)
			}
			d.Credits = int64(sum)
			d.Entries++
			d.BalanceAfter, d.LastSeq = e.WalletBalance, e.WalletSeq
			return nil
		}
	}
	*g = append(*g, &gen.AddLedgerDayParams{
		AccountID: e.WalletID, Day: day, Cause: cause, Credits: e.Credits, Entries: 1,
		BalanceAfter: e.WalletBalance, LastSeq: e.WalletSeq,
	})
	return nil
}

// usageHours sums the events of a transaction per customer, meter and hour.
type usageHours map[usageHour]*usageSum

type usageHour struct {
	walletKey
	at int64 // the number of the hour, or of the UTC day, since 1970
}

type usageSum struct {
	units  billing.Credits
	events int64
}

func (h usageHours) add(key usageHour, units billing.Credits) error {
	return h.merge(key, usageSum{units, 1})
}

func (h usageHours) merge(key usageHour, more usageSum) error {
	sum := h[key]
	if sum == nil {
		sum = &usageSum{}
		h[key] = sum
	}
	var err error
	if sum.units, err = sum.units.Add(more.units); err != nil {
		return fmt.Errorf("usage of an hour: %w", err)
	}
	sum.events += more.events
	return nil
}

// fits turns a sum that had no room into an error.
func fits(changed int64, err error) error {
	if err == nil && changed == 0 {
		return fmt.Errorf("too much to count: %w", billing.ErrInvalid)
	}
	return err
}

// summed puts together a sum whose millions and rest were summed apart. What is more than
// can be told is the largest figure, or the smallest.
func summed(millions, rest int64) billing.Credits {
	const million = 1_000_000
	millions, rest = millions+rest/million, rest%million
	whole := billing.Credits(millions) * million
	if whole/million == billing.Credits(millions) {
		if sum, err := whole.Add(billing.Credits(rest)); err == nil {
			return sum
		}
	}
	if millions < 0 {
		return math.MinInt64
	}
	return math.MaxInt64
}

// flush adds the sums to the roll-ups, by the hour and by the UTC day.
func (h usageHours) flush(ctx context.Context, q *gen.Queries) error {
	days := usageHours{} // keyed by day
	for key, sum := range h {
		err := fits(q.AddUsageHour(ctx, gen.AddUsageHourParams{
			CustomerID: key.customerID, Provider: key.meter.Provider, ProviderMeterID: key.meter.ProviderID,
			Hour: key.at, Units: int64(sum.units), Events: sum.events,
		}))
		if err != nil {
			return fmt.Errorf("usage of an hour: %w", err)
		}
		key.at = floorDiv(key.at, 24)
		if err := days.merge(key, *sum); err != nil {
			return err
		}
	}
	for key, sum := range days {
		err := fits(q.AddUsageDay(ctx, gen.AddUsageDayParams{
			CustomerID: key.customerID, Provider: key.meter.Provider, ProviderMeterID: key.meter.ProviderID,
			Day: key.at, Units: int64(sum.units), Events: sum.events,
		}))
		if err != nil {
			return fmt.Errorf("usage of a day: %w", err)
		}
	}
	clear(h)
	return nil
}
