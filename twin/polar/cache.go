package polar

import (
	"encoding/json"
	"sync"

	"counterfoil/twin"
)

// rendered is an object as JSON, ready to be sent. It must not be changed.
type rendered []byte

// MarshalJSON returns the JSON.
func (r rendered) MarshalJSON() ([]byte, error) { return r, nil }

// basis is all that the JSON of an object was made from. Rows never change in place, so the same pointers mean
// the same content; the catalogue (products, benefits, meters, discounts, the organization) counts versions.
type basis struct {
	catalogue uint64
	rows      [3]any
}

// cache keeps the JSON of the objects that are asked for most, each in its latest version. The zero value is
// ready.
type cache struct{ entries sync.Map } // id -> entry

type entry struct {
	basis basis
	json  rendered
}

// get returns the kept JSON of an object, or makes it. What cannot be encoded is returned as it is, and fails
// when it is answered.
func (c *cache) get(id string, from basis, shape func() any) any {
	if kept, ok := c.entries.Load(id); ok && kept.(entry).basis == from {
		return kept.(entry).json
	}
	object := shape()
	data, err := json.Marshal(object)
	if err != nil {
		return object
	}
	c.entries.Store(id, entry{from, data})
	return rendered(data)
}

// showOrder is the JSON of a stored order.
func (s *Server) showOrder(v *twin.View, o *twin.Order) any {
	from := basis{catalogue: v.CatalogueVersion()}
	from.rows[0] = o
	if c, err := v.Customer(o.CustomerID); err == nil {
		from.rows[1] = c
	}
	if sub, err := v.Subscription(o.SubscriptionID); err == nil {
		from.rows[2] = sub
	}
	return s.cache.get(o.ID, from, func() any { return shapeOrder(v, o) })
}

// showSubscription is the JSON of a stored subscription. One that is billed by use is made anew every time.
func (s *Server) showSubscription(v *twin.View, sub *twin.Subscription) any {
	for _, p := range sub.Prices {
		if p.Kind == twin.Metered {
			return shapeSubscription(v, sub)
		}
	}
	from := basis{catalogue: v.CatalogueVersion()}
	from.rows[0] = sub
	if c, err := v.Customer(sub.CustomerID); err == nil {
		from.rows[1] = c
	}
	return s.cache.get(sub.ID, from, func() any { return shapeSubscription(v, sub) })
}

// encode writes an answer as JSON. Pages are put together from what is rendered already: json.Marshal would
// read all of it again.
func encode(body any) ([]byte, error) {
	switch body := body.(type) {
	case rendered:
		return body, nil
	case page:
		return body.encode()
	}
	return json.Marshal(body)
}

// encode writes a page.
func (p page) encode() ([]byte, error) {
	out := []byte(`{"items":[`)
	for i, item := range p.Items {
		data, err := encode(item)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, data...)
	}
	end, err := json.Marshal(p.Pagination)
	if err != nil {
		return nil, err
	}
	return append(append(append(out, `],"pagination":`...), end...), '}'), nil
}
