package handlers_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"
)

// right says who may use a route: the status that nobody, another customer, and the
// owner of what the path names get. {sub}, {order}, {checkout}, {session} and {meter}
// in a path or form stand for what belongs to the owner.
type right struct {
	path                   string // "" for the pattern's own
	form                   string
	nobody, another, owner int
	writes                 bool // a GET that has to
}

// rights is the matrix of SEC-05: one row for each route of server.go, no more.
var rights = map[string]right{
	"GET /static/":                  {"/static/none.css", "", 404, 404, 404, false},
	"GET /healthz":                  {"", "", 200, 200, 200, false},
	"GET /readyz":                   {"", "", 200, 200, 200, false},
	"POST /webhooks/polar":          {"", "{}", 403, 403, 403, false},
	"POST /webhooks/":               {"/webhooks/nobody", "{}", 403, 403, 403, false},
	"POST /api/auth/polar/webhooks": {"", "{}", 400, 400, 400, false},
	"/api/v1/":                      {"/api/v1/none", "", 401, 401, 401, false},   // its own matrix is in v1
	"/api/auth/":                    {"/api/auth/none", "", 404, 404, 404, false}, // its own matrix is in betterauth
	"GET /{$}":                      {"/", "", 200, 200, 200, false},
	"GET /plans":                    {"", "", 200, 200, 200, false},
	"POST /theme":                   {"", "theme=dark", 303, 303, 303, false},
	"GET /login":                    {"", "", 200, 303, 303, false},
	"POST /login":                   {"", "email=none", 400, 303, 303, false},
	"POST /login/code":              {"", "code=none", 400, 303, 303, false},
	"GET /login/second":             {"", "", 303, 303, 303, false},
	"POST /login/second":            {"", "code=none", 403, 303, 303, false},

	"POST /login/passkey/options":           {"", "{}", 404, 404, 404, false}, // an address of numbers has none
	"POST /login/passkey":                   {"", "{}", 404, 404, 404, false},
	"POST /account/confirm/passkey/options": {"", "{}", 303, 404, 404, false},
	"POST /account/confirm/passkey":         {"", "{}", 303, 404, 404, false},
	"GET /account/passkeys/new":             {"", "", 303, 404, 404, false},
	"POST /account/passkeys/options":        {"", "{}", 303, 404, 404, false},
	"POST /account/passkeys":                {"", "{}", 303, 404, 404, false},
	"GET /account/passkeys/{id}":            {"/account/passkeys/none", "", 303, 404, 404, false},
	"POST /account/passkeys/{id}":           {"/account/passkeys/none", "name=Key", 303, 404, 404, false},
	"POST /account/passkeys/{id}/remove":    {"/account/passkeys/none/remove", "", 303, 404, 404, false},

	// Here the settings name the operators; else see first_operator_test.go.
	"GET /setup":  {"", "", 303, 404, 404, false},
	"POST /setup": {"", "token=none", 303, 404, 404, false},

	"GET /account/confirm":                {"", "", 303, 303, 303, false}, // the sign-in is fresh
	"POST /account/confirm":               {"", "code=none", 303, 400, 400, false},
	"POST /account/confirm/code":          {"", "", 303, 303, 303, false},
	"GET /account/security":               {"", "", 303, 200, 200, false},
	"GET /account/authenticator":          {"", "", 303, 303, 303, false}, // none was begun
	"POST /account/authenticator":         {"", "", 303, 303, 303, false},
	"POST /account/authenticator/confirm": {"", "code=none", 303, 400, 400, false},
	"GET /account/authenticator/remove":   {"", "", 303, 200, 200, false},
	"POST /account/authenticator/remove":  {"", "", 303, 303, 303, false},
	"POST /account/recovery":              {"", "", 303, 404, 404, false},
	"GET /account/identities":             {"", "", 303, 200, 200, false},

	"POST /account/identities":             {"", "provider=none", 303, 404, 404, false},
	"POST /account/identities/{id}/unlink": {"/account/identities/" + unknownID + "/unlink", "", 303, 404, 404, false},

	"GET /login/prove":  {"", "", 303, 303, 303, false},
	"POST /login/prove": {"", "email=none", 303, 303, 303, false},

	"POST /login/{provider}":          {"/login/none", "", 404, 303, 303, false},
	"GET /login/{provider}/callback":  {"/login/oidc/callback?state=x&code=y", "", 303, 303, 303, true},
	"POST /login/{provider}/callback": {"/login/none/callback", "state=x&code=y", 404, 404, 404, false}, // see provider_form_test.go
	"POST /logout":                    {"", "", 303, 303, 303, false},
	"GET /styleguide":                 {"", "", 200, 200, 200, false},
	"/":                               {"/nowhere", "", 404, 404, 404, false},
	"GET /checkout":                   {"/checkout?plan=pro", "", 303, 200, 200, false},
	"POST /checkout":                  {"", "plan=none", 303, 404, 404, false},
	"POST /checkout/for":              {"", "plan=none&for=" + unknownID, 303, 404, 404, false},
	"GET /checkout/success":           {"/checkout/success?checkout_id={checkout}", "", 303, 404, 200, false},
	"GET /checkout/stream":            {"/checkout/stream?checkout_id={checkout}", "", 303, 404, 200, false},
	"GET /portal":                     {"", "", 303, 200, 200, false},
	"POST /portal/provider":           {"", "", 303, 303, 303, false},
	"GET /portal/subscriptions":       {"", "", 303, 200, 200, false},
	"GET /portal/subscriptions/{id}":  {"/portal/subscriptions/{sub}", "", 303, 404, 200, false},
	"GET /portal/orders":              {"", "", 303, 200, 200, false},
	"GET /portal/orders/{id}":         {"/portal/orders/{order}", "", 303, 404, 200, false},
	"GET /portal/benefits":            {"", "", 303, 200, 200, false},
	"GET /usage":                      {"", "", 303, 200, 200, false},
	"GET /usage/{meter}":              {"/usage/{meter}", "", 303, 200, 200, false}, // a meter is the seller's
	"POST /usage/events":              {"", "event=none", 303, 400, 400, false},
	"GET /credits":                    {"/credits?meter={meter}", "", 303, 200, 200, false},
	"GET /credits/{day}":              {"/credits/2026-11-01?meter={meter}", "", 303, 404, 200, false},
	"GET /account":                    {"", "", 303, 200, 200, false},
	"POST /account":                   {"", "name=Lou", 303, 303, 303, false},
	"GET /account/sessions":           {"", "", 303, 200, 200, false},
	"POST /account/sessions/end":      {"", "", 303, 303, 303, false},
	"GET /account/data":               {"", "", 303, 200, 200, false},
	"GET /account/data/erase":         {"", "", 303, 200, 200, false},
	"POST /account/data/erase":        {"", "confirm=none", 303, 400, 400, false},
	"POST /account/data/export":       {"", "", 303, 200, 200, false}, // each his own
	"GET /account/email":              {"", "", 303, 200, 200, false},
	"POST /account/email":             {"", "email=none", 303, 400, 400, false},
	"POST /account/email/new":         {"", "code=none", 303, 403, 403, false},
	"POST /account/email/old":         {"", "code=none", 303, 403, 403, false},
	"POST /account/email/cancel":      {"", "", 303, 303, 303, false},
	"GET /account/email/stop/{id}":    {"/account/email/stop/" + unknownID, "", 200, 200, 200, false},
	"POST /account/email/stop/{id}":   {"/account/email/stop/" + unknownID, "code=none", 404, 404, 404, false},
	"POST /account/sessions/{id}/end": {"/account/sessions/{session}/end", "", 303, 404, 303, false},

	"GET /portal/subscriptions/{id}/cancel":  {"/portal/subscriptions/{sub}/cancel", "", 303, 404, 200, false},
	"POST /portal/subscriptions/{id}/cancel": {"/portal/subscriptions/{sub}/cancel", "reason=", 303, 404, 303, false},
	"GET /portal/subscriptions/{id}/seats":   {"/portal/subscriptions/{sub}/seats", "", 303, 404, 409, false}, // his plan is not sold by the seat
	"POST /portal/subscriptions/{id}/seats":  {"/portal/subscriptions/{sub}/seats", "seats=3&from=2", 303, 404, 409, false},
	"POST /portal/subscriptions/{id}/resume": {"/portal/subscriptions/{sub}/resume", "", 303, 404, 303, false},
}

