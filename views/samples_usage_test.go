package views_test

import (
	"time"

	"counterfoil/views"
)

// daily is a month of use with a weekly rhythm, in whole credits.
var daily = []int64{61, 72, 12, 8, 70, 66, 81, 77, 69, 0, 9, 74, 90, 83, 88, 79, 14, 11, 92, 85, 97, 80, 94, 0, 16, 101, 89, 96, 104, 38}

func (s sampler) meters() []views.Meter {
	return []views.Meter{
		{
			ID: "ai-credits", Name: "AI credits", Consumed: s.t.Number(1240), Included: s.t.Number(2420), Balance: s.t.Number(1180), Percent: 51,
			Resets: s.t.Date(now.AddDate(0, 0, 11)), Trend: views.Sparkline{Title: "Used a day, last 30 days", Values: daily}, Credits: "/credits",
		},
		{
			ID: "file-uploads", Name: "File uploads", Consumed: s.t.Number(512), Included: s.t.Number(500), Balance: s.t.Number(-12), Over: true, Percent: 102,
			Resets: s.t.Date(now.AddDate(0, 0, 11)), Trend: views.Sparkline{Title: "Used a day, last 30 days", Values: daily[:12]},
		},
	}
}

func (s sampler) bars(days int) views.BarChart {
	chart := views.BarChart{ID: "daily", Title: "AI credits used a day", Unit: "credits", Scale: views.CreditScale}
	for i := range days {
		day := now.AddDate(0, 0, i-days+1)
		value := daily[i%len(daily)] * views.CreditScale
		chart.Bars = append(chart.Bars, views.Bar{Label: s.t.ShortDay(day), Name: s.t.Day(day).Text, Value: value, Text: s.t.Credits(value)})
	}
	return chart
}

func (s sampler) send() views.SendEvent {
	return views.SendEvent{
		Action: "/usage/events", EventID: "0193a1f0-5b7e-7c44-9d1c-3f1f0c2e9a55", Event: "ai_usage", Fields: []views.Field{{Key: "credits", Value: "5"}},
		Curl: "curl https://app.example.com/api/v1/events \\\n  -H 'Authorization: Bearer YOUR_KEY' \\\n  -d '{\"id\":\"first-1\",\"name\":\"ai_usage\",\"metadata\":{\"credits\":5}}'",
	}
}

func (s sampler) events() []views.EventRow {
	at := func(minutes int) views.Time { return s.t.Ago(now.Add(-time.Duration(minutes)*time.Minute), now) }
	return []views.EventRow{
		{At: at(0), Name: "ai_usage", Quantity: "5", Metadata: "credits=5, model=large", State: views.EventQueued},
		{At: at(14), Name: "ai_usage", Quantity: "12.5", Metadata: "credits=12.5, model=large", State: views.EventSent},
		{At: at(95), Name: "ai_usage", Quantity: "3", Metadata: "credits=3", State: views.EventFailed, Error: "The provider answered 503. Next try in 2 minutes."},
	}
}

func (s sampler) ranges(current string) []views.Link {
	var links []views.Link
	for _, name := range []string{"7 days", "30 days", "90 days", "12 months"} {
		links = append(links, views.Link{URL: "/usage/ai-credits?range=" + name[:2], Text: name, Current: name == current})
	}
	return links
}

func (s sampler) usage() []sample {
	page := s.sam("usage.title", views.NavUsage)
	meter := views.MeterDetail{
		Meter: s.meters()[0], Ranges: s.ranges("30 days"), From: "2026-10-24", To: "2026-11-22",
		Total: s.t.Number(1856), Average: "61.9", Peak: "104, 21 Nov", Chart: s.bars(30), Events: s.events(), Older: "/usage/ai-credits?before=e3", Send: s.send(),
	}
	long := meter
	long.Ranges, long.Chart = s.ranges("90 days"), s.bars(90)
	bad := meter
	bad.Ranges, bad.Error, bad.Events, bad.Chart = s.ranges(""), "The first day must not be after the last one.", nil, s.bars(7)
	bad.Send.Error = "Each key needs a value."
	stacked := s.bars(14)
	for i := range stacked.Bars {
		stacked.Bars[i].Second = stacked.Bars[i].Value / 3
	}
	return []sample{
		{"usage", views.UsagePage(page, views.Usage{Meters: s.meters()})},
		{"usage-first", views.UsagePage(page, views.Usage{Send: s.send()})},
		{"meter", views.MeterPage(page, meter)},
		{"meter-90", views.MeterPage(page, long)},
		{"meter-bad-range", views.MeterPage(page, bad)},
	}
}

