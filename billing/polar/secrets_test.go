package polar

import (
	"strings"
	"testing"
)

// TestW11NothingIsVerifiedAgainstAnEmptyKey: no shape of an empty secret makes a provider,
// none makes an empty key, a secret that is emptied afterwards changes nothing, and a
// provider without keys trusts nobody. What is signed with an empty key is always refused.
func TestW11NothingIsVerifiedAgainstAnEmptyKey(t *testing.T) {
	const id = "evt_empty"
	unsigned := headers(id, signedTime, sign(nil, id, signedTime, orderPaid))
	for _, secrets := range [][]string{
		nil, {}, {""}, {" "}, {"\t\n"}, {"whsec_"}, {"whsec_ "}, {"polar_whs_"}, {"polar_whsec_"}, {"polar_"}, {"whs_"}, {"good", ""}, {"", "good"}, {"good", "whsec_"},
	} {
		if _, err := New(Config{Token: "t", WebhookSecrets: secrets, Server: "sandbox"}); err == nil || !strings.Contains(err.Error(), "POLAR_WEBHOOK_SECRET") {
			t.Errorf("secrets %q: %v, want an error that names the setting", secrets, err)
		}
	}
	for _, secret := range []string{"s", "whsec_=", "whsec_====", "whsec_AAAA", "whsec_not base64", "polar_whs_x", testSecret} {
		p := verifier(t, secret)
		for _, key := range p.keys {
			if len(key.key) == 0 {
				t.Errorf("secret %q makes an empty key", secret)
			}
		}
		if d, err := p.Verify(unsigned, []byte(orderPaid), signedTime); err == nil {
			t.Errorf("secret %q: signed with an empty key, and taken: %+v", secret, d)
		}
	}
	secrets := []string{testSecret, "another"}
	p := verifier(t, secrets...)
	clear(secrets) // set to "" while it runs
	if _, err := p.Verify(unsigned, []byte(orderPaid), signedTime); kindsOf(err) != "denied" {
		t.Errorf("with its secrets emptied, an empty key is answered %v", err)
	}
	good := headers(id, signedTime, sign([]byte(testSecret), id, signedTime, orderPaid))
	if _, err := p.Verify(good, []byte(orderPaid), signedTime); err != nil {
		t.Errorf("with its secrets emptied, a genuine delivery is answered %v", err)
	}
	var none Provider // that nobody configured
	if _, err := none.Verify(unsigned, []byte(orderPaid), signedTime); kindsOf(err) != "denied" {
		t.Errorf("without any key, an empty one is answered %v", err)
	}
}
