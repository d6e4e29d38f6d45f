package betterauth

import (
	"errors"
	"net/http"

	"counterfoil/auth"
	"counterfoil/billing"
)

// account is one way in of a user, in the shape of the wire: an identity of a provider,
// or his password.
type account struct {
	ID         string   `json:"id"`
	ProviderID string   `json:"providerId"`
	AccountID  string   `json:"accountId"`
	UserID     string   `json:"userId"`
	Scopes     []string `json:"scopes"`
	CreatedAt  moment   `json:"createdAt"`
	UpdatedAt  moment   `json:"updatedAt"`
}

// credential is what the wire calls the provider of passwords.
const credential = "credential"

func (s *Server) accountsOf(r *http.Request, who auth.Visitor) ([]account, error) {
	identities, err := s.Auth.Identities(r.Context(), who)
	if err != nil {
		return nil, err
	}
	list := []account{}
	for _, i := range identities {
		provider := i.Provider
		if provider == "" {
			provider = i.Name // no longer configured
		}
		list = append(list, account{i.ID, provider, i.Subject, who.UserID, []string{}, moment(i.LinkedAt), moment(i.UsedAt)})
	}
	since, err := s.Auth.PasswordSince(r.Context(), who)
	if err != nil || since.IsZero() {
		return list, err
	}
	return append(list, account{who.UserID, credential, who.UserID, who.UserID, []string{}, moment(since), moment(since)}), nil
}

// listAccounts handles GET /list-accounts.
func (s *Server) listAccounts(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	list, err := s.accountsOf(r, who)
	if err != nil {
		return err
	}
	return answer(w, list)
}

// own finds one of the caller's accounts by its id.
func (s *Server) own(r *http.Request, who auth.Visitor, id string) (account, error) {
	list, err := s.accountsOf(r, who)
	if err != nil {
		return account{}, err
	}
	for _, a := range list {
		if a.ID == id && id != "" {
			return a, nil
		}
	}
	return account{}, refuse(http.StatusBadRequest, "ACCOUNT_NOT_FOUND", "Account not found")
}

// unlinkAccount handles POST /unlink-account. The last way in stays.
func (s *Server) unlinkAccount(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	var body struct {
		AccountID string `json:"accountId" wire:"required"`
	}
	if err := s.read(w, r, &body, false); err != nil {
		return err
	}
	a, err := s.own(r, who, body.AccountID)
	if err != nil {
		return err
	}
	if a.ProviderID == credential {
		err = s.Auth.RemovePassword(r, who)
	} else {
		err = s.Auth.Unlink(r, who, a.ID)
	}
	switch said := auth.ReasonOf(err); {
	case said != nil && (said.Reason == auth.LastWay || said.Reason == auth.LastWayIn):
		return refuse(http.StatusBadRequest, "FAILED_TO_UNLINK_LAST_ACCOUNT", "You can't unlink your last account")
	case errors.Is(err, billing.ErrNotFound):
		return refuse(http.StatusBadRequest, "ACCOUNT_NOT_FOUND", "Account not found")
	case err != nil:
		return coreRefusal(err)
	}
	return answer(w, statusTrue)
}

// selection names an account: by its id, or by a cookie that is never set here.
type selection struct {
	AccountID        *string `json:"accountId"`
	UseAccountCookie *bool   `json:"useAccountCookie"`
}

// selected reads which account a caller means.
func (s *Server) selected(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	var body selection
	if err := s.read(w, r, &body, false); err != nil {
		return err
	}
	if (body.AccountID == nil) == (body.UseAccountCookie == nil) {
		return invalid("[body] Invalid input")
	}
	_, err := s.own(r, who, orEmpty(body.AccountID))
	return err
}

// getAccessToken handles POST /get-access-token. Tokens of providers prove an identity at
// sign-in and are kept nowhere, so there is none to hand out.
func (s *Server) getAccessToken(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	if err := s.selected(w, r, who); err != nil {
		return err
	}
	return refuse(http.StatusBadRequest, "FAILED_TO_GET_ACCESS_TOKEN", "Failed to get a valid access token")
}

// refreshToken handles POST /refresh-token.
func (s *Server) refreshToken(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	if err := s.selected(w, r, who); err != nil {
		return err
	}
	return refuse(http.StatusBadRequest, "FAILED_TO_REFRESH_ACCESS_TOKEN", "Failed to refresh access token")
}

// accountInfo handles GET /account-info.
func (s *Server) accountInfo(_ http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	query := r.URL.Query()
	if query.Has("accountId") == query.Has("useAccountCookie") {
		return invalid("[query] Invalid input")
	}
	if _, err := s.own(r, who, query.Get("accountId")); err != nil {
		return err
	}
	return refuse(http.StatusBadRequest, "ACCESS_TOKEN_NOT_FOUND", "Access token not found")
}