func (s sampler) steps() views.StepChart {
	from := now.AddDate(0, 0, -19)
	chart := views.StepChart{ID: "balance", Title: "Balance", Unit: "credits", Scale: views.CreditScale, From: from.UnixMilli(), To: now.UnixMilli()}
	balance := int64(420)
	for i := range 20 {
		day := from.AddDate(0, 0, i)
		if i == 1 {
			balance += 2000
		}
		balance -= daily[(i+10)%len(daily)]
		chart.Points = append(chart.Points, views.Point{
			At: day.UnixMilli(), Name: s.t.Day(day).Text, Value: balance * views.CreditScale, Text: s.t.Number(balance),
		})
	}
	for _, i := range []int{0, 6, 13, 19} {
		chart.Labels = append(chart.Labels, s.t.ShortDay(from.AddDate(0, 0, i)))
	}
	return chart
}

func (s sampler) creditDays() []views.CreditDay {
	day := func(ago int) time.Time { return now.AddDate(0, 0, -ago) }
	return []views.CreditDay{
		{
			Day: s.t.Day(day(0)), Net: s.t.Number(-38), Closing: s.t.Number(1180), URL: "/credits?day=2026-11-22",
			Entries: []views.CreditEntry{
				{At: s.t.Clock(day(0)), Cause: views.CauseUsed, Detail: "9 events", Amount: s.t.Number(-38), Balance: s.t.Number(1180), URL: "/credits?day=2026-11-22"},
			},
		},
		{
			Day: s.t.Day(day(19)), Net: "+2,320", Closing: "2,420",
			Entries: []views.CreditEntry{
				{At: s.t.Clock(day(19)), Cause: views.CauseGranted, Detail: "Pro, November 2026", Amount: "+2,000", Added: true, Balance: "2,420", URL: "/portal/orders/ord-0"},
				{At: s.t.Clock(day(19)), Cause: views.CauseCarried, Detail: "From October, at most what is left", Amount: "+420", Added: true, Balance: "420"},
				{At: s.t.Clock(day(19)), Cause: views.CauseExpired, Detail: "End of the period", Amount: s.t.Number(-520), Balance: "0"},
			},
		},
	}
}

func (s sampler) credits() []sample {
	page := s.sam("credits.title", views.NavCredits)
	wallet := views.Credits{
		Wallets: []views.Link{{URL: "/credits?meter=ai-credits", Text: "AI credits", Current: true}, {URL: "/credits?meter=file-uploads", Text: "File uploads"}},
		Meter:   "AI credits", Balance: "1,180", UsageURL: "/usage/ai-credits", BuyURL: "/plans",
		Sum:    views.CreditSum{From: s.t.Date(now.AddDate(0, 0, -19)), Opening: "520", Granted: "2,420", Used: "1,240", Expired: "520", Balance: "1,180"},
		Chart:  s.steps(),
		Causes: []views.Link{{URL: "/credits", Text: "All", Current: true}, {URL: "/credits?cause=granted", Text: "Granted"}, {URL: "/credits?cause=used", Text: "Used"}, {URL: "/credits?cause=expired", Text: "Expired"}},
		Days:   s.creditDays(), OlderURL: "/credits?before=x", Expires: "Resets on 3 December 2026. What came from Pro carries over.",
	}
	drift := wallet
	drift.Balance, drift.Over = s.t.Number(-12), true
	drift.Sum.Other, drift.Sum.Mismatch, drift.Days = "+8", "The provider says 1,188. We are checking which one is right.", nil
	checking := wallet
	checking.Checking, checking.Balance = true, "–"
	detail := views.CreditDayDetail{Meter: "AI credits", BackURL: "/credits", Day: s.creditDays()[0], Opening: "1,218", Events: s.events(), More: "/usage/ai-credits"}
	return []sample{
		{"credits", views.CreditsPage(page, wallet)},
		{"credits-drift", views.CreditsPage(page, drift)},
		{"credits-checking", views.CreditsPage(page, checking)},
		{"credits-none", views.CreditsPage(page, views.Credits{})},
		{"credits-day", views.CreditDayPage(page, detail)},
	}
}
