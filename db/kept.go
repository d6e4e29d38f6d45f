package db

import (
	"slices"
	"sync"

	"counterfoil/billing"
)

// kept is a list in memory, read again after each change. Every page names products and
// meters, they hardly ever change, and this process is the only one that changes them
// (see lock). The zero value is ready.
type kept[T any] struct {
	mu         sync.Mutex
	list       []T
	have       bool
	generation int // counts the changes
}

// get returns the list, and loads it when it is not there. What a load read before a
// change is not kept.
func (k *kept[T]) get(load func() ([]T, error)) ([]T, error) {
	k.mu.Lock()
	list, have, generation := k.list, k.have, k.generation
	k.mu.Unlock()
	if have {
		return slices.Clone(list), nil
	}
	list, err := load()
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.generation == generation {
		k.list, k.have = list, true
	}
	return slices.Clone(list), nil
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
		case billing.Meter:
			s.meters.forget()
		}
	}
}
