package db

import (
	"context"

	"counterfoil/billing"
)

// tellLow notes that a use took a wallet from above the threshold to it or below it: the
// one movement that crossed it, once. balance is what the movement left.
func (l *ledger) tellLow(ctx context.Context, w walletKey, m billing.Movement, balance billing.Credits) error {
	low := l.store.creditsLow
	if m.Cause != billing.CauseUsed || len(l.store.hooks) == 0 || balance > low || balance-m.Units <= low {
		return nil
	}
	f := billing.Fact{
		Type: billing.FactCreditsLow, Provider: w.meter.Provider, Kind: billing.KindMeter, ProviderID: w.meter.ProviderID,
		Mark: w.customerID + " " + m.FactID, OccurredAt: m.OccurredAt,
		Object: billing.CreditsLow{CustomerID: w.customerID, ProviderMeterID: w.meter.ProviderID, Balance: balance, Threshold: low},
	}
	f.Key = billing.FactKey(f.Provider, f.Type, f.ProviderID, f.Mark)
	_, err := l.store.note(ctx, l.q, []billing.Fact{f}, owner{provider: f.Provider, customerID: w.customerID}, l.now)
	return err
}
