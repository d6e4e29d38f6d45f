package views

// toneIcon is the drawing that repeats a tone for those who do not see its colour.
func toneIcon(tone Tone) string {
	switch tone {
	case ToneGood:
		return "circle-check"
	case ToneWarn:
		return "triangle-alert"
	case ToneBad:
		return "circle-x"
	}
	return "info"
}

// word is how a machine's word is shown: a text of the catalogue and a tone.
type word struct {
	id   string
	tone Tone
}

var subscriptionWords = map[SubscriptionStatus]word{
	SubscriptionIncomplete: {"subscription.status.incomplete", ToneWarn},
	SubscriptionTrialing:   {"subscription.status.trialing", ToneGood},
	SubscriptionActive:     {"subscription.status.active", ToneGood},
	SubscriptionEnding:     {"subscription.status.ending", ToneWarn},
	SubscriptionPastDue:    {"subscription.status.past_due", ToneBad},
	SubscriptionPaused:     {"subscription.status.paused", ToneNeutral},
	SubscriptionCanceled:   {"subscription.status.canceled", ToneNeutral},
}

var orderWords = map[OrderStatus]word{
	OrderPending:           {"order.status.pending", ToneWarn},
	OrderPaid:              {"order.status.paid", ToneGood},
	OrderRefunded:          {"order.status.refunded", ToneNeutral},
	OrderPartiallyRefunded: {"order.status.partially_refunded", ToneNeutral},
	OrderVoid:              {"order.status.void", ToneNeutral},
}

var orderReasons = map[OrderReason]string{
	ReasonPurchase: "order.reason.purchase",
	ReasonStart:    "order.reason.start",
	ReasonRenewal:  "order.reason.renewal",
	ReasonUpdate:   "order.reason.update",
}

var eventWords = map[EventState]word{
	EventQueued: {"event.queued", ToneNeutral},
	EventSent:   {"event.sent", ToneGood},
	EventFailed: {"event.failed", ToneWarn},
}

var causeWords = map[CreditCause]string{
	CauseGranted:  "credits.cause.granted",
	CauseCarried:  "credits.cause.carried",
	CauseUsed:     "credits.cause.used",
	CauseExpired:  "credits.cause.expired",
	CauseRevoked:  "credits.cause.revoked",
	CauseRefunded: "credits.cause.refunded",
	CauseAdjusted: "credits.cause.adjusted",
}

// cancelReasons keeps the order of the form.
var cancelReasons = []struct {
	reason CancelReason
	id     string
}{
	{TooExpensive, "cancel.reason.too_expensive"},
	{MissingFeatures, "cancel.reason.missing_features"},
	{SwitchedService, "cancel.reason.switched_service"},
	{Unused, "cancel.reason.unused"},
	{CustomerService, "cancel.reason.customer_service"},
	{LowQuality, "cancel.reason.low_quality"},
	{TooComplex, "cancel.reason.too_complex"},
	{OtherReason, "cancel.reason.other"},
}

// per is "a month", or "every 3 months" for more than one; nothing for a price paid once.
func (p Page) per(i Interval, count int) string {
	n := int64(max(1, count))
	switch i {
	case Day:
		return p.T.N("interval.day", n)
	case Week:
		return p.T.N("interval.week", n)
	case Month:
		return p.T.N("interval.month", n)
	case Year:
		return p.T.N("interval.year", n)
	}
	return ""
}

// Per says how often a price is paid: "a month", "every 3 months".
func (t *Translator) Per(i Interval, count int) string { return Page{T: t}.per(i, count) }

// wordFor shows a status; one that we have no word for is shown as it came.
func wordFor[K ~string](p Page, words map[K]word, key K) (Tone, string) {
	w, ok := words[key]
	if !ok {
		return ToneNeutral, string(key)
	}
	return w.tone, p.t(w.id)
}

// causeText names a cause, also as filters and mails need it.
func causeText(p Page, cause CreditCause) string {
	id, ok := causeWords[cause]
	if !ok {
		return string(cause)
	}
	return p.t(id)
}

// reasonText says why an order exists; nothing when we do not know.
func reasonText(p Page, reason OrderReason) string {
	id, ok := orderReasons[reason]
	if !ok {
		return ""
	}
	return p.t(id)
}
