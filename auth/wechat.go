package auth

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"counterfoil/db"
)

// weChat is WeChat's login for websites (Weixin Open Platform, "WeChat Login", 2026-08). It
// is modelled on OAuth 2.0 and differs in each name. It wants the secret in the address of
// a call, over TLS: such an address is kept and logged nowhere.
type weChat struct {
	config      ProviderConfig
	around      surroundings
	pages, apis string // where its pages and its API are
}

func newWeChat(config ProviderConfig, around surroundings) (*provider, error) {
	w := &weChat{config: config, around: around, pages: "https://open.weixin.qq.com", apis: "https://api.weixin.qq.com"}
	return &provider{authority: w.pages, origin: w.pages, begin: w.begin, redeem: w.redeem}, nil
}

func (w *weChat) begin(_ context.Context, a attempt) (target, session string, err error) {
	query := url.Values{
		"appid": {w.config.ClientID}, "redirect_uri": {a.callback}, "response_type": {"code"}, "scope": {"snsapi_login"}, "state": {a.state},
	}
	return w.pages + "/connect/qrconnect?" + query.Encode() + "#wechat_redirect", "{}", nil
}

// redeem takes people by their openid, which is one of this app and stays; the unionid is
// there for some apps only. No address is told.
func (w *weChat) redeem(ctx context.Context, _ attempt, answer url.Values) (db.Identity, error) {
	var token struct {
		AccessToken string `json:"access_token"`
		OpenID      string
		ErrCode     int
	}
	err := w.ask(ctx, "/sns/oauth2/access_token", url.Values{
		"appid": {w.config.ClientID}, "secret": {w.config.ClientSecret}, "code": {answer.Get("code")}, "grant_type": {"authorization_code"},
	}, &token)
	switch {
	case err != nil:
		return db.Identity{}, err
	case token.ErrCode != 0 || token.AccessToken == "" || token.OpenID == "":
		return db.Identity{}, refuse(ProviderRefused, fmt.Errorf("the code was answered with error %d", token.ErrCode))
	}
	var profile struct {
		OpenID, Nickname string
		ErrCode          int
	}
	if err := w.ask(ctx, "/sns/userinfo", url.Values{"access_token": {token.AccessToken}, "openid": {token.OpenID}}, &profile); err != nil {
		return db.Identity{}, err
	}
	if profile.ErrCode != 0 || profile.OpenID != token.OpenID {
		return db.Identity{}, refuse(ProviderRefused, errors.New("the profile is of another person than the token"))
	}
	return db.Identity{Subject: token.OpenID, Name: profile.Nickname}, nil
}

func (w *weChat) ask(ctx context.Context, path string, query url.Values, into any) error {
	if err := readJSON(ctx, w.around.client, w.apis+path+"?"+query.Encode(), "", "application/json", into); err != nil {
		return refuse(ProviderDown, fmt.Errorf("%s: %w", path, err))
	}
	return nil
}
