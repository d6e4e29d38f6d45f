package oidc

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"net/http"
	"net/url"
	"strings"
)

// keyID names the one signing key in tokens and in the key set.
const keyID = "twin"

// discovery answers OpenID Connect Discovery 1.0 section 4.
func (p *provider) discovery(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer":                                p.Issuer,
		"authorization_endpoint":                p.Issuer + "/authorize",
		"token_endpoint":                        p.Issuer + "/token",
		"userinfo_endpoint":                     p.Issuer + "/userinfo",
		"jwks_uri":                              p.Issuer + "/jwks",
		"response_types_supported":              []string{"code"},
		"grant_types_supported":                 []string{"authorization_code"},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"scopes_supported":                      []string{"openid", "email", "profile"},
		"code_challenge_methods_supported":      []string{"S256"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post"},
		"claims_supported":                      []string{"sub", "email", "email_verified", "name", "given_name", "family_name", "nonce"},
	})
}

// keys answers the public half of the signing key (RFC 7517).
func (p *provider) keys(w http.ResponseWriter, _ *http.Request) {
	key, err := p.key()
	if err != nil {
		writeJSON(w, http.StatusInternalServerError, map[string]string{"error": "server_error"})
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"keys": []map[string]string{{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": keyID,
		"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
	}}})
}

// token exchanges a code for an access token and an ID token. The code is spent by
// the attempt, right or wrong, once the client has shown who it is.
func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	if !p.authenticated(r) {
		w.Header().Set("WWW-Authenticate", `Basic realm="twin"`)
		tokenError(w, http.StatusUnauthorized, "invalid_client", "The client id or secret is wrong.")
		return
	}
	if r.PostFormValue("grant_type") != "authorization_code" {
		tokenError(w, http.StatusBadRequest, "unsupported_grant_type", "Only authorization_code is offered.")
		return
	}
	g, found := p.redeem(r.PostFormValue("code"))
	switch {
	case !found:
		tokenError(w, http.StatusBadRequest, "invalid_grant", "The code is unknown, expired or was used before.")
		return
	case g.redirectURI != r.PostFormValue("redirect_uri"):
		tokenError(w, http.StatusBadRequest, "invalid_grant", "The redirect_uri differs from that of the authorization request.")
		return
	case !proves(r.PostFormValue("code_verifier"), g.challenge):
		tokenError(w, http.StatusBadRequest, "invalid_grant", "The code_verifier does not match the code_challenge.")
		return
	}
	idToken, err := p.sign(g)
	if err != nil {
		tokenError(w, http.StatusInternalServerError, "server_error", "The token could not be signed.")
		return
	}
	g.expires = p.Now().Add(tokenLife)
	writeJSON(w, http.StatusOK, map[string]any{
		"access_token": p.remember(p.users, g), "token_type": "Bearer", "expires_in": int(tokenLife.Seconds()),
		"id_token": idToken, "scope": "openid email profile",
	})
}

// userinfo answers the claims of the access token's owner.
func (p *provider) userinfo(w http.ResponseWriter, r *http.Request) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	g, found := p.bearer(token)
	if !found {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		writeJSON(w, http.StatusUnauthorized, map[string]string{"error": "invalid_token"})
		return
	}
	writeJSON(w, http.StatusOK, claims(g.user))
}

// authenticated accepts the client's credentials in the header (percent-encoded,
// RFC 6749 section 2.3.1) or in the body.
func (p *provider) authenticated(r *http.Request) bool {
	id, secret, ok := r.BasicAuth()
	if ok {
		var idErr, secretErr error
		id, idErr = url.QueryUnescape(id)
		secret, secretErr = url.QueryUnescape(secret)
		ok = idErr == nil && secretErr == nil
	} else {
		id, secret, ok = r.PostFormValue("client_id"), r.PostFormValue("client_secret"), true
	}
	return ok && id == p.ClientID && subtle.ConstantTimeCompare([]byte(secret), []byte(p.ClientSecret)) == 1
}

// proves checks a PKCE verifier. A client that sent no challenge has nothing to prove.
func proves(verifier, challenge string) bool {
	if challenge == "" {
		return true
	}
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:]) == challenge
}

// claims are what the provider says about a user. The subject follows from the
// address, so the same person stays the same across restarts.
func claims(user Persona) map[string]any {
	sum := sha256.Sum256([]byte("twin:" + strings.ToLower(user.Email)))
	given, family, _ := strings.Cut(user.Name, " ")
	return map[string]any{
		"sub": hex.EncodeToString(sum[:12]), "email": user.Email, "email_verified": true,
		"name": user.Name, "given_name": given, "family_name": family,
	}
}

// sign makes the ID token of a grant: a JWT signed with RS256.
func (p *provider) sign(g grant) (string, error) {
	key, err := p.key()
	if err != nil {
		return "", err
	}
	now := p.Now()
	body := claims(g.user)
	body["iss"], body["aud"] = p.Issuer, p.ClientID
	body["iat"], body["auth_time"], body["exp"] = now.Unix(), now.Unix(), now.Add(tokenLife).Unix()
	if g.nonce != "" {
		body["nonce"] = g.nonce
	}
	payload, err := json.Marshal(body)
	if err != nil {
		return "", err
	}
	unsigned := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","typ":"JWT","kid":"`+keyID+`"}`)) +
		"." + base64.RawURLEncoding.EncodeToString(payload)
	digest := sha256.Sum256([]byte(unsigned))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	if err != nil {
		return "", err
	}
	return unsigned + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

func tokenError(w http.ResponseWriter, status int, kind, text string) {
	writeJSON(w, status, map[string]string{"error": kind, "error_description": text})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client went away; nobody is left to tell
}
