package oidc

import (
	"net"
	"net/http"
	"net/mail"
	"net/url"
	"slices"
	"strings"

	"counterfoil/twin/pages/look"
)

// request is an authorization request whose client and redirect target are known good.
type request struct {
	query  url.Values
	target *url.URL
}

// ask shows who can sign in.
func (p *provider) ask(w http.ResponseWriter, r *http.Request) {
	req, ok := p.parse(w, r)
	if !ok {
		return
	}
	p.show(w, r, http.StatusOK, req, form{Email: req.query.Get("login_hint")})
}

// consent sends the browser back with a code for the chosen user, or with a refusal.
func (p *provider) consent(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	req, ok := p.parse(w, r)
	if !ok {
		return
	}
	if r.PostFormValue("deny") != "" {
		req.fail(w, r, "access_denied", "The user chose not to sign in.")
		return
	}
	filled := form{Name: strings.TrimSpace(r.PostFormValue("name")), Email: strings.TrimSpace(r.PostFormValue("email"))}
	user, problem := p.user(filled)
	if problem != "" {
		filled.Problem = problem
		p.show(w, r, http.StatusUnprocessableEntity, req, filled)
		return
	}
	code := p.remember(p.codes, grant{
		user: user, redirectURI: req.query.Get("redirect_uri"), nonce: req.query.Get("nonce"),
		challenge: req.query.Get("code_challenge"), expires: p.Now().Add(codeLife),
	})
	req.answer(w, r, url.Values{"code": {code}})
}

// user is the persona with that address, or else a new face.
func (p *provider) user(f form) (Persona, string) {
	address, err := mail.ParseAddress(f.Email)
	if err != nil || address.Address != f.Email || len(f.Email) > 254 {
		return Persona{}, "Enter an e-mail address such as ada@example.com."
	}
	if len(f.Name) > 200 {
		return Persona{}, "Enter a name of at most 200 characters."
	}
	for _, known := range p.Personas {
		if strings.EqualFold(known.Email, f.Email) {
			return known, ""
		}
	}
	name := f.Name
	if name == "" {
		name, _, _ = strings.Cut(f.Email, "@")
	}
	return Persona{Name: name, Email: f.Email}, ""
}

// parse checks an authorization request. A wrong client or target is told to the
// user here, since redirecting would make this an open redirector; any other
// fault is told to the client (OpenID Connect Core 3.1.2.6).
func (p *provider) parse(w http.ResponseWriter, r *http.Request) (request, bool) {
	req := request{query: r.URL.Query()}
	if req.query.Get("client_id") != p.ClientID {
		p.refuse(w, r, "This application is not known here", "The client_id of the request is not the one this provider was started with.")
		return req, false
	}
	target, err := url.Parse(req.query.Get("redirect_uri"))
	if err != nil || !loopback(target) {
		p.refuse(w, r, "This application lives elsewhere", "The test provider signs people in without asking for proof, so it only sends them to this machine: redirect_uri must be a loopback address.")
		return req, false
	}
	req.target = target
	switch method := req.query.Get("code_challenge_method"); {
	case req.query.Get("response_type") != "code":
		req.fail(w, r, "unsupported_response_type", "Only response_type=code is offered.")
	case !slices.Contains(strings.Fields(req.query.Get("scope")), "openid"):
		req.fail(w, r, "invalid_scope", "The scope must hold openid.")
	case req.query.Has("code_challenge") && method != "S256", method != "" && !req.query.Has("code_challenge"):
		req.fail(w, r, "invalid_request", "Send code_challenge with code_challenge_method=S256.")
	case req.query.Get("prompt") == "none":
		req.fail(w, r, "login_required", "Nobody is signed in here between two requests.")
	default:
		return req, true
	}
	return req, false
}

// loopback reports whether the address can only lead to this machine.
func loopback(target *url.URL) bool {
	if (target.Scheme != "http" && target.Scheme != "https") || target.User != nil || target.Fragment != "" {
		return false
	}
	host := target.Hostname()
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// fail tells the client, through the browser, why there is no code.
func (req request) fail(w http.ResponseWriter, r *http.Request, kind, text string) {
	req.answer(w, r, url.Values{"error": {kind}, "error_description": {text}})
}

// answer goes back to the client with the state it sent.
func (req request) answer(w http.ResponseWriter, r *http.Request, values url.Values) {
	target := *req.target
	query := target.Query()
	for name, value := range values {
		query[name] = value
	}
	if state := req.query.Get("state"); state != "" {
		query.Set("state", state)
	}
	target.RawQuery = query.Encode()
	http.Redirect(w, r, target.String(), http.StatusSeeOther)
}

// form is what the page of an authorization request shows and takes.
type form struct {
	Action      string
	Client      string // host of the application that asks
	Name, Email string
	Problem     string
}

func (p *provider) show(w http.ResponseWriter, r *http.Request, status int, req request, f form) {
	look.Guard(w, req.target.Scheme+"://"+req.target.Host)
	f.Client, f.Action = req.target.Host, p.path+"/authorize?"+r.URL.RawQuery
	if err := look.Render(w, r, status, authorizePage(f, p.Personas)); err != nil {
		http.Error(w, "The page could not be shown.", http.StatusInternalServerError)
	}
}

func (p *provider) refuse(w http.ResponseWriter, r *http.Request, heading, text string) {
	page := look.Message(look.Page{Title: heading}, heading, text, "", "")
	if err := look.Render(w, r, http.StatusBadRequest, page); err != nil {
		http.Error(w, heading, http.StatusInternalServerError)
	}
}
