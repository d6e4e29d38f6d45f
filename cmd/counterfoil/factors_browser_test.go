package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/pquerna/otp/totp"
)

// TestBrowserFactors is somebody who protects his account, in a real browser with an
// authenticator of its own: a passkey that signs in and proves again, then an
// authenticator app with its second step and a recovery code.
func TestBrowserFactors(t *testing.T) {
	c := openChrome(t)
	t.Setenv("COUNTERFOIL_OPERATOR_SECOND_FACTOR", "true")
	a := startApp(t)
	c.wear(1280, "light")
	c.run(webauthn.Enable(), chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := webauthn.AddVirtualAuthenticator(&webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		}).Do(ctx)
		return err
	}))
	a.signInAs(c, "pat@example.com")
	a.passkey(c)
	a.secondStep(c)
	a.operatorsPasskey(c)
	c.clean()
}

// leave signs out.
func (a *app) leave(c *chrome) {
	c.t.Helper()
	c.open(a.url + "/account")
	c.run(chromedp.Click(`details:has(form[action="/logout"]) > summary`, chromedp.ByQuery))
	c.press(`form[action="/logout"] button`)
}

func (a *app) passkey(c *chrome) {
	c.t.Helper()
	c.open(a.url + "/account/passkeys/new")
	c.look("passkey-new")
	c.run(chromedp.SendKeys(`[data-name]`, "Laptop", chromedp.ByQuery))
	c.press(`[data-passkey="add"]`)
	c.atPath("/account/security")
	c.has("main", "The passkey is added", "Laptop")
	for _, width := range []int64{390, 1280} {
		for _, theme := range []string{"light", "dark"} {
			c.wear(width, theme)
			c.open(a.url + "/account/security")
			c.look("security-" + theme + "-" + map[int64]string{390: "390", 1280: "1280"}[width])
		}
	}
	a.leave(c)
	c.open(a.url + "/login?next=/account/security")
	c.look("login-passkey")
	c.press(`[data-passkey="use"]`)
	c.atPath("/account/security")
	c.has("main", "Laptop", "last used")
	c.open(a.url + "/account/security")
	c.press(`[data-passkey-row] a`)
	c.press(`form[action$="/remove"] button`)
	c.has("main", "The passkey is removed")
	a.leave(c)
	c.open(a.url + "/login")
	c.run(chromedp.Click(`[data-passkey="use"]`, chromedp.ByQuery), chromedp.WaitVisible(`[data-problem]`, chromedp.ByQuery))
	c.has("[data-problem]", "could not be checked")
}

func (a *app) secondStep(c *chrome) {
	c.t.Helper()
	a.signInAs(c, "pat@example.com")
	c.open(a.url + "/account/security")
	c.press(`form[action="/account/authenticator"] button`)
	for _, width := range []int64{390, 1280} {
		c.wear(width, "dark")
		c.open(a.url + "/account/authenticator")
		c.look("authenticator-" + map[int64]string{390: "390", 1280: "1280"}[width])
	}
	secret := strings.ReplaceAll(c.text("#totp-secret"), " ", "")
	shows := func(at time.Time) string {
		code, err := totp.GenerateCode(secret, at)
		if err != nil {
			c.t.Fatal(err)
		}
		return code
	}
	c.run(chromedp.SendKeys(`input[name=code]`, shows(time.Now()), chromedp.ByQuery))
	c.press(`form[action="/account/authenticator/confirm"] button`)
	c.has("main", "Your recovery codes", "10 recovery codes are left")
	c.look("recovery")
	recovery := c.text("#recovery-codes li:first-child code")
	a.leave(c)

	a.halfway(c)
	c.look("second")
	code := shows(time.Now().Add(30 * time.Second))
	c.run(chromedp.SendKeys(`input[name=code]`, code, chromedp.ByQuery))
	c.press(`form[action="/login/second"] button`)
	c.atPath("/portal")
	a.leave(c)
	a.halfway(c)
	c.run(chromedp.SendKeys(`input[name=code]`, code, chromedp.ByQuery))
	c.press(`form[action="/login/second"] button`)
	c.has("main", "it was used already")
	c.run(chromedp.SendKeys(`input[name=code]`, recovery, chromedp.ByQuery))
	c.press(`form[action="/login/second"] button`)
	c.atPath("/portal")
	c.open(a.url + "/account/security")
	c.has("main", "9 recovery codes are left")
}

// operatorsPasskey: an operator sets a passkey up before he sees anything, and after a
// sign-in without it proves himself by it once more.
func (a *app) operatorsPasskey(c *chrome) {
	c.t.Helper()
	a.leave(c)
	a.signInAs(c, "olive@example.com")
	for _, width := range []int64{390, 1280} {
		for _, theme := range []string{"light", "dark"} {
			c.wear(width, theme)
			c.open(a.url + "/admin")
			c.look("operator-factor-" + theme + "-" + map[int64]string{390: "390", 1280: "1280"}[width])
		}
	}
	c.has("main", "Protect your account first")
	c.press(`main a[href="/account/passkeys/new"]`)
	c.run(chromedp.SendKeys(`[data-name]`, "Key", chromedp.ByQuery))
	c.press(`[data-passkey="add"]`)
	c.atPath("/account/security")
	c.open(a.url + "/admin")
	c.atPath("/admin")
	c.has("h1", "Operations")
	a.leave(c)
	a.signInAs(c, "olive@example.com")
	c.open(a.url + "/admin/keys")
	c.atPath("/account/confirm?next=%2Fadmin%2Fkeys")
	c.look("confirm-operator")
	c.press(`[data-passkey="use"]`)
	c.atPath("/admin/keys")
}

// halfway does the first step, by the demo's identity provider.
func (a *app) halfway(c *chrome) {
	c.t.Helper()
	a.chooseFrom(c, "pat@example.com")
	c.atPath("/login/second")
}
