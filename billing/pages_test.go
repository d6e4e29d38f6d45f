package billing_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"counterfoil/billing"
)

// shelf is a list that changes before each of its pages is read.
type shelf struct {
	ids     []int // oldest first
	size    int   // of a page
	next    int   // the next id
	before  func(*shelf)
	reads   int
	removed map[int]bool
}

func newShelf(n, size int, before func(*shelf)) *shelf {
	s := &shelf{size: size, before: before, removed: map[int]bool{}}
	s.grow(n)
	return s
}

func (s *shelf) grow(n int) {
	for range n {
		s.next++
		s.ids = append(s.ids, s.next)
	}
}

func (s *shelf) remove(at int) {
	s.removed[s.ids[at]] = true
	s.ids = slices.Delete(s.ids, at, at+1)
}

func (s *shelf) List(_ context.Context, _ billing.Kind, number int) (billing.Page, error) {
	if s.reads++; s.reads > 1 && s.before != nil {
		s.before(s)
	}
	page := billing.Page{Number: number, Pages: (len(s.ids) + s.size - 1) / s.size, Total: len(s.ids)}
	from := min((number-1)*s.size, len(s.ids))
	for _, id := range s.ids[from:min(from+s.size, len(s.ids))] {
		page.Objects = append(page.Objects, billing.Order{Source: billing.Source{ProviderID: fmt.Sprint(id)}})
	}
	return page, nil
}

// reader is a way of reading a whole list.
type reader func(context.Context, billing.Lister, billing.Kind, int, func(billing.Page) error) error

// missed are the objects that were there all the time and that a reader did not see.
func missed(t interface{ Fatal(...any) }, read reader, s *shelf) []int {
	there := s.next
	seen := map[string]bool{}
	err := read(context.Background(), s, billing.KindOrder, 0, func(p billing.Page) error {
		for _, o := range p.Objects {
			seen[o.Ref().ProviderID] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var lost []int
	for id := 1; id <= there; id++ {
		if !s.removed[id] && !seen[fmt.Sprint(id)] {
			lost = append(lost, id)
		}
	}
	return lost
}

// forward is the control: it reads from the first page on, and goes back a page when
// the total has fallen.
func forward(ctx context.Context, l billing.Lister, kind billing.Kind, _ int, each func(billing.Page) error) error {
	most := 0
	for number := 1; ; number++ {
		page, err := l.List(ctx, kind, number)
		if err != nil {
			return err
		}
		if page.Total < most {
			most, number = page.Total, max(0, number-2)
			continue
		}
		most = max(most, page.Total)
		if err := each(page); err != nil || number >= page.Pages {
			return err
		}
	}
}

// TestR4NothingIsSkipped: nothing that was there all the time is skipped, whatever is
// made and goes away between any two pages.
func TestR4NothingIsSkipped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newShelf(rapid.IntRange(0, 60).Draw(t, "objects"), rapid.IntRange(1, 7).Draw(t, "size"), func(s *shelf) {
			for range rapid.IntRange(0, 4).Draw(t, "changes") {
				if len(s.ids) > 0 && rapid.Bool().Draw(t, "remove") {
					s.remove(rapid.IntRange(0, len(s.ids)-1).Draw(t, "at"))
				} else {
					s.grow(1)
				}
			}
		})
		if lost := missed(t, billing.EachPage, s); len(lost) > 0 {
			t.Fatalf("skipped %v", lost)
		}
	})
}

// TestR4ForwardReadingSkips is the control of the test above: one object that goes away
// while another is made hides a third from a reader who watches the total only.
func TestR4ForwardReadingSkips(t *testing.T) {
	swap := func(s *shelf) { s.remove(0); s.grow(1) }
	if lost := missed(t, forward, newShelf(20, 5, swap)); len(lost) == 0 {
		t.Error("nothing was skipped")
	}
	if lost := missed(t, billing.EachPage, newShelf(20, 5, swap)); len(lost) > 0 {
		t.Errorf("skipped %v", lost)
	}
}

// TestEachPageGoesOn: a reading that was cut short goes on where it was.
func TestEachPageGoesOn(t *testing.T) {
	s := newShelf(23, 5, nil)
	stop := errors.New("stop")
	var numbers []int
	err := billing.EachPage(context.Background(), s, billing.KindOrder, 0, func(p billing.Page) error {
		numbers = append(numbers, p.Number)
		if p.Number == 3 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	s.remove(0)
	err = billing.EachPage(context.Background(), s, billing.KindOrder, 3, func(p billing.Page) error {
		numbers = append(numbers, p.Number)
		return nil
	})
	if want := []int{5, 4, 3, 3, 2, 1}; err != nil || !slices.Equal(numbers, want) {
		t.Errorf("read pages %v, %v; want %v", numbers, err, want)
	}
	one := newShelf(3, 5, nil)
	if lost := missed(t, billing.EachPage, one); len(lost) > 0 || one.reads != 1 {
		t.Errorf("a list of one page: %d requests, lost %v", one.reads, lost)
	}
}
