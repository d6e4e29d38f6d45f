package handlers

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/views"
)

// eventsPerPage is how many events a meter's page lists.
const eventsPerPage = 20

// showUsage handles GET /usage: every meter at a glance.
func (s *Server) showUsage(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	page, err := s.customerFrame(r, who, "usage.title", views.NavUsage)
	if err != nil {
		return err
	}
	sh, err := s.shelf(r.Context())
	if err != nil {
		return err
	}
	meters, err := s.meters(r.Context(), page.T, sh, who.CustomerID)
	if err != nil {
		return err
	}
	model := views.Usage{Meters: meters, Send: s.sendForm(billing.Meter{})}
	for _, m := range slices.SortedFunc(maps.Values(sh.meters), func(a, b billing.Meter) int { return strings.Compare(a.Name, b.Name) }) {
		if !m.Archived {
			model.Send = s.sendForm(m)
			break
		}
	}
	return s.render(w, r, http.StatusOK, views.UsagePage(page, model))
}

// trendDays is how far back the small trend of a meter's card looks.
const trendDays = 30

// meters are the customer's meters as cards: those that ever moved, in the order of
// their names.
func (s *Server) meters(ctx context.Context, t *views.Translator, sh shelf, customerID string) ([]views.Meter, error) {
	wallets, err := s.wallets(ctx, customerID)
	if err != nil {
		return nil, err
	}
	subs, err := s.Store.Subscriptions(ctx, customerID)
	if err != nil {
		return nil, err
	}
	cards := make([]views.Meter, len(wallets))
	for i, wallet := range wallets {
		if cards[i], err = s.trended(ctx, t, customerID, wallet, meterCard(t, sh, wallet, subs)); err != nil {
			return nil, err
		}
	}
	return cards, nil
}

// trended is a meter's card with its small trend.
func (s *Server) trended(ctx context.Context, t *views.Translator, customerID string, wallet db.Wallet, card views.Meter) (views.Meter, error) {
	now := s.Now().UTC()
	days, err := s.Store.UsageByDay(ctx, customerID, wallet.Meter, now.AddDate(0, 0, 1-trendDays), now)
	if err != nil {
		return card, err
	}
	card.Trend.Title = t.T("usage.trend", "Days", t.Number(trendDays))
	for _, d := range days {
		card.Trend.Values = append(card.Trend.Values, int64(d.Units))
	}
	return card, nil
}

// wallets are the customer's wallets in the order of their meters' names.
func (s *Server) wallets(ctx context.Context, customerID string) ([]db.Wallet, error) {
	wallets, err := s.Store.Wallets(ctx, customerID)
	slices.SortFunc(wallets, func(a, b db.Wallet) int { return strings.Compare(a.MeterName, b.MeterName) })
	return wallets, err
}

// unknownFigure stands where a figure is not told.
const unknownFigure = "–"

func meterCard(t *views.Translator, sh shelf, wallet db.Wallet, subs []billing.Subscription) views.Meter {
	balance := wallet.Balance
	card := views.Meter{
		ID: wallet.Meter.ProviderID, Name: wallet.MeterName, Consumed: t.Credits(int64(wallet.Consumed)),
		Balance: t.Credits(int64(balance)), Over: balance < 0, Credits: "/credits?meter=" + url.QueryEscape(wallet.Meter.ProviderID),
	}
	if wallet.Frozen() {
		card.Checking, card.Consumed, card.Balance, card.Over = true, unknownFigure, "", false
		return card
	}
	if wallet.Credited > 0 {
		card.Included = t.Credits(int64(wallet.Credited))
		card.Percent = int(max(0, min(999, int64(wallet.Consumed)/max(1, int64(wallet.Credited)/100))))
	}
	if at, ok := resetOf(sh, subs, wallet.Meter.ProviderID); ok {
		card.Resets = t.Date(at)
	}
	return card
}

// resetOf is when the period of a meter ends: with the live subscription whose
// product grants credits on it.
func resetOf(sh shelf, subs []billing.Subscription, meterID string) (time.Time, bool) {
	for _, sub := range subs {
		if !sub.Live() {
			continue
		}
		for _, b := range sh.products[sub.ProviderProductID].Benefits {
			if b.Kind == billing.BenefitCredits && b.MeterID == meterID {
				return sub.PeriodEnd, true
			}
		}
	}
	return time.Time{}, false
}
