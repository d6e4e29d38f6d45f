package worker

import (
	"context"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

const (
	// repairRound is how often frozen wallets are compared.
	repairRound = 30 * time.Second
	repairBatch = 500
	// repairAsks is how long a wallet that differs waits before its customer's record is
	// read again.
	repairAsks = 10 * time.Minute
	// repairPatience is how long after a restore a figure may differ before an operator is
	// told: until then the provider may be adding up. One whose customer's record could not
	// be read waits for repairDay.
	repairPatience = 30 * time.Minute
	repairDay      = 24 * time.Hour
)

// repair proves the wallets that a restore froze. It compares them when a pass has read all
// figures anew, long enough after the restore. What agrees thaws. Of customers whose wallet
// does not, the record at the provider is read, which brings the missing uses and credits
// back; a wallet that still differs after that stays frozen, with an alarm, until it agrees.
func (w *Worker) repair(ctx context.Context) (int, error) {
	restored, err := w.Store.Restored(ctx)
	if err != nil || restored.At.IsZero() {
		return 0, err
	}
	read, err := w.readSince(ctx, restored.Settled())
	if err != nil || !read {
		return 0, err
	}
	thawed, after := 0, ""
	for {
		wallets, err := w.Store.FrozenWallets(ctx, w.Provider.Name(), after, repairBatch, restored.Settled())
		if err != nil {
			return 0, err
		}
		proven, err := w.judge(ctx, wallets, restored)
		if err != nil {
			return 0, err
		}
		thawed += len(proven)
		if len(wallets) < repairBatch {
			break
		}
		after = wallets[len(wallets)-1].ID
	}
	freed, err := w.Store.LetUsageGo(ctx, w.Now())
	if err != nil {
		return 0, err
	}
	if thawed > 0 || freed > 0 {
		w.Log.InfoContext(ctx, "wallets proven since the restore", "wallets", thawed, "usage let go", freed)
		w.Poke()
	}
	return 0, nil
}

// readSince reports whether a pass that began at a time or later has read everything.
func (w *Worker) readSince(ctx context.Context, since time.Time) (bool, error) {
	const everybody = "*" // as a pass that has read everything writes it
	states, err := w.Store.SyncStates(ctx, everybody)
	if err != nil {
		return false, err
	}
	for _, state := range states {
		if state.Provider == w.Provider.Name() && !state.SyncedAt.Before(since) {
			return true, nil
		}
	}
	return false, nil
}

// judge thaws what is proven, asks for what may prove the rest, and gives up for now what
// was given all of that.
func (w *Worker) judge(ctx context.Context, wallets []db.FrozenWallet, restored db.Restored) (proven []db.FrozenWallet, err error) {
	for _, f := range wallets {
		if f.Proven {
			proven = append(proven, f)
			continue
		}
		if err := w.askForRecord(ctx, f, restored.Settled()); err != nil {
			return nil, err
		}
		patience := repairPatience
		if f.ReadAt.Before(restored.Settled()) {
			patience = repairDay
		}
		if f.Reason == db.FrozenDiffers || w.Now().Sub(restored.Settled()) < patience {
			continue
		}
		if err := w.unexplained(ctx, f); err != nil {
			return nil, err
		}
	}
	if err := w.Store.Thaw(ctx, proven...); err != nil {
		return nil, err
	}
	for _, f := range proven {
		if _, err := w.Store.Clear(ctx, billing.AlarmCreditsDiffer, f.Subject(), w.Now()); err != nil {
			return nil, err
		}
	}
	return proven, nil
}

func (w *Worker) unexplained(ctx context.Context, f db.FrozenWallet) error {
	if err := w.Store.Refreeze(ctx, f, db.FrozenDiffers); err != nil {
		return err
	}
	detail := fmt.Sprintf("Since a backup was restored the wallet says %s and the provider %s. It is frozen: nobody is told a balance.", f.Balance, f.Provider)
	w.Log.ErrorContext(ctx, "a wallet cannot be explained after a restore", "customer", f.CustomerID, "meter", f.Meter.ProviderID, "ours", f.Balance, "provider", f.Provider)
	_, err := w.Store.Raise(ctx, billing.Alarm{Kind: billing.AlarmCreditsDiffer, Subject: f.Subject(), Detail: detail}, w.Now())
	return err
}

// askForRecord has the record of a wallet's customer read, unless that was asked for lately.
func (w *Worker) askForRecord(ctx context.Context, f db.FrozenWallet, settled time.Time) error {
	now := w.Now()
	if f.ReadAt.After(settled) && now.Sub(f.ReadAt) < repairAsks || now.Sub(w.repairAsked[f.CustomerID]) < repairAsks {
		return nil
	}
	if w.repairAsked == nil {
		w.repairAsked = map[string]time.Time{}
	}
	w.repairAsked[f.CustomerID] = now
	w.drifts.forget(f.CustomerID)
	if err := w.Store.Enqueue(ctx, db.CreditsJob(w.Provider.Name(), f.ProviderCustomerID, f.CustomerID), time.Time{}, now); err != nil {
		return err
	}
	w.Poke()
	return nil
}
