package auth

import (
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/markbates/goth"
	"github.com/markbates/goth/providers/amazon"
	"github.com/markbates/goth/providers/battlenet"
	"github.com/markbates/goth/providers/bitbucket"
	"github.com/markbates/goth/providers/box"
	"github.com/markbates/goth/providers/classlink"
	"github.com/markbates/goth/providers/cloudfoundry"
	"github.com/markbates/goth/providers/cognito"
	"github.com/markbates/goth/providers/deezer"
	"github.com/markbates/goth/providers/digitalocean"
	"github.com/markbates/goth/providers/dropbox"
	"github.com/markbates/goth/providers/eveonline"
	"github.com/markbates/goth/providers/facebook"
	"github.com/markbates/goth/providers/gitea"
	"github.com/markbates/goth/providers/heroku"
	"github.com/markbates/goth/providers/hubspot"
	"github.com/markbates/goth/providers/influxcloud"
	"github.com/markbates/goth/providers/instagram"
	"github.com/markbates/goth/providers/kakao"
	"github.com/markbates/goth/providers/lark"
	"github.com/markbates/goth/providers/mastodon"
	"github.com/markbates/goth/providers/meetup"
	"github.com/markbates/goth/providers/naver"
	"github.com/markbates/goth/providers/nextcloud"
	"github.com/markbates/goth/providers/patreon"
	"github.com/markbates/goth/providers/paypal"
	"github.com/markbates/goth/providers/salesforce"
	"github.com/markbates/goth/providers/soundcloud"
	"github.com/markbates/goth/providers/spotify"
	"github.com/markbates/goth/providers/steam"
	"github.com/markbates/goth/providers/strava"
	"github.com/markbates/goth/providers/stripe"
	"github.com/markbates/goth/providers/tiktok"
	"github.com/markbates/goth/providers/twitch"
	"github.com/markbates/goth/providers/typetalk"
	"github.com/markbates/goth/providers/uber"
	"github.com/markbates/goth/providers/vk"
	"github.com/markbates/goth/providers/wecom"
	"github.com/markbates/goth/providers/wepay"
	"github.com/markbates/goth/providers/yahoo"
	"github.com/markbates/goth/providers/yammer"
	"github.com/markbates/goth/providers/zoom"
)

