package polar

import (
	"context"
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"counterfoil/twin"
)

// A question reads and answers 200 with its result. It runs inside one view.
type question func(v *twin.View, r *http.Request, q query) (any, error)

// An order changes something through the engine and answers status with the shape that its function gives,
// which runs inside a view after the change.
type orderOf func(ctx context.Context, r *http.Request, b body) (func(*twin.View) any, error)

// ask serves a question to the merchant.
func (s *Server) ask(q question) http.HandlerFunc { return s.guard(merchant, s.askAnyone(q)) }

// askAnyone serves a question without looking at tokens.
func (s *Server) askAnyone(answer question) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var body any
		err := pathIDs(r)
		if err == nil {
			err = s.engine.Read(func(v *twin.View) (err error) {
				values, _ := url.ParseQuery(r.URL.RawQuery) // unreadable pairs are as if not given
				body, err = answer(v, r, query{values, &[]twin.FieldError{}})
				return err
			})
		}
		if err != nil {
			s.fail(w, r, err)
			return
		}
		writeJSON(w, http.StatusOK, body)
	}
}

// do serves an order of the merchant.
func (s *Server) do(status int, order orderOf) http.HandlerFunc {
	return s.guard(merchant, s.doAnyone(status, order))
}

// doAnyone serves an order without looking at tokens.
func (s *Server) doAnyone(status int, order orderOf) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := pathIDs(r)
		var b body
		if err == nil {
			b, err = readBody(r)
		}
		var shape func(*twin.View) any
		if err == nil {
			shape, err = order(r.Context(), r, b)
		}
		if err != nil {
			s.fail(w, r, err)
			return
		}
		if status == http.StatusNoContent {
			w.WriteHeader(status)
			return
		}
		var out any // stays null for 202
		if shape != nil {
			err = s.engine.Read(func(v *twin.View) error {
				out = shape(v)
				return nil
			})
		}
		if err != nil {
			s.fail(w, r, err)
			return
		}
		writeJSON(w, status, out)
	}
}

// guard lets only the right kind of caller through.
func (s *Server) guard(wanted caller, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var who caller
		err := s.engine.Read(func(v *twin.View) error {
			who, _ = callerOf(v, r)
			return nil
		})
		if err != nil {
			s.fail(w, r, err)
			return
		}
		if who != wanted {
			refuse(w, who)
			return
		}
		next(w, r)
	}
}

// pathIDs checks that {id} is a UUID.
func pathIDs(r *http.Request) error {
	id := r.PathValue("id")
	if id == "" {
		return nil
	}
	if err := uuid.Validate(id); err != nil {
		return wrong("uuid_parsing", "Input should be a valid UUID", id, "path", "id")
	}
	return nil
}

// shapeOf is the shape function of an order that answers with one object.
func shapeOf[T, S any](row T, shape func(*twin.View, *T) S) func(*twin.View) any {
	return func(v *twin.View) any { return shape(v, &row) }
}
