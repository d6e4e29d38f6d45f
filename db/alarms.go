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
	alarms := mapEach(rows, alarmOf)
	if s.Full() { // what could not be written down
		alarms = append(alarms, billing.Alarm{Kind: billing.AlarmDisk, Subject: "database", Severity: billing.Urgent, Detail: ErrFull.Error(), Count: 1})
	}
	return alarms, nil
}

func alarmOf(row gen.Alarm) billing.Alarm {
	return billing.Alarm{
		Kind: billing.AlarmKind(row.Kind), Subject: row.Subject, Severity: billing.Severity(row.Severity),
		Detail: row.Detail, RaisedAt: moment(row.RaisedAt), SeenAt: moment(row.SeenAt), Count: int(row.Count),
	}
}

const (
	tellEvery = time.Hour // at most, of one alarm that comes and goes
	tellMost  = 20        // alarms told at once
)

// TellAlarms returns the alarms that operators are to be told of now: each once while it
// lasts, and at most once an hour when it comes and goes. The mails that mail writes about
// one, if any, are asked for in the same transaction.
func (s *Store) TellAlarms(ctx context.Context, mail func(billing.Alarm) ([]Mail, error), now time.Time) ([]billing.Alarm, error) {
	before := millis(now.Add(-tellEvery))
	untold, err := s.r.UntoldAlarms(ctx, gen.UntoldAlarmsParams{Before: before, Most: tellMost})
	if err != nil {
		return nil, fmt.Errorf("alarms to tell: %w", err)
	}
	var told []billing.Alarm
	for _, row := range untold {
		alarm := alarmOf(row)
		mails, err := mail(alarm)
		if err != nil {
			return told, fmt.Errorf("mail of alarm %s: %w", alarm.Kind, err)
		}
		mine := false
		err = s.inTx(ctx, func(q *gen.Queries) error {
			rows, err := q.TellAlarm(ctx, gen.TellAlarmParams{Now: millis(now), Kind: row.Kind, Subject: row.Subject, Before: before})
			mine = rows > 0
			for _, m := range mails {
				if err == nil && mine {
					err = enqueueMail(ctx, q, m, now)
				}
			}
			return err
		})
		if err != nil {
			return told, fmt.Errorf("tell alarm %s: %w", alarm.Kind, err)
		}
		if mine {
			told = append(told, alarm)
		}
	}
	return told, nil
}
