package billing

import (
	"context"
	"fmt"
)

// Lister is the part of a Provider that EachPage needs.
type Lister interface {
	List(ctx context.Context, kind Kind, page int) (Page, error)
}

// EachPage reads a whole list and calls each with its pages, the last one first. Whatever
// the list holds from the beginning to the end of the reading is seen, while other
// objects are made and go away; it may be seen twice. What is made meanwhile may be
// missing.
//
// That is so because of the order: lists are oldest first, so that an object only ever
// moves towards the first page, when an older one goes away. Who reads in that direction
// meets it. Read the other way, it could slip from a page that is still to come onto one
// that was read before, and Page.Total would not tell, as soon as another one was made
// at the same time.
//
// from is 0, or the number of a page to go on with after an earlier reading that was
// cut short before it.
func EachPage(ctx context.Context, l Lister, kind Kind, from int, each func(Page) error) error {
	if from == 0 {
		first, err := l.List(ctx, kind, 1)
		if err != nil {
			return fmt.Errorf("first page: %w", err)
		}
		if first.Pages <= 1 {
			return each(first)
		}
		from = first.Pages
	}
	for number := from; number >= 1; number-- {
		page, err := l.List(ctx, kind, number)
		if err != nil {
			return fmt.Errorf("page %d of %d: %w", number, from, err)
		}
		if err := each(page); err != nil {
			return fmt.Errorf("page %d of %d: %w", number, from, err)
		}
	}
	return nil
}
