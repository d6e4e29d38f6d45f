package polar_test

import (
	"strings"
	"testing"

	"counterfoil/twin"
)

// TestOpenedIsNoted: the hosted page tells Polar that it was opened; no SDK has a method for it.
func TestOpenedIsNoted(t *testing.T) {
	w := newWorld(t, "")
	c := ok(w.Engine.CreateCheckout(t.Context(), twin.CheckoutInput{ProductIDs: []string{w.product("pro").ID}}))(t)
	status, _, body := w.call("POST", "/v1/checkouts/client/"+c.ClientSecret+"/opened", "", "{}")
	if status != 200 || !strings.Contains(body, c.ID) {
		t.Errorf("opened answered %d %s", status, body)
	}
	if status, _, _ := w.call("POST", "/v1/checkouts/client/polar_c_unknown/opened", "", "{}"); status != 404 {
		t.Errorf("opened of an unknown checkout answered %d, want 404", status)
	}
}
