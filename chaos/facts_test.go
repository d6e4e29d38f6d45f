//go:build linux

package chaos

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The model of the facts that hooks are told, written from the words that stand above
// FactsOf in package billing and from nothing else of it.

// facts is the set of keys, sorted.
func (h *history) facts() []string {
	keys := map[string]bool{}
	for _, e := range h.events {
		s := h.objects[e.object].versions[e.version]
		keys[factKey(e.typ, s.id, s.told(e.typ))] = true
		for typ, mark := range s.proves() {
			keys[factKey(typ, s.id, mark)] = true
		}
	}
	var list []string
	for key := range keys {
		list = append(list, key)
	}
	slices.Sort(list)
	return list
}

// maybeFacts are keys that hooks may be told besides: a reading of the provider that
// finds a subscription or a grant changed tells that its customer's state has changed,
// and which readings find something depends on what came first.
func (h *history) maybeFacts() map[string]bool {
	keys := map[string]bool{}
	for _, o := range h.objects {
		if o.kind != "subscription" && o.kind != "benefit_grant" {
			continue
		}
		for _, s := range o.versions {
			keys[factKey("customer.state_changed", s.customer, fmt.Sprintf("%s %d", s.kind, s.at.UnixMicro()))] = true
		}
	}
	return keys
}

func factKey(typ, id, mark string) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{"polar", typ, id, mark}, "\x00")))
	return "fact_" + hex.EncodeToString(sum[:16])
}

// told is the mark of what an event says in its own name.
func (s state) told(typ string) string {
	switch typ {
	case "subscription.active": // for the first time, or again in a later period
		if s.periodStart.Sub(s.started).Abs() < time.Minute {
			return milliseconds(s.started)
		}
		return milliseconds(s.periodStart)
	case "subscription.cycled":
		return milliseconds(s.periodStart)
	}
	if mark, ok := s.proves()[typ]; ok {
		return mark
	}
	return strconv.FormatInt(s.at.UnixMicro(), 10)
}

// proves are the facts that a state proves, type to mark.
func (s state) proves() map[string]string {
	facts := map[string]string{}
	family := s.kind
	if family != "benefit_grant" {
		facts[family+".created"] = ""
	}
	if s.at.After(s.created) {
		facts[family+".updated"] = strconv.FormatInt(s.at.UnixMicro(), 10)
	}
	when := func(is bool, typ, mark string) {
		if is {
			facts[typ] = mark
		}
	}
	switch family {
	case "customer":
		when(s.deleted, "customer.deleted", "")
	case "order":
		when(s.status != "pending", "order.paid", "")
		when(s.refunded > 0, "order.refunded", fmt.Sprint(s.refunded))
	case "subscription":
		when(!s.started.IsZero(), "subscription.active", milliseconds(s.started))
		when(s.status == "past_due", "subscription.past_due", milliseconds(s.periodStart))
		when(!s.canceled.IsZero(), "subscription.canceled", milliseconds(s.canceled))
		when(!s.ended.IsZero(), "subscription.revoked", milliseconds(s.ended))
	case "benefit_grant":
		when(!s.granted.IsZero(), "benefit_grant.created", milliseconds(s.granted))
		when(!s.revoked.IsZero(), "benefit_grant.revoked", milliseconds(s.revoked))
	}
	return facts
}

func milliseconds(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }
