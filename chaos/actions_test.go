//go:build linux

package chaos

import (
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// desk is a provider at which subscriptions can be canceled. It counts how often each is.
type desk struct {
	*httptest.Server
	mu       sync.Mutex
	subs     map[string]state
	canceled map[string]int
}

func startDesk(t *testing.T, people int) *desk {
	d := &desk{subs: map[string]state{}, canceled: map[string]int{}}
	began := time.Now().Add(-time.Hour).Truncate(time.Second)
	for i := range people {
		d.subs[subID(i)] = state{kind: "subscription", id: subID(i), customer: "c" + subID(i), product: "p", status: "active", amount: 900,
			created: began, at: began, started: began, periodStart: began, periodEnd: began.Add(month)}
	}
	d.Server = httptest.NewServer(http.HandlerFunc(d.serve))
	t.Cleanup(d.Close)
	return d
}

func subID(i int) string { return fmt.Sprintf("0000000a-0000-4000-8000-%012x", i) }

func (d *desk) serve(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	id, _ := strings.CutPrefix(strings.TrimSuffix(r.URL.Path, "/"), "/v1/subscriptions/")
	s, known := d.subs[id]
	if !known {
		answer(w, http.StatusNotFound, map[string]any{"error": "ResourceNotFound", "detail": "Not found"})
		return
	}
	if r.Method == http.MethodPatch {
		d.canceled[id]++
		s.cancelAtEnd, s.at = true, time.Now()
		s.canceled = s.at
		d.subs[id] = s
	}
	answer(w, http.StatusOK, s.body())
}

// TestAChangeIsLookedUpAndNotRepeated kills the process around a customer's cancellation.
// It must happen at the provider once: asked for again when the death came before the
// provider heard of it, looked up when it came after.
func TestAChangeIsLookedUpAndNotRepeated(t *testing.T) {
	needsTime(t)
	t.Parallel()
	binary, err := builds.real()
	if err != nil {
		t.Fatal(err)
	}
	each := 2
	if *tier == "long" {
		each = 20
	}
	desk := startDesk(t, 2*each)
	s := newSite(t, binary, &provider{Server: desk.Server})
	if err := s.settleSubscribers(2 * each); err != nil {
		t.Fatal(err)
	}
	unkept := 0
	for i := 0; i < 2*each; {
		kept, err := s.dieCanceling(t, i, []string{"action.begun", "action.accepted"}[i%2])
		if err != nil {
			t.Fatal(err)
		}
		if kept {
			i++
			continue
		}
		// An earlier wish, taken up again at the start, died before this one was written:
		// nothing was promised. In peace everything kept ends, and this one is asked for anew.
		if unkept++; unkept > 2*each {
			t.Fatalf("%d forms were not kept", unkept)
		}
		if err := newRun(s, nil, missingUsage, time.Second).settle(time.Minute, openActions); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d cancellations, each killed; %d forms died before they were kept, and were sent again", 2*each, unkept)
	r := newRun(s, nil, missingUsage, time.Second)
	if err := r.settle(time.Minute, openActions); err != nil {
		t.Fatal(err)
	}
	desk.mu.Lock()
	defer desk.mu.Unlock()
	for i := range 2 * each {
		if n := desk.canceled[subID(i)]; n != 1 {
			t.Errorf("subscription %d was canceled %d times at the provider, want once", i, n)
		}
	}
	ending := 0
	err = s.look(func(db *sql.DB) (err error) {
		ending, err = number(db, "SELECT COUNT(*) FROM subscriptions WHERE cancel_at_period_end")
		return err
	})
	if err != nil || ending != 2*each {
		t.Errorf("%d of %d subscriptions end here: %v", ending, 2*each, err)
	}
}

const openActions = "SELECT COUNT(*) FROM actions WHERE state <> 'done'"

// dieCanceling is a life that ends at a failpoint while subscriber i cancels. It tells
// whether the wish was written down before.
func (s *site) dieCanceling(t *testing.T, i int, name string) (kept bool, err error) {
	p, err := s.start(name+":1", 2)
	if err != nil {
		return false, err
	}
	defer p.kill()
	if _, err := s.ready(p); err != nil && !errors.Is(err, errDied) {
		return false, fmt.Errorf("start: %w\n%s", err, s.tail())
	}
	status, err := s.cancel(i)
	select { // the page waits four seconds for the provider, and is answered then
	case <-p.ended:
	case <-time.After(time.Minute):
		t.Errorf("%s: the form was answered %d (%v), want death", name, status, err)
	}
	p.kill()
	if !s.reached(name) {
		return false, fmt.Errorf("%s was not reached\n%s", name, s.tail())
	}
	err = s.look(func(db *sql.DB) error {
		n, err := number(db, "SELECT COUNT(*) FROM actions WHERE object_id = ?", subID(i))
		kept = n > 0
		return err
	})
	return kept, err
}

// cancel sends the form of a subscriber. The killed process answers nothing.
func (s *site) cancel(i int) (int, error) {
	req, err := http.NewRequest(http.MethodPost, "http://"+s.addr+"/portal/subscriptions/"+subID(i)+"/cancel", nil)
	if err != nil {
		return 0, err
	}
	req.AddCookie(&http.Cookie{Name: "counterfoil", Value: personToken(i)})
	res, err := (&http.Client{Transport: &http.Transport{}, Timeout: 20 * time.Second}).Do(req)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}

// settleSubscribers writes people into the database who each have a subscription.
func (s *site) settleSubscribers(n int) (err error) {
	if err := s.settlePeople(n); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", "file:"+s.database())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	began := time.Now().Add(-time.Hour).Truncate(time.Second)
	for i := range n {
		_, err := db.Exec(`INSERT INTO provider_customers (provider, provider_id, customer_id, external_id, email_verified, created_at, version, copied_at)
			VALUES ('polar', ?, ?, ?, 1, ?, ?, ?)`, "c"+subID(i), personID(i), personID(i), ms(began), began.UnixMicro(), ms(began))
		if err == nil {
			_, err = db.Exec(`INSERT INTO subscriptions (provider, provider_id, provider_customer_id, provider_product_id, status, amount, currency,
				interval, interval_count, period_start, period_end, cancel_at_period_end, started_at, created_at, version, copied_at)
				VALUES ('polar', ?, ?, 'p', 'active', 900, 'usd', 'month', 1, ?, ?, 0, ?, ?, ?, ?)`,
				subID(i), "c"+subID(i), ms(began), ms(began.Add(month)), ms(began), ms(began), began.UnixMicro(), ms(began))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
