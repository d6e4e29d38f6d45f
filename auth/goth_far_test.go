package auth

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

// farToken is the access token that every stand-in hands out.
const farToken = "far-token-1"

// profile is what a provider tells about Ada, in its own shape.
type profile struct {
	kind, answer string
	subject      string
	email        string            // as it is read; empty where none is
	pkce         bool              // it is sent a challenge
	token        string            // its answer to a code, where it is another than OAuth 2.0's
	more         string            // members beside the token, as JSON
	at           map[string]string // answers at other paths
}

// profiles has one row for each of gothKinds, and of oauthKinds where nobody vouches for
// an address.
var profiles = []profile{
	{kind: "linkedin", answer: `{"sub":"l1","name":"Ada","email":"ada@example.com","email_verified":true}`, subject: "l1", email: "ada@example.com"},
	{kind: "line", answer: `{"userId":"U1","displayName":"Ada"}`, subject: "U1", pkce: true},
	{kind: "reddit", answer: `{"id":"r1","name":"ada"}`, subject: "r1"},
	{kind: "twitter", answer: `{"data":{"id":"1","name":"Ada"}}`, subject: "1", pkce: true},
	{kind: "dailymotion", answer: `{"id":"x1","screenname":"Ada","email":"ada@example.com"}`, subject: "x1", email: "ada@example.com"},
	{kind: "intercom", answer: `{"type":"admin","id":"7","name":"Ada","email":"ada@example.com","email_verified":true}`, subject: "7", email: "ada@example.com"},
	{kind: "mailru", answer: `{"id":"7","name":"Ada","email":"ada@example.com"}`, subject: "7", email: "ada@example.com"},
	{kind: "oura", answer: `{"id":"o-1","email":"ada@example.com"}`, subject: "o-1", email: "ada@example.com"},
	{kind: "seatalk", answer: `{"user_id":"s1","name":"Ada","email":"ada@example.com"}`, subject: "s1", email: "ada@example.com"},
	{kind: "wechat", answer: `{"openid":"o1","nickname":"Ada","unionid":"u1"}`, subject: "o1",
		token: `{"access_token":"` + farToken + `","expires_in":7200,"openid":"o1"}`},
	{kind: "yandex", answer: `{"id":"7","real_name":"Ada","default_email":"ada@example.com"}`, subject: "7", email: "ada@example.com", pkce: true},
	{kind: "amazon", answer: `{"user_id":"amzn1.a","email":"ada@example.com","name":"Ada"}`, subject: "amzn1.a", email: "ada@example.com"},
	{kind: "battlenet", answer: `{"id":7,"battletag":"Ada#1"}`, subject: "7"},
	{kind: "bitbucket", answer: `{"uuid":"{u-1}","username":"ada","display_name":"Ada"}`, subject: "{u-1}", email: "ada@example.com",
		at: map[string]string{"/2.0/user/emails": `{"values":[{"email":"ada@example.com","is_primary":true,"is_confirmed":true}]}`}},
	{kind: "box", answer: `{"id":"b1","login":"ada@example.com","name":"Ada"}`, subject: "b1", email: "ada@example.com"},
	{kind: "classlink", answer: `{"UserId":7,"Email":"ada@example.com","DisplayName":"Ada"}`, subject: "7", email: "ada@example.com"},
	{kind: "cloudfoundry", answer: `{"user_id":"u1","email":"ada@example.com","name":"Ada"}`, subject: "u1", email: "ada@example.com"},
	{kind: "cognito", answer: `{"sub":"s1","email":"ada@example.com","email_verified":"true"}`, subject: "s1", email: "ada@example.com"},
	{kind: "deezer", answer: `{"id":7,"email":"ada@example.com","firstname":"Ada"}`, subject: "7", email: "ada@example.com", more: `"expires":3600`},
	{kind: "digitalocean", answer: `{"account":{"uuid":"u1","email":"ada@example.com","email_verified":true}}`, subject: "u1", email: "ada@example.com"},
	{kind: "dropbox", answer: `{"account_id":"dbid:1","email":"ada@example.com"}`, subject: "dbid:1", email: "ada@example.com"},
	{kind: "eveonline", answer: `{"CharacterID":7,"CharacterName":"Ada"}`, subject: "7"},
	{kind: "facebook", answer: `{"id":"f1","email":"ada@example.com","name":"Ada"}`, subject: "f1", email: "ada@example.com"},
	{kind: "gitea", answer: `{"id":7,"email":"ada@example.com","login":"ada"}`, subject: "7", email: "ada@example.com"},
	{kind: "heroku", answer: `{"id":"h1","email":"ada@example.com","name":"Ada"}`, subject: "h1", email: "ada@example.com"},
	{kind: "hubspot", answer: `{"user_id":7,"user":"ada@example.com"}`, subject: "7", email: "ada@example.com"},
	{kind: "influxcloud", answer: `{"id":7,"email":"ada@example.com","name":"Ada"}`, subject: "7", email: "ada@example.com"},
	{kind: "instagram", answer: `{"data":{"id":"i1","full_name":"Ada"}}`, subject: "i1"},
	{kind: "kakao", answer: `{"id":7,"properties":{"nickname":"Ada"}}`, subject: "7"},
	{kind: "lark", answer: `{"code":0,"data":{"user_id":"l1","enterprise_email":"ada@example.com"}}`, subject: "l1", email: "ada@example.com",
		token: `{"code":0,"data":{"access_token":"` + farToken + `","expires_in":3600}}`,
		at:    map[string]string{"/open-apis/auth/v3/app_access_token/internal/": `{"code":0,"app_access_token":"app","expire":3600}`}},
	{kind: "mastodon", answer: `{"id":"m1","username":"ada"}`, subject: "m1"},
	{kind: "meetup", answer: `{"id":7,"name":"Ada"}`, subject: "7"},
	{kind: "naver", answer: `{"response":{"id":"n1","email":"ada@example.com"}}`, subject: "n1", email: "ada@example.com"},
	{kind: "nextcloud", answer: `{"ocs":{"data":{"id":"ada","email":"ada@example.com"}}}`, subject: "ada", email: "ada@example.com"},
	{kind: "patreon", answer: `{"data":{"id":"p1","attributes":{"email":"ada@example.com"}}}`, subject: "p1", email: "ada@example.com"},
	{kind: "paypal", answer: `{"user_id":"p1","email":"ada@example.com"}`, subject: "p1", email: "ada@example.com"},
	{kind: "salesforce", answer: `{"user_id":"005","email":"ada@example.com"}`, subject: "005", email: "ada@example.com", more: `"id":"https://login.salesforce.com/id/00D/005"`},
	{kind: "soundcloud", answer: `{"id":7,"full_name":"Ada"}`, subject: "7"},
	{kind: "spotify", answer: `{"id":"s1","email":"ada@example.com"}`, subject: "s1", email: "ada@example.com"},
	{kind: "steam", answer: `{"response":{"players":[{"steamid":"76561198000000001","personaname":"ada"}]}}`, subject: "76561198000000001",
		token: "ns:http://specs.openid.net/auth/2.0\nis_valid:true\n"},
	{kind: "strava", answer: `{"id":7,"firstname":"Ada"}`, subject: "7"},
	{kind: "stripe", answer: `{"id":"acct_1","email":"ada@example.com"}`, subject: "acct_1", email: "ada@example.com", more: `"stripe_user_id":"acct_1"`},
	{kind: "tiktok", answer: `{"data":{"open_id":"t1","display_name":"Ada"}}`, subject: "t1",
		token: `{"data":{"open_id":"t1","access_token":"` + farToken + `","expires_in":3600}}`},
	{kind: "twitch", answer: `{"data":[{"id":"t1","email":"ada@example.com"}]}`, subject: "t1", email: "ada@example.com"},
	{kind: "typetalk", answer: `{"account":{"id":7,"name":"ada","mailAddress":"ada@example.com"}}`, subject: "7", email: "ada@example.com"},
	{kind: "uber", answer: `{"uuid":"u1","email":"ada@example.com"}`, subject: "u1", email: "ada@example.com"},
	{kind: "vk", answer: `{"response":[{"id":7,"first_name":"Ada"}]}`, subject: "7", email: "ada@example.com", more: `"email":"ada@example.com"`},
	{kind: "wecom", answer: `{"errcode":0,"userid":"ada","email":"ada@example.com"}`, subject: "ada", email: "ada@example.com",
		token: `{"errcode":0,"UserId":"ada"}`, at: map[string]string{"/cgi-bin/gettoken": `{"errcode":0,"access_token":"` + farToken + `","expires_in":7200}`}},
	{kind: "wepay", answer: `{"user_id":7,"email":"ada@example.com"}`, subject: "7", email: "ada@example.com"},
	{kind: "yahoo", answer: `{"sub":"y1","email":"ada@example.com"}`, subject: "y1", email: "ada@example.com"},
	{kind: "yammer", answer: `{"id":7,"email":"ada@example.com"}`, subject: "7", email: "ada@example.com", token: `{"access_token":{"token":"` + farToken + `"}}`},
	{kind: "zoom", answer: `{"id":"z1","email":"ada@example.com","first_name":"Ada"}`, subject: "z1", email: "ada@example.com", pkce: true},
}

