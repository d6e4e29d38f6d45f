package server

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"counterfoil/twin"
)

// maxPart is the largest part of a file that may be uploaded at once, in bytes.
const maxPart = 32 << 20

// The store that the provider keeps files in: PUT a part at /_twin/files/SECRET/NUMBER, GET the whole at
// /_twin/files/SECRET. The secret in the address is all that is asked for, as with a signed link.

// putPart keeps one part of a file.
func (c *control) putPart(w http.ResponseWriter, r *http.Request) {
	number, err := strconv.Atoi(r.PathValue("number"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPart))
	if err != nil {
		answer(w, http.StatusRequestEntityTooLarge, failure{err.Error()})
		return
	}
	err = c.engine.WritePart(r.Context(), r.PathValue("secret"), number, data)
	switch {
	case errors.Is(err, twin.ErrNotFound):
		http.NotFound(w, r)
	case err != nil:
		answer(w, http.StatusConflict, failure{err.Error()})
	default:
		w.Header().Set("ETag", fmt.Sprintf(`"%s-%d"`, r.PathValue("secret"), number))
		w.WriteHeader(http.StatusOK)
	}
}

// showFile serves a file as a download; a browser must not run what a merchant uploaded.
func (c *control) showFile(w http.ResponseWriter, r *http.Request) {
	f, data, err := c.engine.FileBySecret(r.PathValue("secret"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", f.MimeType)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Security-Policy", "sandbox")
	disposition := "inline"
	if f.Service == twin.FileDownload {
		disposition = "attachment"
	}
	w.Header().Set("Content-Disposition", fmt.Sprintf("%s; filename=%q", disposition, f.Name))
	http.ServeContent(w, r, f.Name, f.ModifiedAt, bytes.NewReader(data))
}

// topUp puts money into a customer's wallet; openDispute makes a bank ask for a payment back. The provider has
// no public operation for either.
func (c *control) topUp(w http.ResponseWriter, r *http.Request) {
	var in struct {
		CustomerID string `json:"customer_id"`
		Currency   string `json:"currency"`
		Amount     int64  `json:"amount"`
	}
	err := decode(r, &in)
	var wallet twin.Wallet
	if err == nil {
		wallet, err = c.engine.TopUp(r.Context(), in.CustomerID, in.Currency, in.Amount)
	}
	made(w, map[string]any{"id": wallet.ID, "balance": wallet.Balance}, err)
}

func (c *control) openDispute(w http.ResponseWriter, r *http.Request) {
	var in struct {
		OrderID string `json:"order_id"`
		Status  string `json:"status"`
	}
	err := decode(r, &in)
	var dispute twin.Dispute
	if err == nil {
		dispute, err = c.engine.OpenDispute(r.Context(), in.OrderID, in.Status)
	}
	made(w, map[string]any{"id": dispute.ID}, err)
}

// made answers with what was made, or says why not.
func made(w http.ResponseWriter, body any, err error) {
	if err != nil {
		answer(w, http.StatusUnprocessableEntity, failure{err.Error()})
		return
	}
	answer(w, http.StatusOK, body)
}
