//go:build unix

package auth

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"syscall"
	"testing"
	"time"

	"counterfoil/db/dbtest"
)

// Nothing that anybody may send takes another time for an address that has an account
// (SEC-07 wants medians within 5 %: on a quiet machine they are). What is compared is
// processor time, in turn and in changing order, each with an address that was never asked
// for before, so that what else the machine does, and how often an address was asked for,
// slows both alike. A busy machine is given more samples. What would tell the two apart, a
// hash or a transaction that only one kind pays for, is there in all of them.
func TestAnswersTakeAsLongForEveryAddress(t *testing.T) {
	const rounds, bound = 8, 0.10
	tests := []struct {
		name    string
		samples int
		do      func(b *browser, email string)
	}{
		{"sign in with a password", 8, func(b *browser, email string) {
			b.password(PasswordSignIn{Email: email, Password: "wrong password"})
		}},
		{"sign up", 8, func(b *browser, email string) { b.signUp(SignUp{Email: email, Password: secret}) }},
		{"ask for a reset", 40, func(b *browser, email string) { b.askReset(email) }},
		{"ask for a code", 20, func(b *browser, email string) { b.ask(email) }},
	}
	w := newWorld(t, func(c *Config) {
		c.Limits = Limits{
			AsksPerNetwork: 1e6, AsksInAll: 1e6, ProofsPerNetwork: 1e6, ProofsInAll: 1e6, CodesPerAddress: 1e6, LinksPerAddress: 1e6,
			PasswordsPerPlace: 1e6, PasswordsPerAddress: 1e6, PasswordsPerNetwork: 1e6, PasswordsInAll: 1e6,
		}
	})
	w.crowd(rounds * 40)
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // collected between the samples
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var apart float64
			var taken [2][]time.Duration
			for round := range rounds {
				sample(w, &taken, round*test.samples, test.samples, test.do)
				known, unknown := median(taken[0]), median(taken[1])
				apart = float64(known)/float64(unknown) - 1
				t.Logf("known %v, unknown %v: %+.1f %%", known, unknown, 100*apart)
				if max(apart, -apart) < bound {
					return
				}
			}
			t.Errorf("an address with an account takes %+.1f %% longer than one without", 100*apart)
		})
	}
}

// crowd makes users with proven addresses, known0@example.com and so on, and a password.
func (w *world) crowd(people int) {
	w.t.Helper()
	ada := w.member("ada@example.com").who().UserID
	for i := range people {
		id := fmt.Sprintf("known%d", i)
		for _, statement := range []string{
			"INSERT INTO users (id, email, email_verified_at, name, created_at, updated_at) SELECT CAST(? AS TEXT), CAST(? AS TEXT), email_verified_at, name, created_at, updated_at FROM users WHERE id = ?",
			"INSERT INTO passwords (user_id, hash, created_at, changed_at) SELECT u.id, p.hash, p.created_at, p.changed_at FROM users AS u, passwords AS p WHERE u.id = ? AND u.email = ? AND p.user_id = ?",
		} {
			if _, err := w.raw.Exec(dbtest.SQL(statement), id, id+"@example.com", ada); err != nil {
				w.t.Fatal(err)
			}
		}
	}
}

// sample measures addresses with an account, from that one of the crowd on, and as many
// without.
func sample(w *world, taken *[2][]time.Duration, from, samples int, do func(b *browser, email string)) {
	for i := from; i < from+samples; i++ {
		emails := [2]string{fmt.Sprintf("known%d@example.com", i), fmt.Sprintf("other%d@example.com", i)}
		for turn := range emails {
			kind := (turn + i) % 2
			b := w.browser()
			runtime.GC()
			start := worked(w.t)
			do(b, emails[kind])
			taken[kind] = append(taken[kind], worked(w.t)-start)
		}
	}
}

func median(list []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(list))[len(list)/2]
}

// worked is the processor time that this process has used.
func worked(t testing.TB) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
