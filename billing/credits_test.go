package billing_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"counterfoil/billing"
)

func TestParseCredits(t *testing.T) {
	tests := []struct {
		text string
		want billing.Credits
		bad  bool
	}{
		{text: "0", want: 0},
		{text: "-0", want: 0},
		{text: "12", want: 12_000_000},
		{text: "-0.5", want: -500_000},
		{text: "0.000001", want: 1},
		{text: "1.5e3", want: 1_500_000_000},
		{text: "15E-1", want: 1_500_000},
		{text: "1.0000000", want: 1_000_000}, // nothing is lost
		{text: "0e999999999999", want: 0},
		{text: "9223372036854.775807", want: math.MaxInt64},
		{text: "9223372036854.775808", bad: true},
		{text: "0.0000001", bad: true},
		{text: "0.30000000000000004", bad: true},
		{text: "1e999999999999", bad: true},
		{text: "", bad: true}, {text: "-", bad: true}, {text: ".5", bad: true}, {text: "5.", bad: true},
		{text: "+5", bad: true}, {text: "1e", bad: true}, {text: "1e+-2", bad: true}, {text: "NaN", bad: true},
		{text: "0x10", bad: true}, {text: "1_000", bad: true}, {text: " 1", bad: true}, {text: "١", bad: true},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			got, err := billing.ParseCredits(json.Number(tt.text))
			if tt.bad {
				if !errors.Is(err, billing.ErrInvalid) {
					t.Fatalf("got %s, %v; want ErrInvalid", got, err)
				}
				return
			}
			if err != nil || got != tt.want {
				t.Fatalf("got %d, %v; want %d", got, err, tt.want)
			}
		})
	}
}

func TestRoundCredits(t *testing.T) {
	for text, want := range map[string]billing.Credits{
		"0.30000000000000004": 300_000, "0.0000005": 1, "-0.0000005": -1, "0.00000049": 0, "7": 7_000_000, "1e-400": 0,
	} {
		if got, err := billing.RoundCredits(text); err != nil || got != want {
			t.Errorf("RoundCredits(%s) = %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "x", "1e30"} {
		if _, err := billing.RoundCredits(text); !errors.Is(err, billing.ErrInvalid) {
			t.Errorf("RoundCredits(%q): %v; want ErrInvalid", text, err)
		}
	}
}

func TestCreditsText(t *testing.T) {
	for want, c := range map[string]billing.Credits{
		"0": 0, "1": 1_000_000, "-0.5": -500_000, "1000.000001": 1_000_000_001, "-9223372036854.775808": math.MinInt64,
	} {
		if got := c.String(); got != want {
			t.Errorf("%d is %q, want %q", int64(c), got, want)
		}
	}
}

func TestCreditsNeverWrap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64().Draw(t, "a"), rapid.Int64().Draw(t, "b")
		bigA, bigB := big.NewInt(a), big.NewInt(b)
		check := func(name string, got billing.Credits, err error, exact *big.Int) {
			if fits := exact.IsInt64(); fits != (err == nil) || fits && int64(got) != exact.Int64() {
				t.Fatalf("%d %s %d = %d, %v; exact %s", a, name, b, got, err, exact)
			}
		}
		sum, err := billing.Credits(a).Add(billing.Credits(b))
		check("+", sum, err, new(big.Int).Add(bigA, bigB))
		difference, err := billing.Credits(a).Sub(billing.Credits(b))
		check("-", difference, err, new(big.Int).Sub(bigA, bigB))
	})
}

func TestCreditsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := billing.Credits(rapid.Int64Min(math.MinInt64+1).Draw(t, "credits"))
		if back, err := billing.ParseCredits(c.String()); err != nil || back != c {
			t.Fatalf("%d became %s and then %d, %v", int64(c), c, int64(back), err)
		}
	})
}

// FuzzParseCredits holds the parser against math/big.
func FuzzParseCredits(f *testing.F) {
	for _, seed := range []string{"0", "-1.5", "1e3", "0.0000001", "123456789012345678", "1e-7", "-0.0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := billing.ParseCredits(text)
		if err != nil {
			return
		}
		exact, ok := new(big.Rat).SetString(text)
		if !ok {
			if c == 0 {
				return // math/big gives up on exponents such as 0e99999999
			}
			t.Fatalf("%q was accepted", text)
		}
		if exact.Mul(exact, big.NewRat(int64(billing.CreditScale), 1)).Cmp(new(big.Rat).SetInt64(int64(c))) != 0 {
			t.Fatalf("%q became %s", text, c)
		}
	})
}
