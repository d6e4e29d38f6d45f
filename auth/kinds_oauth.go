package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/oauth2"

	"counterfoil/db"
)

// oauthKinds are driven by our own code flow: where addresses are vouched for, or goth
// would make calls without our limits or leave PKCE out.
var oauthKinds = []Kind{
	{ID: "github", direct: true, Name: "GitHub", Prefix: "GITHUB", Vouches: "the primary address, if GitHub has verified it",
		More: []Setting{{Name: "URL", About: "address of a GitHub Enterprise server"}}, make: newGitHub},
	{ID: "discord", direct: true, Name: "Discord", Prefix: "DISCORD", Vouches: "the field verified, if it is true", make: viaAPI(discord)},
	{ID: "linkedin", Name: "LinkedIn", Prefix: "LINKEDIN", make: viaAPI(api{
		auth: "https://www.linkedin.com/oauth/v2/authorization", token: "https://www.linkedin.com/oauth/v2/accessToken", noPKCE: true,
		profile: "https://api.linkedin.com/v2/userinfo", scopes: []string{"openid", "profile", "email"}, id: "sub", name: "name", email: "email",
	})},
	{ID: "line", Name: "LINE", Prefix: "LINE", make: viaAPI(api{
		auth: "https://access.line.me/oauth2/v2.1/authorize", token: "https://api.line.me/oauth2/v2.1/token",
		profile: "https://api.line.me/v2/profile", scopes: []string{"profile"}, id: "userId", name: "displayName",
	})},
	{ID: "reddit", Name: "Reddit", Prefix: "REDDIT", make: viaAPI(api{
		auth: "https://www.reddit.com/api/v1/authorize", token: "https://www.reddit.com/api/v1/access_token", noPKCE: true, inHeader: true,
		profile: "https://oauth.reddit.com/api/v1/me", scopes: []string{"identity"}, id: "id", name: "name",
	})},
	{ID: "twitter", Name: "X", Prefix: "TWITTER", make: viaAPI(api{
		auth: "https://x.com/i/oauth2/authorize", token: "https://api.x.com/2/oauth2/token", inHeader: true,
		profile: "https://api.x.com/2/users/me", scopes: []string{"users.read", "tweet.read"}, under: "data", id: "id", name: "name",
	})},
	{ID: "dailymotion", Name: "Dailymotion", Prefix: "DAILYMOTION", make: viaAPI(api{
		auth: "https://www.dailymotion.com/oauth/authorize", token: "https://api.dailymotion.com/oauth/token", noPKCE: true,
		profile: "https://api.dailymotion.com/me?fields=id,screenname,email", scopes: []string{"email"}, id: "id", name: "screenname", email: "email",
	})},
	{ID: "intercom", Name: "Intercom", Prefix: "INTERCOM", make: viaAPI(api{
		auth: "https://app.intercom.com/oauth", token: "https://api.intercom.io/auth/eagle/token", noPKCE: true,
		profile: "https://api.intercom.io/me", id: "id", name: "name", email: "email",
	})},
	{ID: "mailru", Name: "Mail.ru", Prefix: "MAILRU", make: viaAPI(api{
		auth: "https://oauth.mail.ru/login", token: "https://oauth.mail.ru/token", noPKCE: true,
		profile: "https://oauth.mail.ru/userinfo", inQuery: "access_token", scopes: []string{"userinfo"}, id: "id", name: "name", email: "email",
	})},
	{ID: "oura", Name: "Oura", Prefix: "OURA", make: viaAPI(api{
		auth: "https://cloud.ouraring.com/oauth/authorize", token: "https://api.ouraring.com/oauth/token", noPKCE: true,
		profile: "https://api.ouraring.com/v2/usercollection/personal_info", scopes: []string{"email", "personal"}, id: "id", email: "email",
	})},
	{ID: "seatalk", Name: "SeaTalk", Prefix: "SEATALK", make: viaAPI(api{
		auth: "https://seatalkweb.com/webapp/oauth2/authorize", token: "https://seatalkweb.com/webapp/oauth2/token", noPKCE: true,
		profile: "https://seatalkweb.com/webapp/oauth2/profile", inQuery: "access_token", scopes: []string{"email"}, id: "user_id", name: "name", email: "email",
	})},
	{ID: "wechat", Name: "WeChat", Prefix: "WECHAT", make: newWeChat},
	{ID: "yandex", Name: "Yandex", Prefix: "YANDEX", make: viaAPI(api{
		auth: "https://oauth.yandex.com/authorize", token: "https://oauth.yandex.com/token", scheme: "OAuth",
		profile: "https://login.yandex.ru/info?format=json", scopes: []string{"login:email", "login:info"}, id: "id", name: "real_name", email: "default_email",
	})},
}