// gothKinds are the providers that goth's catalogue (v1.82.0) drives, under the names of
// its example. Those with rules of their own, and those where goth would make calls without
// our limits, are in openIDKinds and oauthKinds. Left out, as docs/sign-in.md says:
//   - azuread, azureadv2, onedrive: Microsoft is one way in, microsoftonline; the first and
//     the last name people by addresses that are given to others later
//   - gplus: Google is; twitterv2: twitter is
//   - bitly: goth reads no id there, and the name of an account can change hands
//   - fitbit: its API was turned off in October 2026
//   - lastfm: its pages and API are plain HTTP
//   - shopify: names shops, not people; tumblr: names people by what others get later
//   - faux: a test's
var gothKinds = []Kind{
	{ID: "amazon", Name: "Amazon", Prefix: "AMAZON", make: viaGoth(standard(amazon.New, "profile"), gothTrait{})},
	{ID: "battlenet", Name: "Battle.net", Prefix: "BATTLENET", make: viaGoth(standard(battlenet.New), gothTrait{})},
	{ID: "bitbucket", Name: "Bitbucket", Prefix: "BITBUCKET", make: viaGoth(standard(bitbucket.New, "account", "email"), gothTrait{})},
	{ID: "box", Name: "Box", Prefix: "BOX", make: viaGoth(standard(box.New), gothTrait{})},
	{ID: "classlink", Name: "ClassLink", Prefix: "CLASSLINK", make: viaGoth(standard(classlink.New, "profile", "email"), gothTrait{})},
	{ID: "cloudfoundry", Name: "Cloud Foundry", Prefix: "CLOUDFOUNDRY", More: []Setting{server("URL", "address of the UAA server")},
		make: viaGoth(func(c ProviderConfig, callback string) goth.Provider {
			return cloudfoundry.New(c.Issuer, c.ClientID, c.ClientSecret, callback, "openid")
		}, gothTrait{})},
	{ID: "cognito", Name: "Amazon Cognito", Prefix: "COGNITO", More: []Setting{server("URL", "address of the user pool's domain")},
		make: viaGoth(func(c ProviderConfig, callback string) goth.Provider {
			return cognito.New(c.ClientID, c.ClientSecret, strings.TrimSuffix(c.Issuer, "/"), callback, "openid", "email", "profile")
		}, gothTrait{})},
	{ID: "deezer", Name: "Deezer", Prefix: "DEEZER", make: viaGoth(standard(deezer.New, "email"), gothTrait{})},
	{ID: "digitalocean", Name: "DigitalOcean", Prefix: "DIGITALOCEAN", make: viaGoth(standard(digitalocean.New, "read"), gothTrait{})},
	{ID: "dropbox", Name: "Dropbox", Prefix: "DROPBOX", make: viaGoth(standard(dropbox.New), gothTrait{})},
	{ID: "eveonline", Name: "EVE Online", Prefix: "EVEONLINE", make: viaGoth(standard(eveonline.New), gothTrait{})},
	{ID: "facebook", Name: "Facebook", Prefix: "FACEBOOK", make: viaGoth(standard(facebook.New), gothTrait{})},
	{ID: "gitea", Name: "Gitea", Prefix: "GITEA", More: []Setting{{Name: "URL", Default: "https://gitea.com", About: "address of the server"}},
		make: viaGoth(func(c ProviderConfig, callback string) goth.Provider {
			at := strings.TrimSuffix(c.Issuer, "/")
			return gitea.NewCustomisedURL(c.ClientID, c.ClientSecret, callback, at+"/login/oauth/authorize", at+"/login/oauth/access_token", at+"/api/v1/user")
		}, gothTrait{})},
	{ID: "heroku", Name: "Heroku", Prefix: "HEROKU", make: viaGoth(standard(heroku.New, "identity"), gothTrait{})},
	{ID: "hubspot", Name: "HubSpot", Prefix: "HUBSPOT", make: viaGoth(standard(hubspot.New, "oauth"), gothTrait{})},
	{ID: "influxcloud", Name: "InfluxCloud", Prefix: "INFLUXCLOUD", make: viaGoth(standard(influxcloud.New), gothTrait{})},
	{ID: "instagram", Name: "Instagram", Prefix: "INSTAGRAM", make: viaGoth(standard(instagram.New), gothTrait{})},
	{ID: "kakao", Name: "Kakao", Prefix: "KAKAO", make: viaGoth(standard(kakao.New), gothTrait{})},
	{ID: "lark", Name: "Lark", Prefix: "LARK", make: viaGoth(standard(lark.New), gothTrait{careful: unquoted})},
	{ID: "mastodon", Name: "Mastodon", Prefix: "MASTODON", More: []Setting{{Name: "URL", Default: "https://mastodon.social", About: "address of the instance"}},
		make: viaGoth(func(c ProviderConfig, callback string) goth.Provider {
			return mastodon.NewCustomisedURL(c.ClientID, c.ClientSecret, callback, c.Issuer, "read:accounts")
		}, gothTrait{})},
	{ID: "meetup", Name: "Meetup", Prefix: "MEETUP", make: viaGoth(standard(meetup.New), gothTrait{})},
	{ID: "naver", Name: "Naver", Prefix: "NAVER", make: viaGoth(func(c ProviderConfig, callback string) goth.Provider {
		return naver.New(c.ClientID, c.ClientSecret, callback)
	}, gothTrait{})},
	{ID: "nextcloud", Name: "Nextcloud", Prefix: "NEXTCLOUD", More: []Setting{server("URL", "address of the server")},
		make: viaGoth(func(c ProviderConfig, callback string) goth.Provider {
			return nextcloud.NewCustomisedDNS(c.ClientID, c.ClientSecret, callback, strings.TrimSuffix(c.Issuer, "/"))
		}, gothTrait{})},
	{ID: "patreon", Name: "Patreon", Prefix: "PATREON", make: viaGoth(standard(patreon.New, "identity", "identity[email]"), gothTrait{})},
	{ID: "paypal", Name: "PayPal", Prefix: "PAYPAL", make: viaGoth(standard(paypal.New), gothTrait{})},
	{ID: "salesforce", Name: "Salesforce", Prefix: "SALESFORCE", make: viaGoth(standard(salesforce.New), gothTrait{})},
	{ID: "soundcloud", Name: "SoundCloud", Prefix: "SOUNDCLOUD", make: viaGoth(standard(soundcloud.New), gothTrait{})},
	{ID: "spotify", Name: "Spotify", Prefix: "SPOTIFY", make: viaGoth(standard(spotify.New), gothTrait{})},
	{ID: "steam", Name: "Steam", Prefix: "STEAM", NoSecret: true, make: viaGoth(func(c ProviderConfig, callback string) goth.Provider {
		return steam.New(c.ClientID, callback)
	}, gothTrait{inCallback: true, proof: "openid.sig", also: steamSigns, careful: steamSigned})},
	{ID: "strava", Name: "Strava", Prefix: "STRAVA", make: viaGoth(standard(strava.New), gothTrait{})},
	{ID: "stripe", Name: "Stripe", Prefix: "STRIPE", make: viaGoth(standard(stripe.New), gothTrait{})},
	{ID: "tiktok", Name: "TikTok", Prefix: "TIKTOK", make: viaGoth(standard(tiktok.New), gothTrait{})},
	{ID: "twitch", Name: "Twitch", Prefix: "TWITCH", make: viaGoth(standard(twitch.New), gothTrait{})},
	{ID: "typetalk", Name: "Typetalk", Prefix: "TYPETALK", make: viaGoth(standard(typetalk.New, "my"), gothTrait{})},
	{ID: "uber", Name: "Uber", Prefix: "UBER", make: viaGoth(standard(uber.New), gothTrait{})},
	{ID: "vk", Name: "VK", Prefix: "VK", make: viaGoth(standard(vk.New), gothTrait{})},
	{ID: "wecom", Name: "WeCom", Prefix: "WECOM", Key: "WECOM_CORP_ID", More: []Setting{{Name: "AGENT_ID", Needed: true, About: "id of the agent"}},
		make: viaGoth(func(c ProviderConfig, callback string) goth.Provider {
			return wecom.New(c.ClientID, c.ClientSecret, c.More["AGENT_ID"], callback)
		}, gothTrait{})},
	{ID: "wepay", Name: "WePay", Prefix: "WEPAY", make: viaGoth(standard(wepay.New, "view_user"), gothTrait{})},
	{ID: "yahoo", Name: "Yahoo", Prefix: "YAHOO", make: viaGoth(standard(yahoo.New), gothTrait{})},
	{ID: "yammer", Name: "Yammer", Prefix: "YAMMER", make: viaGoth(standard(yammer.New), gothTrait{})},
	{ID: "zoom", Name: "Zoom", Prefix: "ZOOM", make: viaGoth(standard(zoom.New, "read:user"), gothTrait{pkce: true})},
}