// farSide stands in for whatever host one provider names: it takes each code once.
type farSide struct {
	*httptest.Server
	profile

	mu         sync.Mutex
	challenges map[string]string // of PKCE, by the codes that are good; empty where none was sent
	exchanged  []url.Values
	schemes    []string // of the addresses that were called
}

func newFarSide(t *testing.T, p profile) *farSide {
	t.Helper()
	far := &farSide{profile: p, challenges: map[string]string{}}
	far.Server = httptest.NewServer(far)
	t.Cleanup(far.Close)
	return far
}

// RoundTrip leads every call here, and remembers how it would have gone.
func (far *farSide) RoundTrip(r *http.Request) (*http.Response, error) {
	far.mu.Lock()
	far.schemes = append(far.schemes, r.URL.Scheme)
	far.mu.Unlock()
	here, err := url.Parse(far.URL)
	if err != nil {
		return nil, err
	}
	led := r.Clone(r.Context())
	led.URL.Scheme, led.URL.Host = "http", here.Host
	return far.Client().Transport.RoundTrip(led)
}

func (far *farSide) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	sent := r.URL.Query()
	if form, err := url.ParseQuery(string(body)); err == nil {
		for name, values := range form {
			sent[name] = values
		}
	}
	var plain struct{ Code string }
	if json.Unmarshal(body, &plain) == nil {
		sent.Set("code", plain.Code)
	}
	if id, secret, ok := r.BasicAuth(); ok {
		sent.Set("client_id", id)
		sent.Set("client_secret", secret)
	}
	w.Header().Set("Content-Type", "application/json")
	far.mu.Lock()
	defer far.mu.Unlock()
	switch {
	case far.at[r.URL.Path] != "":
		_, _ = io.WriteString(w, far.at[r.URL.Path])
	case sent.Get("code") != "", sent.Get("openid.mode") == "check_authentication":
		far.exchange(w, sent)
	case far.kind != "steam" && !strings.Contains(r.URL.String()+r.Header.Get("Authorization"), farToken):
		w.WriteHeader(http.StatusUnauthorized)
	default:
		_, _ = io.WriteString(w, far.answer)
	}
}

