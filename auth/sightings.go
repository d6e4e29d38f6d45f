package auth

import (
	"sync"

	"counterfoil/db"
)

// maxSightings bounds the memory of who was seen between two flushes. Past it a
// session may look up to seenEvery older than it is, no more.
const maxSightings = 10_000

// sightings collects which sessions were seen, so that a page need not wait for
// the one writer to say so.
type sightings struct {
	mu   sync.Mutex
	byID map[string]db.Session
}

func newSightings() *sightings { return &sightings{byID: map[string]db.Session{}} }

func (s *sightings) add(seen db.Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.byID[seen.ID]; known || len(s.byID) < maxSightings {
		s.byID[seen.ID] = seen
	}
}

// take hands out what was collected and starts afresh.
func (s *sightings) take() []db.Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]db.Session, 0, len(s.byID))
	for _, seen := range s.byID {
		list = append(list, seen)
	}
	clear(s.byID)
	return list
}
