package handlers

import (
	"errors"
	"net/http"
)

// errStray is a webhook whose signature fits, at an address where none are taken: the
// provider was given the wrong one.
var errStray = errors.New("well signed, but sent to an address where no webhooks are taken")

// receiveStray handles POST to any other path under /webhooks/. Nothing is taken there, and
// the answer is that of a webhook with a wrong signature, after the same work, so that
// neither tells which addresses there are. The operator is told as of any refusal.
func (s *Server) receiveStray(w http.ResponseWriter, r *http.Request) error {
	buffer := bodies.Get().(*[]byte)
	defer bodies.Put(buffer)
	body, err := readWebhook(w, r, *buffer)
	if _, is := errors.AsType[*http.MaxBytesError](err); is {
		w.Header().Set("Connection", "close") // as in receiveWebhook
		return refuse(w, http.StatusRequestEntityTooLarge, "larger than 1 MiB")
	}
	if err != nil {
		return refuse(w, http.StatusBadRequest, "the body ended too early")
	}
	if _, err = s.Provider.Verify(r.Header, body, s.Now()); err == nil {
		err = errStray
	}
	s.webhookRefused(r, err)
	return refuse(w, http.StatusForbidden, "not a valid webhook")
}