// What an organisation's page answers to whom is in orgs_test.go; here nobody belongs to one.
func init() {
	for pattern, row := range map[string]right{
		"GET /orgs": {"", "", 303, 200, 200, false}, "POST /orgs": {"", "name=", 303, 400, 400, false},
		"POST /orgs/code": {"", "code=2222-2222", 303, 403, 403, false}, "POST /orgs/code/drop": {"", "", 303, 303, 303, false},
		"POST /orgs/act":   {"", "organization=", 303, 303, 303, false},
		"GET /invitations": {"/invitations?token=none", "", 404, 404, 404, false}, "POST /invitations": {"", "token=none", 303, 404, 404, false},
		"GET /orgs/{slug}":                          {"/orgs/none", "", 303, 404, 404, false},
		"POST /orgs/{slug}/leave":                   {"/orgs/none/leave", "", 303, 404, 404, false},
		"POST /orgs/{slug}/name":                    {"/orgs/none/name", "name=x", 303, 404, 404, false},
		"POST /orgs/{slug}/invitations":             {"/orgs/none/invitations", "email=x@example.com&role=member", 303, 404, 404, false},
		"POST /orgs/{slug}/invitations/{id}/resend": {"/orgs/none/invitations/" + unknownID + "/resend", "", 303, 404, 404, false},
		"POST /orgs/{slug}/invitations/{id}/revoke": {"/orgs/none/invitations/" + unknownID + "/revoke", "", 303, 404, 404, false},
		"POST /orgs/{slug}/members/{user}/role":     {"/orgs/none/members/" + unknownID + "/role", "role=owner", 303, 404, 404, false},
		"POST /orgs/{slug}/members/{user}/remove":   {"/orgs/none/members/" + unknownID + "/remove", "", 303, 404, 404, false},
		"POST /orgs/{slug}/seats":                   {"/orgs/none/seats", "subscription=x&email=x@example.com", 303, 404, 404, false},
		"POST /orgs/{slug}/seats/{id}/revoke":       {"/orgs/none/seats/" + unknownID + "/revoke", "", 303, 404, 404, false},
		"POST /orgs/{slug}/seats/{id}/resend":       {"/orgs/none/seats/" + unknownID + "/resend", "", 303, 404, 404, false},
		"POST /orgs/{slug}/seats/{id}/claim":        {"/orgs/none/seats/" + unknownID + "/claim", "", 303, 404, 404, false},
		"POST /orgs/{slug}/transfer":                {"/orgs/none/transfer", "user=" + unknownID, 303, 404, 404, false},
		"GET /orgs/{slug}/delete":                   {"/orgs/none/delete", "", 303, 404, 404, false},
		"POST /orgs/{slug}/delete":                  {"/orgs/none/delete", "", 303, 404, 404, false},
	} {
		rights[pattern] = row
	}
}

