package db

import (
	"slices"
	"time"

	"counterfoil/billing"
)

// providerFact is a credit event or a use, one of them.
type providerFact struct {
	credit *billing.CreditEvent
	use    *billing.ForeignEvent
}

func (f providerFact) at() time.Time {
	if f.credit != nil {
		return f.credit.OccurredAt
	}
	return f.use.OccurredAt
}

// rank orders facts of one instant: a period begins with its reset, and what was used
// at the instant belongs to the new one. The rest stays in the provider's order.
func (f providerFact) rank() int {
	switch {
	case f.use != nil:
		return 2
	case f.credit.Reset:
		return 0
	default:
		return 1
	}
}

// inOrder merges what was read, each fact once: lists that are read page by page while
// they grow show some facts twice.
func (p *poster) inOrder() []providerFact {
	facts := make([]providerFact, 0, len(p.news.Credits)+len(p.news.Uses))
	seen := make(map[string]bool, cap(facts))
	for i := range p.news.Credits {
		if id := "credit " + p.news.Credits[i].ProviderID; !seen[id] {
			seen[id] = true
			facts = append(facts, providerFact{credit: &p.news.Credits[i]})
		}
	}
	for i := range p.news.Uses {
		if id := "use " + p.news.Uses[i].ProviderID; !seen[id] {
			seen[id] = true
			facts = append(facts, providerFact{use: &p.news.Uses[i]})
		}
	}
	slices.SortStableFunc(facts, func(a, b providerFact) int {
		if c := a.at().Compare(b.at()); c != 0 {
			return c
		}
		return a.rank() - b.rank()
	})
	return facts
}
