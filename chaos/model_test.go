//go:build linux

package chaos

import (
	"fmt"
	"slices"
	"time"
)

// The model: what the mirror must hold when everything was delivered, in dull words.
// It shares nothing with the product, not even the order in which things arrived.

// mirror is one line per object, sorted: the last version of each, or its tombstone.
func (h *history) mirror() []string {
	var lines []string
	for _, o := range h.objects {
		lines = append(lines, h.finally(o).line())
	}
	slices.Sort(lines)
	return lines
}

// finally is how an object ends: as it was deleted, else as it was changed last. What
// comes later in its list is later, also where two versions share a time.
func (h *history) finally(o object) state {
	for _, s := range o.versions {
		if s.deleted {
			return s
		}
	}
	return o.versions[len(o.versions)-1]
}

// line is the canonical form of a row. The statements in checker_test.go write the
// same from the database.
func (s state) line() string {
	head := fmt.Sprintf("%s|%s|%d|%d", s.kind, s.id, s.at.UnixMicro(), bit(s.deleted))
	switch s.kind {
	case "customer":
		return fmt.Sprintf("%s|%s|%s", head, s.email, s.name)
	case "product":
		return fmt.Sprintf("%s|%s|%d", head, s.name, bit(s.archived))
	case "checkout":
		return fmt.Sprintf("%s|%s|%s|%s|%d", head, s.customer, s.product, s.status, s.amount)
	case "subscription":
		return fmt.Sprintf("%s|%s|%s|%s|%d|%d|%d|%d|%d|%d|%d", head, s.customer, s.product, s.status, s.amount,
			ms(s.periodStart), ms(s.periodEnd), bit(s.cancelAtEnd), ms(s.canceled), ms(s.started), ms(s.ended))
	case "order":
		return fmt.Sprintf("%s|%s|%s|%s|%s|%d|%d", head, s.customer, s.subscription, s.status, s.name, s.amount, s.refunded)
	case "benefit_grant":
		return fmt.Sprintf("%s|%s|%s|%s|%d|%d", head, s.customer, s.subscription, s.benefit, ms(s.granted), ms(s.revoked))
	}
	panic("no line for " + s.kind)
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
