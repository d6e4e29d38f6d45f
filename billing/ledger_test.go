package billing_test

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"counterfoil/billing"
)

// Facts of the stories: h is hours after noon, units are whole credits.
func granted(id string, h int, units billing.Credits, rollover bool) billing.CreditEvent {
	return billing.CreditEvent{ProviderID: id, Units: units * billing.CreditScale, Rollover: rollover, OccurredAt: hour(h)}
}
func reset(id string, h int) billing.CreditEvent {
	return billing.CreditEvent{ProviderID: id, Reset: true, OccurredAt: hour(h)}
}
func used(id string, h int, units billing.Credits) billing.Use {
	return billing.Use{EventID: id, Units: units * billing.CreditScale, OccurredAt: hour(h)}
}
func hour(h int) time.Time { return noon.Add(time.Duration(h) * time.Hour) }

func TestFold(t *testing.T) {
	type step struct {
		cause billing.Cause
		units billing.Credits // whole
	}
	tests := []struct {
		name    string
		credits []billing.CreditEvent
		uses    []billing.Use
		want    []step
		balance billing.Credits // whole
	}{
		{"grant and use", []billing.CreditEvent{granted("g", 0, 100, false)}, []billing.Use{used("u", 1, 30)},
			[]step{{billing.CauseGranted, 100}, {billing.CauseUsed, -30}}, 70},
		{"overage", []billing.CreditEvent{granted("g", 0, 10, false)}, []billing.Use{used("u", 1, 30)},
			[]step{{billing.CauseGranted, 10}, {billing.CauseUsed, -30}}, -20},
		{"renewal expires what is left", []billing.CreditEvent{granted("g", 0, 100, false), reset("r", 2), granted("g2", 2, 100, false)},
			[]billing.Use{used("u", 1, 30)},
			[]step{{billing.CauseGranted, 100}, {billing.CauseUsed, -30}, {billing.CauseExpired, -70}, {billing.CauseGranted, 100}}, 100},
		{"renewal carries over", []billing.CreditEvent{granted("g", 0, 100, true), reset("r", 2), granted("c", 2, 70, true), granted("g2", 2, 100, true)},
			[]billing.Use{used("u", 1, 30)},
			[]step{{billing.CauseGranted, 100}, {billing.CauseUsed, -30}, {billing.CauseExpired, -70}, {billing.CauseCarriedOver, 70}, {billing.CauseGranted, 100}}, 170},
		{"nothing was left to carry", []billing.CreditEvent{granted("g", 0, 100, true), reset("r", 2), granted("g2", 3, 100, true)},
			[]billing.Use{used("u", 1, 100)},
			[]step{{billing.CauseGranted, 100}, {billing.CauseUsed, -100}, {billing.CauseExpired, 0}, {billing.CauseGranted, 100}}, 100},
		{"what may not roll over is not carried", []billing.CreditEvent{granted("g", 0, 100, false), reset("r", 1), granted("g2", 2, 100, true)}, nil,
			[]step{{billing.CauseGranted, 100}, {billing.CauseExpired, -100}, {billing.CauseGranted, 100}}, 100},
		{"overage is settled", []billing.CreditEvent{granted("g", 0, 10, true), reset("r", 2)}, []billing.Use{used("u", 1, 30)},
			[]step{{billing.CauseGranted, 10}, {billing.CauseUsed, -30}, {billing.CauseSettled, 20}}, 0},
		{"revocation", []billing.CreditEvent{granted("g", 0, 100, false), granted("v", 1, -100, false)}, nil,
			[]step{{billing.CauseGranted, 100}, {billing.CauseRevoked, -100}}, 0},
		{"revocation after use leaves a debt", []billing.CreditEvent{granted("g", 0, 100, false), granted("v", 2, -100, false)},
			[]billing.Use{used("u", 1, 40)},
			[]step{{billing.CauseGranted, 100}, {billing.CauseUsed, -40}, {billing.CauseRevoked, -100}}, -40},
		{"revocation of an earlier period is clipped", []billing.CreditEvent{granted("g", 0, 100, false), reset("r", 1), granted("v", 2, -100, false), granted("g2", 3, 5, false)}, nil,
			[]step{{billing.CauseGranted, 100}, {billing.CauseExpired, -100}, {billing.CauseRevoked, 0}, {billing.CauseGranted, 5}}, 5},
		{"change of plan in one instant", []billing.CreditEvent{granted("new", 1, 500, false), granted("old", 1, -100, false), granted("g", 0, 60, false)}, nil,
			[]step{{billing.CauseGranted, 60}, {billing.CauseRevoked, -60}, {billing.CauseGranted, 500}}, 500},
		{"a negative use gives back", nil, []billing.Use{used("u", 0, 5), used("back", 1, -5)},
			[]step{{billing.CauseUsed, -5}, {billing.CauseUsed, 5}}, 0},
		{"use at the instant of the reset is of the new period", []billing.CreditEvent{granted("g", 0, 10, false), reset("r", 1)},
			[]billing.Use{used("u", 1, 4)},
			[]step{{billing.CauseGranted, 10}, {billing.CauseExpired, -10}, {billing.CauseUsed, -4}}, -4},
		{"told twice", []billing.CreditEvent{granted("g", 0, 10, false), granted("g", 0, 10, false)}, []billing.Use{used("u", 1, 4), used("u", 1, 4)},
			[]step{{billing.CauseGranted, 10}, {billing.CauseUsed, -4}}, 6},
		{"nothing", nil, nil, nil, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wallet, movements, err := billing.Fold(tt.credits, tt.uses)
			if err != nil {
				t.Fatal(err)
			}
			if len(movements) != len(tt.want) {
				t.Fatalf("got %d movements: %+v", len(movements), movements)
			}
			for i, want := range tt.want {
				if got := movements[i]; got.Cause != want.cause || got.Units != want.units*billing.CreditScale {
					t.Errorf("movement %d: %s %s, want %s %d", i, got.Cause, got.Units, want.cause, want.units)
				}
			}
			if balance, err := wallet.Balance(); err != nil || balance != tt.balance*billing.CreditScale {
				t.Errorf("balance %s, %v; want %d", balance, err, tt.balance)
			}
		})
	}
}

func TestFoldRefusesWhatDoesNotFit(t *testing.T) {
	most := billing.CreditEvent{ProviderID: "a", Units: math.MaxInt64, OccurredAt: hour(0)}
	one := billing.CreditEvent{ProviderID: "b", Units: 1, OccurredAt: hour(1)}
	if _, _, err := billing.Fold([]billing.CreditEvent{most, one}, nil); !errors.Is(err, billing.ErrInvalid) {
		t.Errorf("grants: %v", err)
	}
	if _, _, err := billing.Fold([]billing.CreditEvent{most}, []billing.Use{{EventID: "u", Units: -1, OccurredAt: hour(1)}}); !errors.Is(err, billing.ErrInvalid) {
		t.Errorf("a use that gives back: %v", err)
	}
	if _, _, err := billing.Fold(nil, []billing.Use{{EventID: "u", Units: math.MinInt64, OccurredAt: hour(1)}}); !errors.Is(err, billing.ErrInvalid) {
		t.Errorf("the smallest use: %v", err)
	}
}

// TestLedgerAddsUp draws histories and checks what must hold for every one of them:
// entries add up to zero and to the balance, one fact has one movement, granted
// credits never fall below zero, and neither order nor repetition changes the sum.
func TestLedgerAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var credits []billing.CreditEvent
		var uses []billing.Use
		for i := range rapid.IntRange(0, 40).Draw(t, "facts") {
			id, h := fmt.Sprint(i), rapid.IntRange(0, 15).Draw(t, "hour")
			units := billing.Credits(rapid.IntRange(-300, 300).Draw(t, "units"))
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				credits = append(credits, reset(id, h))
			case 1:
				uses = append(uses, used(id, h, units))
			default:
				credits = append(credits, granted(id, h, units, rapid.Bool().Draw(t, "rollover")))
			}
		}
		wallet, movements, err := billing.Fold(credits, uses)
		if err != nil {
			t.Fatal(err)
		}
		if len(movements) != len(credits)+len(uses) {
			t.Fatalf("%d facts made %d movements", len(credits)+len(uses), len(movements))
		}
		accounts, inPeriod := map[billing.Account]billing.Credits{}, billing.Credits(0)
		for _, m := range movements {
			for _, e := range m.Entries() {
				accounts[e.Account] += e.Units
			}
			switch m.Cause {
			case billing.CauseExpired, billing.CauseSettled:
				inPeriod = 0
				if accounts[billing.AccountWallet] != 0 {
					t.Fatal("a reset left something in the wallet")
				}
			case billing.CauseGranted, billing.CauseCarriedOver, billing.CauseRevoked:
				if inPeriod += m.Units; inPeriod < 0 {
					t.Fatal("credited units below zero")
				}
			}
		}
		balance, err := wallet.Balance()
		if err != nil || balance != accounts[billing.AccountWallet] {
			t.Fatalf("balance %s, %v; entries say %s", balance, err, accounts[billing.AccountWallet])
		}
		var total billing.Credits
		for _, units := range accounts {
			total += units
		}
		if total != 0 {
			t.Fatalf("all accounts add up to %s", total)
		}
		credits = append(inTheirOrder(credits, rapid.Permutation(credits).Draw(t, "credits again")), credits...)
		uses = append(rapid.Permutation(uses).Draw(t, "uses again"), uses...)
		if again, _, err := billing.Fold(credits, uses); err != nil || again != wallet {
			t.Fatalf("shuffled and doubled: %+v, %v; want %+v", again, err, wallet)
		}
	})
}

// inTheirOrder puts the events of each instant into the order that they have in
// original: it is the one order that counts (see Fold).
func inTheirOrder(original, shuffled []billing.CreditEvent) []billing.CreditEvent {
	at := map[time.Time][]billing.CreditEvent{}
	for _, e := range original {
		at[e.OccurredAt] = append(at[e.OccurredAt], e)
	}
	ordered := make([]billing.CreditEvent, len(shuffled))
	for i, e := range shuffled {
		ordered[i], at[e.OccurredAt] = at[e.OccurredAt][0], at[e.OccurredAt][1:]
	}
	return ordered
}

func BenchmarkFold(b *testing.B) {
	var credits []billing.CreditEvent
	var uses []billing.Use
	for i := range 5000 {
		uses = append(uses, used(fmt.Sprint("u", i), i, 1))
		if i%700 == 0 {
			credits = append(credits, reset(fmt.Sprint("r", i), i), granted(fmt.Sprint("g", i), i, 1000, true))
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := billing.Fold(credits, uses); err != nil {
			b.Fatal(err)
		}
	}
}
