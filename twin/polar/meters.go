package polar

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"counterfoil/twin"
)

var meterSorts = map[string]func(a, b *twin.Meter) int{
	"created_at": byTime(func(m *twin.Meter) time.Time { return m.CreatedAt }),
	"name":       byText(func(m *twin.Meter) string { return m.Name }),
}

// listMeters: GET /v1/meters/
func (s *Server) listMeters(v *twin.View, _ *http.Request, q query) (any, error) {
	return listing[twin.Meter]{
		rows: v.Meters(), sorts: meterSorts, usual: "name",
		keep: func(m *twin.Meter) bool {
			return q.within(m.Name) && q.allowsFlag("is_archived", !m.ArchivedAt.IsZero()) && q.allowsMetadata(m.Metadata)
		},
		shape: func(m *twin.Meter) any { return shapeMeter(v, m) },
	}.answer(q)
}

// getMeter: GET /v1/meters/{id}
func (s *Server) getMeter(v *twin.View, r *http.Request, _ query) (any, error) {
	return shaped(v, shapeMeter)(v.Meter(r.PathValue("id")))
}

// createMeter: POST /v1/meters/
func (s *Server) createMeter(ctx context.Context, _ *http.Request, b body) (func(*twin.View) any, error) {
	b.noOrganization()
	b.need("name")
	b.need("filter")
	b.need("aggregation")
	m := twin.Meter{Name: b.text("name"), Metadata: b.metadata("metadata"), Filter: readFilter(b.nested("filter"))}
	m.Func, m.Property = readAggregation(b)
	if err := b.err(); err != nil {
		return nil, err
	}
	m, err := s.engine.CreateMeter(ctx, m)
	return shapeOf(m, shapeMeter), err
}

// updateMeter: PATCH /v1/meters/{id}
func (s *Server) updateMeter(ctx context.Context, r *http.Request, b body) (func(*twin.View) any, error) {
	name, metadata, archived := b.str("name"), b.metadata("metadata"), b.flag("is_archived")
	var filter *twin.Filter
	if b.has("filter") {
		f := readFilter(b.nested("filter"))
		filter = &f
	}
	var function, property string
	if b.has("aggregation") {
		function, property = readAggregation(b)
	}
	if err := b.err(); err != nil {
		return nil, err
	}
	m, err := s.engine.UpdateMeter(ctx, r.PathValue("id"), func(m *twin.Meter, now time.Time) {
		if name != nil {
			m.Name = *name
		}
		if metadata != nil {
			m.Metadata = metadata
		}
		if filter != nil {
			m.Filter = *filter
		}
		if function != "" {
			m.Func, m.Property = function, property
		}
		switch {
		case archived == nil:
		case !*archived:
			m.ArchivedAt = time.Time{}
		case m.ArchivedAt.IsZero():
			m.ArchivedAt = now
		}
	})
	return shapeOf(m, shapeMeter), err
}

// readAggregation reads the aggregation of a meter.
func readAggregation(b body) (function, property string) {
	a := b.nested("aggregation")
	function = a.choice("func", "count", "sum", "max", "min", "avg", "unique")
	if function != "" && function != "count" {
		a.need("property")
	}
	return function, a.text("property")
}

// readFilter reads a filter with its clauses, which may be filters themselves.
func readFilter(b body) twin.Filter {
	f := twin.Filter{Conjunction: b.choice("conjunction", "and", "or"), Clauses: []twin.Clause{}}
	for _, c := range b.objects("clauses") {
		if c.has("conjunction") {
			nested := readFilter(c)
			f.Clauses = append(f.Clauses, twin.Clause{Nested: &nested})
			continue
		}
		c.need("property")
		c.need("operator")
		f.Clauses = append(f.Clauses, twin.Clause{
			Property: c.text("property"), Value: clauseValue(c),
			Operator: c.choice("operator", "eq", "ne", "gt", "gte", "lt", "lte", "like", "not_like"),
		})
	}
	return f
}

// clauseValue reads a string, a boolean or a 32-bit integer.
func clauseValue(c body) any {
	var m twin.Metadata
	if raw, err := json.Marshal(c.fields); err != nil || json.Unmarshal(raw, &m) != nil {
		return nil
	}
	switch value := m["value"].(type) {
	case string, bool:
		return value
	case json.Number:
		if n, err := value.Int64(); err == nil && n >= -1<<31 && n < 1<<31 {
			return value
		}
	}
	c.say("value", "int_type", "Input should be a string, a boolean or a 32-bit integer")
	return nil
}

var customerMeterSorts = map[string]func(a, b *twin.CustomerMeter) int{
	"created_at":  byTime(func(m *twin.CustomerMeter) time.Time { return m.CreatedAt }),
	"modified_at": byTime(func(m *twin.CustomerMeter) time.Time { return m.ModifiedAt }),
	"balance":     byNumber(func(m *twin.CustomerMeter) int64 { return int64(m.Balance()) }),
}

// listCustomerMeters: GET /v1/customer-meters/
func (s *Server) listCustomerMeters(v *twin.View, _ *http.Request, q query) (any, error) {
	return listing[twin.CustomerMeter]{
		rows: v.CustomerMeters(q.owner(v)), sorts: customerMeterSorts, usual: "-modified_at",
		keep: func(m *twin.CustomerMeter) bool {
			return q.allowsCustomer(v, m.CustomerID) && q.allows("meter_id", m.MeterID)
		},
		shape: func(m *twin.CustomerMeter) any { return shapeCustomerMeter(v, m) },
	}.answer(q)
}

// getCustomerMeter: GET /v1/customer-meters/{id}
func (s *Server) getCustomerMeter(v *twin.View, r *http.Request, _ query) (any, error) {
	return shaped(v, shapeCustomerMeter)(v.CustomerMeter(r.PathValue("id")))
}
