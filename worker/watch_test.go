package worker

import (
	"errors"
	"strings"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/db/dbtest"
)

// TestWhatIsParkedIsAnAlarm (W10): an alarm lasts exactly as long as something is parked,
// is raised once for it, and leaves alarms of other kinds alone.
func TestWhatIsParkedIsAnAlarm(t *testing.T) {
	s := newStage(t, false)
	if _, err := s.Store.Raise(t.Context(), billing.Alarm{Kind: billing.AlarmDisk, Subject: "data"}, s.now()); err != nil {
		t.Fatal(err)
	}
	kinds := func() (kinds []billing.AlarmKind) {
		t.Helper()
		for range 2 { // twice: a trouble that lasts is raised once
			if _, err := s.watchParked(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		alarms, err := s.Store.Alarms(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range alarms {
			if a.Count != 1 || a.Severity != billing.Urgent {
				t.Errorf("alarm %+v, want an urgent one that was raised once", a)
			}
			kinds = append(kinds, a.Kind)
		}
		return kinds
	}
	if got := kinds(); len(got) != 1 {
		t.Fatalf("with nothing parked there are alarms %v", got)
	}
	job := db.Job{Kind: db.JobReconcileCatalog, Key: "polar"}
	if err := s.Store.Enqueue(t.Context(), job, s.now(), s.now()); err != nil {
		t.Fatal(err)
	}
	claimed, err := s.Store.ClaimJob(t.Context(), job.Kind, s.now().Add(time.Minute), s.now())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Store.ParkJob(t.Context(), claimed, "no such organization"); err != nil {
		t.Fatal(err)
	}
	if got := kinds(); len(got) != 2 || got[1] != billing.AlarmJobParked && got[0] != billing.AlarmJobParked {
		t.Fatalf("with a parked job there are alarms %v", got)
	}
	if err := s.Store.RestartJob(t.Context(), claimed.ID, s.now()); err != nil {
		t.Fatal(err)
	}
	if got := kinds(); len(got) != 1 {
		t.Errorf("after the job was begun anew there are alarms %v", got)
	}
	if err := s.Store.RestartJob(t.Context(), claimed.ID, s.now()); !errors.Is(err, billing.ErrNotFound) {
		t.Errorf("a job that neither failed nor is parked was begun anew: %v", err)
	}
}

// TestAlarmsGoToOperators: an urgent alarm is mailed to whom the settings name and, while
// they name nobody, to who became an operator by a start-up token.
func TestAlarmsGoToOperators(t *testing.T) {
	for _, test := range []struct {
		name      string
		operators []string
		want      string
	}{
		{"named", []string{"olive@example.com"}, "olive@example.com"},
		{"by a token", nil, "first@example.com"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t, false)
			s.Operators, s.AlarmMail = test.operators, func(a billing.Alarm) (db.Mail, error) { return db.Mail{Subject: "alarm " + string(a.Kind)}, nil }
			first, ctx := s.signUp("first@example.com"), t.Context()
			s.signUp("other@example.com")
			if err := s.Store.AddSetupToken(ctx, "hash", s.now(), s.now().Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
			if err := s.Store.BecomeOperator(ctx, "hash", first, db.Mail{}, s.now()); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Store.Raise(ctx, billing.Alarm{Kind: billing.AlarmDisk, Subject: "data"}, s.now()); err != nil {
				t.Fatal(err)
			}
			if err := s.tellOperators(ctx); err != nil {
				t.Fatal(err)
			}
			var mailed []string
			for _, address := range []string{"olive@example.com", "first@example.com", "other@example.com"} {
				if mails := dbtest.Contents(t, s.url, "outbox"); strings.Contains(mails, `"to":"`+address+`","subject":"alarm`) {
					mailed = append(mailed, address)
				}
			}
			if strings.Join(mailed, " ") != test.want {
				t.Errorf("mailed to %v, want %s", mailed, test.want)
			}
		})
	}
}
