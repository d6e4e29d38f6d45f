package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

const (
	// downAlarm is how long the provider is not asked, until that is an alarm.
	downAlarm = time.Minute
	// clockAlarm is how far two clocks may differ. Signatures are refused beyond five
	// minutes.
	clockAlarm = time.Minute
	// silenceAlarm is how long changes go untold until that is an alarm: Polar's first
	// attempts at a delivery follow within seconds.
	silenceAlarm = 10 * time.Minute
)

// watchProvider looks for what keeps webhooks from arriving, and raises or clears the
// alarms about it.
func (w *Worker) watchProvider(ctx context.Context) (int, error) {
	return 0, errors.Join(w.watchCircuit(ctx), w.watchClock(ctx), w.watchEndpoints(billing.Background(ctx)), w.watchSilence(ctx), w.tellOperators(ctx))
}

// alarm raises an alarm about the provider while it holds, and clears it when it does not.
func (w *Worker) alarm(ctx context.Context, holds bool, a billing.Alarm) error {
	if a.Subject == "" {
		a.Subject = w.Provider.Name()
	}
	var err error
	if holds {
		_, err = w.Store.Raise(ctx, a, w.Now())
	} else {
		_, err = w.Store.Clear(ctx, a.Kind, a.Subject, w.Now())
	}
	return err
}

func (w *Worker) watchCircuit(ctx context.Context) error {
	since, why := w.circuit.down()
	return w.alarm(ctx, !since.IsZero() && w.Now().Sub(since) > downAlarm, billing.Alarm{
		Kind: billing.AlarmProviderDown, Detail: fmt.Sprintf("since %s: %s", since.UTC().Format(time.DateTime), why),
	})
}

func (w *Worker) watchClock(ctx context.Context) error {
	offset, known := w.Provider.ClockOffset()
	return w.alarm(ctx, known && offset.Abs() > clockAlarm, billing.Alarm{
		Kind: billing.AlarmClock, Detail: fmt.Sprintf("our clock is %s ahead of the provider's", offset.Round(time.Second)),
	})
}

func (w *Worker) watchSilence(ctx context.Context) error {
	since, err := w.Store.Silence(ctx, w.Provider.Name())
	if err != nil {
		return err
	}
	return w.alarm(ctx, !since.IsZero() && w.Now().Sub(since) >= silenceAlarm, billing.Alarm{
		Kind:   billing.AlarmWebhookSilence,
		Detail: fmt.Sprintf("since %s changes were found that no webhook told, and none came since", since.UTC().Format(time.DateTime)),
	})
}

// watchEndpoints asks the provider once an interval whether it sends webhooks here. While
// it does not answer nothing is known, and another alarm says so.
func (w *Worker) watchEndpoints(ctx context.Context) error {
	now := w.Now()
	if len(w.WebhookURLs) == 0 || now.Sub(w.endpointsSeen) < w.ReconcileEvery {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	endpoints, err := ask(ctx, w, w.Provider.Endpoints)
	if errors.Is(err, billing.ErrProvider) {
		return nil // asked again at the next round
	}
	w.endpointsSeen = now
	if err != nil {
		return fmt.Errorf("look for our webhook endpoint: %w", err)
	}
	open, err := w.Store.Alarms(ctx)
	if err != nil {
		return err
	}
	on, off := w.ours(endpoints)
	err = w.alarm(ctx, len(on)+len(off) == 0, billing.Alarm{
		Kind: billing.AlarmEndpointMissing, Detail: fmt.Sprintf("none of its %d endpoints is %s", len(endpoints), strings.Join(w.WebhookURLs, " or ")),
	})
	for _, e := range off {
		err = errors.Join(err, w.alarm(ctx, true, billing.Alarm{
			Kind: billing.AlarmEndpointDisabled, Subject: e.ProviderID, Detail: e.URL + " is switched off there: mend what made deliveries fail and switch it on",
		}))
	}
	for _, a := range open { // switched on again, or removed
		lasts := slices.ContainsFunc(off, func(e billing.Endpoint) bool { return e.ProviderID == a.Subject })
		if a.Kind == billing.AlarmEndpointDisabled && !lasts {
			err = errors.Join(err, w.alarm(ctx, false, a))
		}
	}
	return err
}

// ours are the endpoints that lead here, switched on and off.
func (w *Worker) ours(all []billing.Endpoint) (on, off []billing.Endpoint) {
	for _, e := range all {
		if !slices.Contains(w.WebhookURLs, strings.TrimSuffix(e.URL, "/")) {
			continue
		}
		if e.Enabled {
			on = append(on, e)
		} else {
			off = append(off, e)
		}
	}
	return on, off
}

// tellOperators logs each alarm when it is new, and mails the urgent ones.
func (w *Worker) tellOperators(ctx context.Context) error {
	readers, err := w.operators(ctx)
	if err != nil {
		return err
	}
	told, err := w.Store.TellAlarms(ctx, func(a billing.Alarm) ([]db.Mail, error) {
		if a.Severity != billing.Urgent || len(readers) == 0 {
			return nil, nil
		}
		mail, err := w.AlarmMail(a)
		if err != nil {
			return nil, err
		}
		mails := make([]db.Mail, len(readers))
		for i, address := range readers {
			mails[i] = mail
			mails[i].To = address
		}
		return mails, nil
	}, w.Now())
	for _, a := range told {
		w.Log.ErrorContext(ctx, "alarm", "kind", a.Kind, "subject", a.Subject, "detail", a.Detail)
	}
	if len(told) > 0 {
		w.Poke() // there may be mail
	}
	return err
}

// operators are the addresses of those who run this installation: those of the settings
// or, while these name nobody, of whoever became one by a start-up token.
func (w *Worker) operators(ctx context.Context) ([]string, error) {
	if len(w.Operators) > 0 || w.AlarmMail == nil {
		return w.Operators, nil
	}
	users, err := w.Store.Operators(ctx)
	if err != nil {
		return nil, err
	}
	addresses := make([]string, 0, len(users))
	for _, user := range users {
		addresses = append(addresses, user.Email)
	}
	return addresses, nil
}
