package auth

import "sync"

// maxSightings bounds the memory of who was seen between two flushes. Past it what was
// seen may look up to a minute older than it is, no more.
const maxSightings = 10_000

// sightings collects which sessions or keys were seen, so that a request need not wait
// for the one writer to say so.
type sightings[T any] struct {
	mu   sync.Mutex
	byID map[string]T
}

func newSightings[T any]() *sightings[T] { return &sightings[T]{byID: map[string]T{}} }

func (s *sightings[T]) add(id string, seen T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.byID[id]; known || len(s.byID) < maxSightings {
		s.byID[id] = seen
	}
}

// take hands out what was collected and starts afresh.
func (s *sightings[T]) take() []T {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]T, 0, len(s.byID))
	for _, seen := range s.byID {
		list = append(list, seen)
	}
	clear(s.byID)
	return list
}