// The operator's pages do not exist for anybody else (see admin_test.go for the operator).
func init() {
	missing := func(path string) right { return right{path, "", 404, 404, 404, false} }
	for pattern, path := range map[string]string{
		"GET /admin": "", "GET /admin/deliveries": "", "GET /admin/replay": "", "GET /admin/hooks": "", "GET /admin/jobs": "", "GET /admin/reconcile": "", "POST /admin/reconcile": "", "GET /admin/keys": "", "POST /admin/keys": "", "GET /admin/people": "",
		"GET /admin/people/{id}": "/admin/people/" + unknownID, "POST /admin/people/{id}/end": "/admin/people/" + unknownID + "/end",
		"POST /admin/wallets/{id}/let": "/admin/wallets/" + unknownID + "/let",
		"POST /admin/keys/{id}/revoke": "/admin/keys/" + unknownID + "/revoke",
		"POST /admin/replay":           "", "POST /admin/replay/apply": "", "POST /admin/hooks/resend": "",
		"POST /admin/deliveries/retry":         "",
		"POST /admin/usage/retry":              "",
		"GET /admin/replay/apply":              "",
		"GET /admin/deliveries/{id}/rehearse":  "/admin/deliveries/" + unknownID + "/rehearse",
		"GET /admin/deliveries/{id}":           "/admin/deliveries/" + unknownID,
		"POST /admin/deliveries/{id}/rehearse": "/admin/deliveries/" + unknownID + "/rehearse",
		"POST /admin/deliveries/{id}/replay":   "/admin/deliveries/" + unknownID + "/replay",
		"POST /admin/hooks/{id}/resend":        "/admin/hooks/" + unknownID + "/resend",
		"POST /admin/jobs/{id}/restart":        "/admin/jobs/" + unknownID + "/restart",
		"POST /admin/usage/{id}/retry":         "/admin/usage/" + unknownID + "/retry",
		"POST /admin/usage/{id}/dismiss":       "/admin/usage/" + unknownID + "/dismiss",
	} {
		rights[pattern] = missing(path)
	}
}

// routes reads the patterns of the one route table.
func routes(t testing.TB) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "routes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var patterns []string
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) != 2 {
			return true
		}
		if f, ok := call.Fun.(*ast.SelectorExpr); !ok || f.Sel.Name != "Handle" {
			return true
		}
		literal, ok := call.Args[0].(*ast.BasicLit)
		if !ok {
			t.Fatalf("a route whose pattern is no literal: %v", call.Args[0])
		}
		pattern, err := strconv.Unquote(literal.Value)
		if err != nil {
			t.Fatal(err)
		}
		patterns = append(patterns, pattern)
		return true
	})
	return patterns
}
