//go:build linux

package chaos

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// parcel is one thing that is sent until it is taken. Those with the same key are
// repetitions: whatever way they take, they must have one effect.
type parcel struct {
	key     string
	request func(base string) (*http.Request, error)
	unsure  bool // an attempt had no answer: it may have been taken, and 409 then says so
}

var endpoints = []string{"/webhooks/polar", "/api/auth/polar/webhooks"}

// plan says what is sent in which order: every event one to eight times, up to three
// hours late, in windows of ten minutes that are shuffled whole, and one in twenty at
// the very end.
func plan(rng *rand.Rand, h *history) []parcel {
	type dated struct {
		parcel
		window int64
		order  uint64
	}
	const window = 10 * 60
	var all []dated
	for i, e := range h.events {
		at := h.objects[e.object].versions[e.version].at.Unix()
		copies := 1 + rng.IntN(7) + rng.IntN(30)/29
		for range copies {
			p := h.delivery(i, endpoints[0], fmt.Sprintf("msg_%d", i))
			if rng.IntN(5) == 0 {
				p = h.delivery(i, endpoints[1], fmt.Sprintf("msg_%d_other", i))
			}
			d := dated{parcel: p, window: (at + rng.Int64N(3*3600)) / window, order: rng.Uint64()}
			if rng.IntN(20) == 0 {
				d.window = 1 << 60
			}
			all = append(all, d)
		}
	}
	slices.SortFunc(all, func(a, b dated) int {
		return cmp.Or(cmp.Compare(a.window, b.window), cmp.Compare(a.order, b.order))
	})
	parcels := make([]parcel, len(all))
	for i, d := range all {
		parcels[i] = d.parcel
	}
	return parcels
}

// delivery is an event on its way to one endpoint. It is signed when it is sent, as
// Polar's older secrets sign: with the bytes of their text.
func (h *history) delivery(event int, path, id string) parcel {
	return parcel{key: path + " " + id, request: func(base string) (*http.Request, error) {
		body := h.payload(h.events[event])
		stamp := strconv.FormatInt(time.Now().Unix(), 10)
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(id + "." + stamp + "."))
		mac.Write(body)
		req, err := http.NewRequest(http.MethodPost, base+path, bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Webhook-Id", id)
		req.Header.Set("Webhook-Timestamp", stamp)
		req.Header.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
		return req, nil
	}}
}