// server is the setting of a provider that everybody runs for himself.
func server(name, about string) Setting { return Setting{Name: name, Needed: true, About: about} }

// unquoted refuses a code that would end the string that goth's lark puts it into.
func unquoted(answer url.Values) error {
	if strings.ContainsAny(answer.Get("code"), "\"\\") {
		return errors.New("the code holds what no code does")
	}
	return nil
}

// steamSigns are the parameters of OpenID 2.0 that goth has Steam confirm.
var steamSigns = []string{
	"openid.ns", "openid.mode", "openid.op_endpoint", "openid.claimed_id", "openid.identity", "openid.return_to",
	"openid.response_nonce", "openid.assoc_handle", "openid.signed", "openid.sig",
}

// steamSigned refuses an answer whose signature leaves out who it is about: goth has only
// what is listed confirmed, and believes the rest (OpenID Authentication 2.0, section 11.4).
func steamSigned(answer url.Values) error {
	for _, name := range steamSigns {
		if len(answer[name]) != 1 {
			return errors.New("the answer leaves out or repeats " + name)
		}
	}
	signed := strings.Split(answer.Get("openid.signed"), ",")
	for _, name := range []string{"op_endpoint", "claimed_id", "identity", "return_to", "response_nonce", "assoc_handle"} {
		if !slices.Contains(signed, name) {
			return errors.New("the answer does not sign " + name)
		}
	}
	for _, name := range signed {
		if !slices.Contains(steamSigns, "openid."+name) {
			return errors.New("the answer signs what is not of OpenID 2.0")
		}
	}
	if answer.Get("openid.claimed_id") != answer.Get("openid.identity") || answer.Get("openid.op_endpoint") != "https://steamcommunity.com/openid/login" {
		return errors.New("the answer is about two people, or of another provider")
	}
	return nil
}