func (far *farSide) exchange(w http.ResponseWriter, sent url.Values) {
	far.exchanged = append(far.exchanged, sent)
	code := sent.Get("code") + sent.Get("openid.sig")
	challenge, good := far.challenges[code]
	delete(far.challenges, code)
	if !good || challenge != "" && challenge != oauth2.S256ChallengeFromVerifier(sent.Get("code_verifier")) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":"invalid_grant"}`)
		return
	}
	answer := far.token
	if answer == "" {
		answer = `{"access_token":"` + farToken + `","token_type":"bearer","expires_in":3600`
		if far.more != "" {
			answer += "," + far.more
		}
		answer += "}"
	}
	_, _ = io.WriteString(w, answer)
}

// offer puts the kind into the world, with this far side behind it.
func (far *farSide) offer(t *testing.T, w *world) Kind {
	t.Helper()
	kind, known := kindByID(far.kind)
	if !known {
		t.Fatalf("no kind %s", far.kind)
	}
	c := ProviderConfig{ID: kind.ID, Kind: kind.ID, Name: kind.Name, ClientID: "id", ClientSecret: "secret", More: map[string]string{}}
	for _, more := range kind.More {
		c.More[more.Name] = more.Default
		if more.Needed || more.Name == "URL" {
			c.Issuer = "https://" + kind.ID + ".example.com"
		}
	}
	client := newClient(false)
	client.Transport = bounded{far}
	p, err := kind.make(c, surroundings{client: client, now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	p.id, p.name = kind.ID, kind.Name
	w.auth.providers[kind.ID] = p
	return kind
}

// deadEnd is where calls end that go round our client.
type deadEnd struct{}

func (deadEnd) RoundTrip(r *http.Request) (*http.Response, error) {
	return nil, errors.New("a call went round our client, to " + r.URL.Host)
}
