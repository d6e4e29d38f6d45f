package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

// checkEndpoint looks for this installation among the provider's endpoints.
func checkEndpoint(ctx context.Context, c config, p billing.Provider) billing.Finding {
	found := billing.Finding{Name: "webhook endpoint", Detail: "the provider has none for " + c.BaseURL,
		Remedy: "Make an endpoint " + c.BaseURL + "/webhooks/polar in Polar's settings (COUNTERFOIL_BASE_URL is the first part)."}
	all, err := p.Endpoints(ctx)
	if err != nil {
		found.Detail, found.Remedy = err.Error(), "Check POLAR_ACCESS_TOKEN and its scope webhooks:read."
		return found
	}
	for _, e := range all {
		if e.URL != c.BaseURL+"/webhooks/polar" && e.URL != c.BaseURL+"/api/auth/polar/webhooks" {
			continue
		}
		if e.Enabled {
			return billing.Finding{Name: found.Name, OK: true, Detail: e.URL + " is enabled"}
		}
		found.Detail, found.Remedy = e.URL+" is switched off", "Switch the endpoint on again in Polar's settings."
	}
	return found
}

// roundTrip sends the portal a delivery of a type that it does not know, signed as Polar
// signs (with the text of the secret, which Verify takes for every age of secret).
func roundTrip(ctx context.Context, c config) billing.Finding {
	found := billing.Finding{Name: "webhook round trip", Remedy: "Check COUNTERFOIL_BASE_URL, the proxy before the portal and its certificate."}
	ctx, stop := context.WithTimeout(ctx, doctorPatience)
	defer stop()
	now := time.Now()
	id, stamp := db.NewID(), strconv.FormatInt(now.Unix(), 10)
	body := fmt.Sprintf(`{"type":"counterfoil.doctor","timestamp":%q,"data":{"id":%q}}`, now.UTC().Format(time.RFC3339Nano), id)
	mac := hmac.New(sha256.New, []byte(c.PolarSecrets[0]))
	mac.Write([]byte(id + "." + stamp + "." + body))
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.BaseURL+"/webhooks/polar", strings.NewReader(body))
	if err != nil {
		found.Detail = err.Error()
		return found
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Webhook-Id", id)
	r.Header.Set("Webhook-Timestamp", stamp)
	r.Header.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		found.Detail = err.Error()
		return found
	}
	answer.Body.Close()
	found.OK, found.Detail = answer.StatusCode/100 == 2, "answered "+answer.Status
	switch {
	case answer.StatusCode == http.StatusForbidden:
		found.Remedy = "The running portal has another POLAR_WEBHOOK_SECRET, or a wrong clock: restart it with this one."
	case answer.StatusCode/100 == 3:
		found.Remedy = "Polar follows no redirects: set COUNTERFOIL_BASE_URL to where it leads."
	case answer.StatusCode == http.StatusNotFound:
		found.Remedy = "Another program answers there: check COUNTERFOIL_BASE_URL and the proxy's path."
	}
	return found
}
