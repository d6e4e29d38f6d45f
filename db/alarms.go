package db

import (
	"context"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// Raise keeps a trouble for the operator to see, and reports whether it is new: it did
// not last already. Raising one that lasts counts it and renews its detail.
func (s *Store) Raise(ctx context.Context, a billing.Alarm, now time.Time) (fresh bool, err error) {
	if a.Severity == "" {
		a.Severity = billing.Urgent
	}
	err = s.inTx(ctx, func(q *gen.Queries) error {
		row, err := q.RaiseAlarm(ctx, gen.RaiseAlarmParams{
			Kind: string(a.Kind), Subject: a.Subject, Severity: string(a.Severity), Detail: a.Detail, Now: millis(now),
		})
		fresh = row.Count == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("raise alarm %s of %s: %w", a.Kind, a.Subject, err)
	}
	return fresh, nil
}

// Clear ends a trouble, if it lasts, and reports whether it did.
func (s *Store) Clear(ctx context.Context, kind billing.AlarmKind, subject string, now time.Time) (was bool, err error) {
	open, err := s.r.OpenAlarm(ctx, gen.OpenAlarmParams{Kind: string(kind), Subject: subject})
	if err != nil {
		return false, fmt.Errorf("look for alarm %s of %s: %w", kind, subject, err)
	}
	if open == 0 {
		return false, nil
	}
	ms := millis(now)
	err = s.inTx(ctx, func(q *gen.Queries) error {
		rows, err := q.ClearAlarm(ctx, gen.ClearAlarmParams{Now: &ms, Kind: string(kind), Subject: subject})
		was = rows > 0
		return err
	})
	if err != nil {
		return false, fmt.Errorf("clear alarm %s of %s: %w", kind, subject, err)
	}
	return was, nil
}

// alarmsMost is how many alarms are shown at once.
const alarmsMost = 200

// Alarms lists the troubles that last, the oldest first.
func (s *Store) Alarms(ctx context.Context) ([]billing.Alarm, error) {
	rows, err := s.r.OpenAlarms(ctx, alarmsMost)
	if err != nil {
		return nil, fmt.Errorf("alarms: %w", err)
	}
	return mapEach(rows, func(row gen.Alarm) billing.Alarm {
		return billing.Alarm{
			Kind: billing.AlarmKind(row.Kind), Subject: row.Subject, Severity: billing.Severity(row.Severity),
			Detail: row.Detail, RaisedAt: moment(row.RaisedAt), SeenAt: moment(row.SeenAt), Count: int(row.Count),
		}
	}), nil
}
