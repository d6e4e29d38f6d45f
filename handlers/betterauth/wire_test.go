package betterauth

import (
	"net/http"
	"strings"
	"testing"

	"counterfoil/auth"
)

// TestRawWire: what a client never sends, answered to the letter.
func TestRawWire(t *testing.T) {
	g := newRig(t)
	b := g.browser().signInOnWire("robin@example.com", false)
	types := map[string]string{"Content-Type": "text/plain"}
	none := map[string]string{"Content-Type": ""}
	for _, test := range []struct {
		name, method, path, body string
		headers                  map[string]string
		status                   int
		want                     string
	}{
		{"no body", "POST", "/revoke-session", "", nil, 400, `{"message":"[body] Invalid input: expected object, received undefined","code":"VALIDATION_ERROR"}`},
		{"no field", "POST", "/revoke-session", "{}", nil, 400, `{"message":"[body.token] Invalid input: expected string, received undefined","code":"VALIDATION_ERROR"}`},
		{"a null", "POST", "/revoke-session", `{"token":null}`, nil, 400, `{"message":"[body.token] Invalid input: expected string, received null","code":"VALIDATION_ERROR"}`},
		{"a number", "POST", "/revoke-session", `{"token":7}`, nil, 400, `{"message":"[body.token] Invalid input: expected string, received number","code":"VALIDATION_ERROR"}`},
		{"an array", "POST", "/revoke-session", `{"token":["a"]}`, nil, 400, `{"message":"[body.token] Invalid input: expected string, received array","code":"VALIDATION_ERROR"}`},
		{"another case", "POST", "/revoke-session", `{"Token":"a"}`, nil, 400, `{"message":"[body.token] Invalid input: expected string, received undefined","code":"VALIDATION_ERROR"}`},
		{"no object", "POST", "/revoke-session", `["a"]`, nil, 400, `{"message":"[body] Invalid input: expected object, received array","code":"VALIDATION_ERROR"}`},
		{"broken JSON", "POST", "/revoke-session", `{"token":`, nil, 400, `{"message":"Invalid JSON in request body","code":"BAD_REQUEST"}`},
		{"two values", "POST", "/revoke-session", `{"token":"a"}{}`, nil, 400, `{"message":"Invalid JSON in request body","code":"BAD_REQUEST"}`},
		{"another type", "POST", "/revoke-session", `{"token":"a"}`, types, 415, `{"message":"Content-Type \"text/plain\" is not allowed. Allowed types: application/json","code":"UNSUPPORTED_MEDIA_TYPE"}`},
		{"no type", "POST", "/revoke-session", `{"token":"a"}`, none, 415, `{"message":"Content-Type is required. Allowed types: application/json","code":"UNSUPPORTED_MEDIA_TYPE"}`},
		{"half a type", "POST", "/revoke-session", `token=a`, map[string]string{"Content-Type": "json"}, 415, `{"message":"Content-Type \"json\" is not allowed. Allowed types: application/json","code":"UNSUPPORTED_MEDIA_TYPE"}`},
		{"too much", "POST", "/revoke-session", `{"token":"` + strings.Repeat("a", maxBody) + `"}`, nil, 413, `{"message":"The body is longer than 1048576 bytes","code":"PAYLOAD_TOO_LARGE"}`},
		{"a parameter of the type", "POST", "/revoke-session", `{"token":"a"}`, map[string]string{"Content-Type": "application/json; charset=utf-8"}, 200, `{"status":true}`},
		{"unknown fields", "POST", "/revoke-session", `{"token":"a","userId":"x","__proto__":{"a":1}}`, nil, 200, `{"status":true}`},

		{"update nothing", "POST", "/update-user", "{}", nil, 400, `{"message":"No fields to update"}`},
		{"update what is not ours", "POST", "/update-user", `{"role":"admin","emailVerified":false,"id":"x"}`, nil, 400, `{"message":"No fields to update"}`},
		{"update the address", "POST", "/update-user", `{"name":"R","email":"other@example.com"}`, nil, 400, `{"message":"Email can not be updated","code":"EMAIL_CAN_NOT_BE_UPDATED"}`},
		{"update a picture that is none", "POST", "/update-user", `{"name":"No","image":"javascript:alert(1)"}`, nil, 400, `{"message":"[body.image] Invalid URL","code":"VALIDATION_ERROR"}`},
		{"update a name that is none", "POST", "/update-user", `{"name":"` + strings.Repeat("a", 101) + `"}`, nil, 400, `{"message":"[body.name] Invalid input: expected a name of at most 100 characters","code":"VALIDATION_ERROR"}`},
		{"update", "POST", "/update-user", `{"name":"Robin","image":"https://example.com/r.png"}`, nil, 200, `{"status":true}`},
		{"take the picture away", "POST", "/update-user", `{"image":null}`, nil, 200, `{"status":true}`},
		{"update the session", "POST", "/update-session", `{"userId":"x"}`, nil, 400, `{"message":"No fields to update"}`},

		{"unknown path", "GET", "/none", "", nil, 404, ""},
		{"unknown method", "POST", "/ok", "", nil, 404, ""},
		{"a slash too many", "GET", "/ok/", "", nil, 404, ""},
		{"the root", "GET", "", "", nil, 404, ""},
		{"HEAD", "HEAD", "/ok", "", nil, 404, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := b.ask(test.method, test.path, test.body, test.headers)
			if w.Code != test.status || w.Body.String() != test.want {
				t.Errorf("%d %s\nwant %d %s", w.Code, w.Body, test.status, test.want)
			}
			if test.want != "" && w.Header().Get("Content-Type") != "application/json" {
				t.Errorf("type %q", w.Header().Get("Content-Type"))
			}
		})
	}
	if w := b.ask("GET", "/get-session", "", nil); !strings.Contains(w.Body.String(), `"name":"Robin"`) || !strings.Contains(w.Body.String(), `"image":null`) {
		t.Errorf("at the end: %s", w.Body)
	}
}

