package handlers

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/views"
)

const (
	creditDaysPerPage = 14
	balanceDays       = 90 // of the chart and the sum
)

// causeViews translates causes into the page's; anything else is an adjustment.
var causeViews = map[billing.Cause]views.CreditCause{
	billing.CauseGranted: views.CauseGranted, billing.CauseCarriedOver: views.CauseCarried, billing.CauseUsed: views.CauseUsed,
	billing.CauseExpired: views.CauseExpired, billing.CauseRevoked: views.CauseRevoked, billing.CauseSettled: views.CauseAdjusted,
}

// showCredits handles GET /credits?meter=...&cause=...&before=2026-11-01: one wallet,
// why its balance is what it is, and every change.
func (s *Server) showCredits(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	page, err := s.customerFrame(r, who, "credits.title", views.NavCredits)
	if err != nil {
		return err
	}
	wallet, model, err := s.wallet(r, page.T, who)
	if err != nil {
		return err
	}
	if wallet == nil {
		return s.render(w, r, http.StatusOK, views.CreditsPage(page, views.Credits{BuyURL: "/plans"}))
	}
	ctx, t, now := r.Context(), page.T, s.Now().UTC()
	from := now.AddDate(0, 0, 1-balanceDays)
	sums, err := s.Store.CreditSums(ctx, who.CustomerID, wallet.Meter, from)
	if err != nil {
		return err
	}
	model.Sum = creditSum(t, sums)
	if drift, known := wallet.Drift(); known && drift != 0 {
		model.Sum.Mismatch = t.T("credits.mismatch", "Balance", t.Credits(int64(wallet.Provider)))
	}
	if model.Chart, err = s.balanceChart(ctx, t, who, *wallet, from, now); err != nil {
		return err
	}
	if err := s.creditHistory(r, t, who, *wallet, &model); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, views.CreditsPage(page, model))
}

// wallet picks the wallet that the address names, or the first; nil when there is none.
func (s *Server) wallet(r *http.Request, t *views.Translator, who auth.Visitor) (*db.Wallet, views.Credits, error) {
	wallets, err := s.wallets(r.Context(), who.CustomerID)
	if err != nil || len(wallets) == 0 {
		return nil, views.Credits{}, err
	}
	chosen, wanted := -1, r.URL.Query().Get("meter")
	for i, wallet := range wallets {
		if wallet.Meter.ProviderID == wanted || wanted == "" && chosen < 0 {
			chosen = i
		}
	}
	if chosen < 0 {
		return nil, views.Credits{}, billing.ErrNotFound
	}
	wallet := &wallets[chosen]
	model := views.Credits{
		Meter: wallet.MeterName, Balance: t.Credits(int64(wallet.Balance)), Over: wallet.Balance < 0,
		UsageURL: "/usage/" + url.PathEscape(wallet.Meter.ProviderID), BuyURL: "/plans",
	}
	if wallet.Frozen() {
		model.Checking, model.Balance, model.Over = true, unknownFigure, false
	}
	for i, other := range wallets {
		model.Wallets = append(model.Wallets, views.Link{
			URL: "/credits?meter=" + url.QueryEscape(other.Meter.ProviderID), Text: other.MeterName, Current: i == chosen,
		})
	}
	return wallet, model, nil
}

// creditSum is opening + granted − used − expired (+ other) = balance, each a sum of
// entries. What was carried over comes back out of what expired.
func creditSum(t *views.Translator, sums db.CreditSums) views.CreditSum {
	credits := func(c billing.Credits) string { return t.Credits(int64(c)) }
	sum := views.CreditSum{
		From: t.Date(sums.From), Opening: credits(sums.Opening), Granted: credits(sums.Granted + sums.Revoked),
		Used: credits(-sums.Used), Expired: credits(-(sums.Expired + sums.CarriedOver)), Balance: credits(sums.Balance),
	}
	if sums.Settled != 0 {
		sum.Other = t.SignedCredits(int64(sums.Settled))
	}
	return sum
}

func (s *Server) balanceChart(ctx context.Context, t *views.Translator, who auth.Visitor, wallet db.Wallet, from, to time.Time) (views.StepChart, error) {
	days, err := s.Store.BalanceByDay(ctx, who.CustomerID, wallet.Meter, from, to)
	if err != nil {
		return views.StepChart{}, err
	}
	chart := views.StepChart{
		ID: "balance", Title: t.T("credits.chart", "Meter", wallet.MeterName), Unit: meterNoun(wallet.MeterName),
		Scale: int64(billing.CreditScale), From: days[0].Day.UnixMilli(), To: days[len(days)-1].Day.UnixMilli(),
	}
	for i := range 5 {
		chart.Labels = append(chart.Labels, t.ShortDay(days[i*(len(days)-1)/4].Day))
	}
	for i, d := range days {
		if i > 0 && d.Balance == days[i-1].Balance {
			continue
		}
		chart.Points = append(chart.Points, views.Point{
			At: d.Day.UnixMilli(), Name: t.Date(d.Day).Text, Value: int64(d.Balance), Text: t.Credits(int64(d.Balance)),
		})
	}
	return chart, nil
}
