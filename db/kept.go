package db

import (
	"slices"
	"sync"
	"time"

	"counterfoil/billing"
)

// kept is a list in memory, read again after each change. Every page names products and
// meters, and they hardly ever change. On SQLite this process is the only one that
// changes them (see lock). On PostgreSQL another replica may, so there a list also has
// an age: what a page shows of the catalog is keptFor behind at most, less than a
// webhook takes. Nothing is sold by it, since prices are the provider's. The zero value
// is ready, and its lists do not age.
type kept[T any] struct {
	ages bool // set before use

	mu         sync.Mutex
	list       []T
	have       bool
	readAt     time.Time // when reading it began
	generation int       // counts the changes
}

// keptFor is how old a list may become that another process may have changed.
const keptFor = 2 * time.Second

// get returns a copy of the list; see shared.
func (k *kept[T]) get(load func() ([]T, error)) ([]T, error) {
	list, err := k.shared(load)
	return slices.Clone(list), err
}

// shared returns the list, which nobody may change, and loads it when it is not there.
// What a load read before a change is not kept.
func (k *kept[T]) shared(load func() ([]T, error)) ([]T, error) {
	k.mu.Lock()
	list, have, generation := k.list, k.have && (!k.ages || time.Since(k.readAt) < keptFor), k.generation
	k.mu.Unlock()
	if have {
		return list, nil
	}
	began := time.Now() // an age is no fact, so this clock need not be the caller's
	list, err := load()
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.generation == generation {
		k.list, k.have, k.readAt = list, true, began
	}
	return list, nil
}

// forget says that the list has changed.
func (k *kept[T]) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.list, k.have = nil, false
	k.generation++
}

// committed forgets what a change makes old. It is called when its transaction has
// ended; of one that failed, too, since a commit may fail after it happened.
func (s *Store) committed(objects ...billing.Object) {
	for _, object := range objects {
		switch object.(type) {
		case billing.Product:
			s.products.forget()
			s.catalog.forget()
		case billing.Meter:
			s.meters.forget()
			s.catalog.forget()
		case billing.BenefitDefinition, billing.Organization:
			s.catalog.forget()
		}
	}
}