// trusting is a rig with other origins.
func trusting(t *testing.T, origins ...string) *rig {
	t.Helper()
	return newRig(t, func(_ *auth.Config, c *Config) { c.TrustedOrigins = origins })
}

// TestTrustedOrigins (SEC-03): who may call with cookies, and where browsers may be led
// to (SEC-04).
func TestTrustedOrigins(t *testing.T) {
	g := trusting(t, "https://app.example.com", "https://*.shop.example.com", "http://192.168.*.*:3000", "*.apps.example.com", "myapp://", "exp://10.0.0.*/--/back")
	for origin, trusted := range map[string]bool{
		home: true, "https://app.example.com": true, "https://APP.example.com": true, "https://a.shop.example.com": true,
		"https://a.b.shop.example.com": true, "http://192.168.1.2:3000": true, "https://x.apps.example.com": true, "http://x.apps.example.com": true,
		"http://app.example.com": false, "https://app.example.com:8443": false, "https://app.example.com.evil.example": false,
		"https://evil.example/app.example.com": false, "https://shop.example.com": false, "https://evilshop.example.com": false,
		"https://evil.example#.shop.example.com": false, "https://evil.example?.shop.example.com": false, `https://evil.example\.shop.example.com`: false,
		"https://user@app.example.com": false, "https://evil.example@a.shop.example.com": false, "http://192.168.evil.example:3000": false,
		"https://billing.example.com.evil.example": false, "http://billing.example.com": false, "file://billing.example.com": false,
		"myapp://callback": true, "myapp2://callback": false, "exp://10.0.0.7/--/back/home": true, "exp://10.0.0.7/--/back/../evil": false, "exp://10.0.0.evil.example/--/back": false,
		"javascript:alert(1)": false, "": false, "null": false, "https://": false, "data:text/html,x": false,
	} {
		if got := g.server.trusts(origin); got != trusted {
			t.Errorf("%q: trusted %v", origin, got)
		}
	}
	for path, leads := range map[string]bool{
		"/": true, "/portal?a=b#c": true, "/a/b?next=%2f%2fevil": true, "//evil.example": false, `/\evil.example`: false, "/%2f/evil": false, "/a%5Cb": false,
		"/a%5cb": false, "/\tevil": false, "/\x00": false, "/a\u0085b": false, "portal": false, "https://app.example.com/x?y": true, "https://evil.example/x": false,
	} {
		if got := g.server.leadsHome(path); got != leads {
			t.Errorf("%q: leads home %v", path, got)
		}
	}
	for _, entry := range []string{"", "*", "**", "https://*", "http://*.*", "*.com", "https://*.com", "example.com", "https://app.example.com/path", "*://app.example.com", "https://user@app.example.com", "https://?", "https://*example.com", "*example.com", "https://a*b.example.com"} {
		if _, err := newPattern(entry); err == nil {
			t.Errorf("%q was taken as a trusted origin", entry)
		}
	}
}

// TestTargets: a body that leads a browser to a stranger is refused, whatever else it says.
func TestTargets(t *testing.T) {
	g := trusting(t, "https://app.example.com")
	b := g.browser().signInOnWire("robin@example.com", false)
	for field, code := range map[string]string{
		"callbackURL": "INVALID_CALLBACK_URL", "redirectTo": "INVALID_REDIRECT_URL",
		"errorCallbackURL": "INVALID_ERROR_CALLBACK_URL", "newUserCallbackURL": "INVALID_NEW_USER_CALLBACK_URL",
	} {
		for target, fine := range map[string]bool{"https://evil.example": false, "//evil.example": false, "javascript:alert(1)": false, "/portal": true, "https://app.example.com/x": true, "": true} {
			w := b.ask("POST", "/update-user", `{"name":"R","`+field+`":"`+target+`"}`, nil)
			if fine && w.Code != http.StatusOK {
				t.Errorf("%s %q answered %d %s", field, target, w.Code, w.Body)
			} else if !fine {
				g.refused(w, 403, code)
			}
		}
		g.refused(b.ask("POST", "/update-user", `{"name":"R","`+field+`":["https://evil.example"]}`, nil), 400, "")
	}
	g.refused(b.ask("POST", "/update-user?callbackURL=https://evil.example", `{"name":"R"}`, nil), 403, "INVALID_CALLBACK_URL")
}