// api is how a provider of plain OAuth 2.0 is reached and what its profile looks like.
type api struct {
	auth, token, profile string
	scopes               []string
	noPKCE, inHeader     bool   // what it does not take; where it wants the secret
	scheme               string // of the Authorization header of its API; empty for Bearer
	inQuery              string // the parameter that its API wants the access token in instead
	under                string // the profile is in this member
	id, name, email      string // members of the profile
	verified             string // the one that is true when it vouches for the address; empty: nobody does
}

// discord (Discord developer documentation, "User object", 2026-08): verified says whether
// the address of the account is.
var discord = api{
	auth: "https://discord.com/oauth2/authorize", token: "https://discord.com/api/oauth2/token",
	profile: "https://discord.com/api/users/@me", scopes: []string{"identify", "email"},
	id: "id", name: "global_name", email: "email", verified: "verified",
}

// viaAPI makes a kind of such a provider. An Issuer takes the place of its host, for a
// stand-in.
func viaAPI(kind api) maker {
	return func(config ProviderConfig, around surroundings) (*provider, error) {
		a := kind
		if config.Issuer != "" {
			for _, address := range []*string{&a.auth, &a.token, &a.profile} {
				_, path, _ := strings.Cut(strings.TrimPrefix(*address, "https://"), "/")
				*address = config.Issuer + "/" + path
			}
		}
		origin, err := secureURL(a.auth)
		if err != nil {
			return nil, fmt.Errorf("its page to sign in: %w", err)
		}
		style := oauth2.AuthStyleInParams
		if a.inHeader {
			style = oauth2.AuthStyleInHeader
		}
		flow := &codeFlow{
			config: config, client: around.client, auth: a.auth, token: a.token, scopes: a.scopes, style: style, noPKCE: a.noPKCE,
			subjectKnown: a.identity,
		}
		return &provider{authority: origin, origin: origin, begin: flow.begin, redeem: flow.redeem}, nil
	}
}

// identity reads the profile of the owner of an access token.
func (a api) identity(ctx context.Context, client *http.Client, token string) (db.Identity, error) {
	var profile map[string]json.RawMessage
	address, authorization := a.profile, "Bearer "+token
	switch {
	case a.inQuery != "":
		address, authorization = a.profile+"?"+url.Values{a.inQuery: {token}}.Encode(), ""
	case a.scheme != "":
		authorization = a.scheme + " " + token
	}
	if err := readJSON(ctx, client, address, authorization, "application/json", &profile); err != nil {
		return db.Identity{}, fmt.Errorf("profile: %w", err)
	}
	if a.under != "" {
		inner := map[string]json.RawMessage{}
		if err := json.Unmarshal(profile[a.under], &inner); err != nil {
			return db.Identity{}, refuse(ProviderRefused, fmt.Errorf("profile: %w", errNoID))
		}
		profile = inner
	}
	text := func(member string) (said string) {
		if err := json.Unmarshal(profile[member], &said); err != nil {
			return "" // missing, or of another type: counts as missing
		}
		return said
	}
	subject := text(a.id)
	if subject == "" {
		return db.Identity{}, refuse(ProviderRefused, errNoID)
	}
	return db.Identity{Subject: subject, Name: text(a.name), Email: text(a.email), EmailVerified: a.verified != "" && isTrue(profile[a.verified])}, nil
}
