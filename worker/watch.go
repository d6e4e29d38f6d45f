package worker

import (
	"context"
	"time"

	"counterfoil/billing"
)

// watchRound is how long something can be parked before there is an alarm.
const watchRound = 30 * time.Second

// watched are the troubles that follow from what is parked.
var watched = map[billing.AlarmKind]bool{
	billing.AlarmDeliveryParked: true, billing.AlarmJobParked: true, billing.AlarmHookParked: true, billing.AlarmUsageParked: true,
}

// watchParked raises an alarm for what is parked and clears those whose cause is gone. It
// looks at what is, so no crash between parking and raising can lose an alarm, and
// nobody who retries has to think of one.
func (w *Worker) watchParked(ctx context.Context) (int, error) {
	troubles, err := w.Store.Troubles(ctx)
	if err != nil {
		return 0, err
	}
	open, err := w.Store.Alarms(ctx)
	if err != nil {
		return 0, err
	}
	type name struct {
		kind    billing.AlarmKind
		subject string
	}
	lasting := map[name]string{}
	for _, a := range open {
		lasting[name{a.Kind, a.Subject}] = a.Detail
	}
	for _, a := range troubles {
		key := name{a.Kind, a.Subject}
		detail, lasts := lasting[key]
		delete(lasting, key)
		if lasts && detail == a.Detail {
			continue
		}
		if _, err := w.Store.Raise(ctx, a, w.Now()); err != nil {
			return 0, err
		}
	}
	for over := range lasting {
		if !watched[over.kind] {
			continue
		}
		if _, err := w.Store.Clear(ctx, over.kind, over.subject, w.Now()); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// ProviderFailing reports since how many failures in a row the provider is not asked, and
// until when; 0 when it answers.
func (w *Worker) ProviderFailing() (failures int, until time.Time) {
	return w.circuit.state()
}