// TestSigningIn (SEC-03): the endpoints that sign in want a trusted page even without a
// cookie, and let through what is no browser.
func TestSigningIn(t *testing.T) {
	g := trusting(t, "https://app.example.com")
	for _, test := range []struct {
		name    string
		headers map[string]string
		status  int
		code    string
	}{
		{"no browser", map[string]string{"Origin": ""}, 200, ""},
		{"our page", nil, 200, ""},
		{"a trusted page", map[string]string{"Origin": "https://app.example.com", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}, 200, ""},
		{"by its referrer", map[string]string{"Origin": "", "Referer": "https://app.example.com/sign-in"}, 200, ""},
		{"another site's form", map[string]string{"Origin": home, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 403, "CROSS_SITE_NAVIGATION_LOGIN_BLOCKED"},
		{"another site's page", map[string]string{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}, 403, "INVALID_ORIGIN"},
		{"another site's referrer", map[string]string{"Origin": "", "Referer": "https://evil.example/"}, 403, "INVALID_ORIGIN"},
		{"a browser that hides", map[string]string{"Origin": "", "Sec-Fetch-Site": "cross-site"}, 403, "MISSING_OR_NULL_ORIGIN"},
		{"a page that hides", map[string]string{"Origin": "null", "Sec-Fetch-Site": "cross-site"}, 403, "MISSING_OR_NULL_ORIGIN"},
		{"our page that hides", map[string]string{"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 200, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := g.browser().ask("POST", "/email-otp/send-verification-otp", `{"email":"robin`+strings.ReplaceAll(test.name, " ", "")+`@example.com","type":"sign-in"}`, test.headers)
			if test.code == "" && w.Code != test.status {
				t.Errorf("answered %d %s", w.Code, w.Body)
			} else if test.code != "" {
				g.refused(w, test.status, test.code)
			}
		})
	}
}

// TestShared: pages of trusted origins may read answers with credentials, and their
// browsers get a preflight answered; nobody else's.
func TestShared(t *testing.T) {
	g := trusting(t, "https://app.example.com")
	b := g.browser()
	for origin, shared := range map[string]bool{"https://app.example.com": true, "https://evil.example": false, "null": false, home: false, "": false} {
		w := b.ask("GET", "/get-session", "", map[string]string{"Origin": origin})
		want := ""
		if shared {
			want = origin
		}
		if got := w.Header().Get("Access-Control-Allow-Origin"); got != want || (w.Header().Get("Access-Control-Allow-Credentials") == "true") != shared || w.Header().Get("Vary") != "Origin" {
			t.Errorf("%q: %v", origin, w.Header())
		}
		w = b.ask("OPTIONS", "/sign-in/email", "", map[string]string{"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"})
		if fine := w.Code == http.StatusNoContent && w.Header().Get("Access-Control-Allow-Headers") == "content-type"; fine != shared {
			t.Errorf("preflight of %q: %d %v", origin, w.Code, w.Header())
		}
	}
}

// TestCrossSiteCookies: only the API's cookie goes along from other sites, and only if
// that is wanted.
func TestCrossSiteCookies(t *testing.T) {
	g := newRig(t, func(a *auth.Config, _ *Config) { a.CrossSite = true })
	b := g.browser().signInOnWire("robin@example.com", false)
	if c := b.sent(wired); c == nil || c.SameSite != http.SameSiteNoneMode || !c.Secure {
		t.Errorf("the API's cookie is %+v", c)
	}
	if c := b.sent(ours); c == nil || c.SameSite != http.SameSiteLaxMode {
		t.Errorf("the portal's cookie is %+v", c)
	}
	if _, err := auth.New(auth.Config{Store: g.store, BaseURL: "http://localhost:8080", Now: g.clock, Log: g.server.Log, CodeMail: g.auth.CodeMail, CrossSite: true}); err == nil {
		t.Error("cookies for other sites were allowed over http")
	}
}

// TestTooMany: limits of sign-ins and of forms are told as the wire tells them.
func TestTooMany(t *testing.T) {
	g := newRig(t, func(a *auth.Config, c *Config) {
		a.Limits.AsksPerNetwork = 2
		left := 1
		c.Pace = func(string) bool { left--; return left >= 0 }
	})
	b := g.browser().signInOnWire("robin@example.com", false)
	ask := func(path, body string) {
		t.Helper()
		w := b.ask("POST", path, body, nil)
		if w.Code != 429 || w.Body.String() != `{"message":"Too many requests. Please try again later."}` || w.Header().Get("X-Retry-After") == "" || w.Header().Get("Retry-After") != "" {
			t.Errorf("%s answered %d %s %v", path, w.Code, w.Body, w.Header())
		}
	}
	b.ask("POST", "/email-otp/send-verification-otp", `{"email":"a@example.com","type":"sign-in"}`, nil)
	ask("/email-otp/send-verification-otp", `{"email":"b@example.com","type":"sign-in"}`)
	b.ask("POST", "/update-user", `{"name":"R"}`, nil)
	ask("/update-user", `{"name":"R"}`)
}
