package polar

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"

	"counterfoil/billing"
)

// mode says how often a request may be sent.
type mode bool

const (
	repeatable mode = true  // a read, or a write that has no second effect
	once       mode = false // any other write; its lost answer is billing.ErrUnknown
)

// call runs one operation of polar-go and decodes its answer into out.
func (p *Provider) call(ctx context.Context, m mode, out any, operation func(context.Context) error) error {
	x := &exchange{repeatable: m == repeatable}
	err := operation(context.WithValue(ctx, exchangeKey{}, x))
	switch {
	case !x.asked:
		return fmt.Errorf("build the request: %w", err) // polar-go refused it
	case x.err != nil:
		return unreachable(m, x, x.err)
	case x.status < 200 || x.status > 299:
		return refusal(m, x)
	}
	if len(x.body) > 0 { // 202 and 204 come with nothing, not even a content type
		if err := isJSON(x); err != nil {
			return unreachable(m, x, err)
		}
	}
	if err := decode(x.body, out); err != nil {
		return unreachable(m, x, fmt.Errorf("read the answer: %w", err))
	}
	return nil
}

// unreachable is a request without a usable answer.
func unreachable(m mode, x *exchange, cause error) error {
	if m == once && x.sent {
		return fmt.Errorf("%w, %w: %w", billing.ErrProvider, billing.ErrUnknown, cause)
	}
	return fmt.Errorf("%w: %w", billing.ErrProvider, cause)
}

// isJSON guards against the pages of proxies and portals that answer 200.
func isJSON(x *exchange) error {
	kind, _, err := mime.ParseMediaType(x.header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return fmt.Errorf("status %d with content type %q instead of JSON", x.status, x.header.Get("Content-Type"))
	}
	return nil
}

// decode reads one JSON value with exact numbers. An empty body is null, which is how
// Polar answers 202.
func decode(body []byte, out any) error {
	if len(bytes.TrimSpace(body)) == 0 || out == nil {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(out); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON value")
	}
	return nil
}

const (
	pageSize = 100     // Polar's largest
	maxPages = 100_000 // a server that never ends a list is broken
)

// listOf is a page of any list, whose figures may be missing. Its items stay raw, so that one that cannot be read
// does not take the others with it.
type listOf struct {
	Items      []json.RawMessage `json:"items"`
	Pagination struct {
		TotalCount *int64 `json:"total_count"`
		MaxPage    *int64 `json:"max_page"`
	} `json:"pagination"`
}

// lister asks for one page of a list.
type lister func(ctx context.Context, page, limit *int64) error

// page reads one page of a list. An answer of another shape is never taken for an
// empty list, nor is a page that shows nothing where it says that something is.
func (p *Provider) page(ctx context.Context, list lister, number int64) (listOf, error) {
	var answer listOf
	limit := int64(pageSize)
	err := p.call(ctx, repeatable, &answer, func(ctx context.Context) error { return list(ctx, &number, &limit) })
	total, pages := answer.Pagination.TotalCount, answer.Pagination.MaxPage
	switch {
	case err != nil:
		return answer, fmt.Errorf("page %d: %w", number, err)
	case answer.Items == nil || total == nil || pages == nil || *total < 0 || *pages < 0 || *pages > maxPages:
		return answer, fmt.Errorf("page %d: %w: the answer is not a list", number, billing.ErrProvider)
	case len(answer.Items) == 0 && number <= *pages, *pages == 0 && *total > 0:
		return answer, fmt.Errorf("page %d: %w: nothing on it, and %d on %d pages", number, billing.ErrProvider, *total, *pages)
	}
	return answer, nil
}

// pages reads all pages of a list. An element may be seen twice when the list grows
// meanwhile; everything that is made of lists is keyed by id.
func (p *Provider) pages(ctx context.Context, list lister, each func(json.RawMessage) error) error {
	for number := int64(1); number <= maxPages; number++ {
		answer, err := p.page(ctx, list, number)
		if err != nil {
			return err
		}
		for _, item := range answer.Items {
			if err := each(item); err != nil {
				return fmt.Errorf("page %d: %w", number, err)
			}
		}
		if number >= *answer.Pagination.MaxPage {
			return nil
		}
	}
	return fmt.Errorf("%w: a list of more than %d pages", billing.ErrProvider, maxPages)
}

// safeID refuses what polar-go would turn into the path of something else: it leaves
// slashes, dots and question marks of an id to the URL.
func safeID(id string) error {
	if id == "" || id == "." || id == ".." || len(id) > 128 {
		return fmt.Errorf("id %q: %w", clip(id), billing.ErrInvalid)
	}
	for i := range len(id) {
		switch c := id[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '-', c == '_', c == '.', c == '~':
		default:
			return fmt.Errorf("id %q: %w", clip(id), billing.ErrInvalid)
		}
	}
	return nil
}

// clip keeps foreign text in errors and logs short.
func clip(text string) string {
	const most = 300
	if len(text) > most {
		return text[:most] + "..."
	}
	return text
}
