package polar

import (
	"net/http"
	"time"

	"counterfoil/twin"
)

// portalMeterForm is a customer's standing on a meter, as the customer sees it.
type portalMeterForm struct {
	stamp
	ID            string        `json:"id"`
	CustomerID    string        `json:"customer_id"`
	MeterID       string        `json:"meter_id"`
	ConsumedUnits twin.Quantity `json:"consumed_units"`
	CreditedUnits int64         `json:"credited_units"`
	Balance       twin.Quantity `json:"balance"`
	Meter         meterNamed    `json:"meter"`
}

type meterNamed struct {
	stamp
	ID               string `json:"id"`
	Name             string `json:"name"`
	Unit             string `json:"unit"`
	CustomLabel      text   `json:"custom_label"`
	CustomMultiplier count  `json:"custom_multiplier"`
}

func shapePortalMeter(v *twin.View, m *twin.CustomerMeter) portalMeterForm {
	out := portalMeterForm{
		stamp: stamped(m.Stamp), ID: m.ID, CustomerID: m.CustomerID, MeterID: m.MeterID, ConsumedUnits: m.Consumed,
		CreditedUnits: m.Credited, Balance: m.Balance(),
	}
	if row, err := v.Meter(m.MeterID); err == nil {
		out.Meter = meterNamed{stamp: stamped(row.Stamp), ID: row.ID, Name: row.Name, Unit: "scalar"}
	}
	return out
}

// portalMeters: GET /v1/customer-portal/meters/
func (s *Server) portalMeters(v *twin.View, me twin.Actor, _ *http.Request, q query) (any, error) {
	return listing[twin.CustomerMeter]{
		rows: v.CustomerMeters(me.Customer.ID), sorts: customerMeterSorts, usual: "-modified_at",
		keep: func(m *twin.CustomerMeter) bool {
			row, err := v.Meter(m.MeterID)
			return err == nil && m.Activated && row.ArchivedAt.IsZero() && q.allows("meter_id", m.MeterID) && q.within(row.Name)
		},
		shape: func(m *twin.CustomerMeter) any { return shapePortalMeter(v, m) },
	}.answer(q)
}

// portalMeter: GET /v1/customer-portal/meters/{id}
func (s *Server) portalMeter(v *twin.View, me twin.Actor, r *http.Request, _ query) (any, error) {
	mine := own(me, func(m *twin.CustomerMeter) string { return m.CustomerID })
	return shaped(v, shapePortalMeter)(mine(v.CustomerMeter(r.PathValue("id"))))
}

// wallet is money that a customer holds with the merchant.
type wallet struct {
	stamp
	ID         string `json:"id"`
	CustomerID string `json:"customer_id"`
	Balance    int64  `json:"balance"`
	Currency   string `json:"currency"`
}

func shapeWallet(_ *twin.View, w *twin.Wallet) wallet {
	return wallet{stamped(w.Stamp), w.ID, w.CustomerID, w.Balance, w.Currency}
}

var walletSorts = map[string]func(a, b *twin.Wallet) int{
	"created_at": byTime(func(w *twin.Wallet) time.Time { return w.CreatedAt }),
	"balance":    byNumber(func(w *twin.Wallet) int64 { return w.Balance }),
}

// portalWallets: GET /v1/customer-portal/wallets/
func (s *Server) portalWallets(v *twin.View, me twin.Actor, _ *http.Request, q query) (any, error) {
	return listing[twin.Wallet]{
		rows: v.Wallets(me.Customer.ID), sorts: walletSorts, usual: "-created_at",
		shape: func(w *twin.Wallet) any { return shapeWallet(v, w) },
	}.answer(q)
}

// portalWallet: GET /v1/customer-portal/wallets/{id}
func (s *Server) portalWallet(v *twin.View, me twin.Actor, r *http.Request, _ query) (any, error) {
	mine := own(me, func(w *twin.Wallet) string { return w.CustomerID })
	return shaped(v, shapeWallet)(mine(v.Wallet(r.PathValue("id"))))
}

// download is a file that a grant lets its holder read.
type download struct {
	ID        string       `json:"id"`
	BenefitID string       `json:"benefit_id"`
	File      fileDownload `json:"file"`
}

type fileDownload struct {
	fileCore
	Download fileLink `json:"download"`
}

// fileLink is an address that needs no token and the headers to send along: none.
type fileLink struct {
	URL       string            `json:"url"`
	Headers   map[string]string `json:"headers"`
	ExpiresAt instant           `json:"expires_at"`
}

// linkLife is how long a file's address is said to be good.
const linkLife = 10 * time.Minute

// portalDownloads: GET /v1/customer-portal/downloadables/
func (s *Server) portalDownloads(v *twin.View, me twin.Actor, _ *http.Request, q query) (any, error) {
	var rows []*download
	for _, g := range v.Grants(me.Customer.ID) {
		b, err := v.Benefit(g.BenefitID)
		if err != nil || !g.Granted() || !me.Holds(g.MemberID) || b.Type != twin.BenefitDownloadables || !q.allows("benefit_id", b.ID) {
			continue
		}
		for _, id := range activeFiles(b) {
			if f, err := v.File(id); err == nil && f.Uploaded {
				link := fileLink{s.fileURL(f), map[string]string{}, instant(v.Now().Add(linkLife))}
				rows = append(rows, &download{g.ID, b.ID, fileDownload{shapeFileCore(v, f), link}})
			}
		}
	}
	return listing[download]{
		rows: rows, usual: "benefit_id", sorts: map[string]func(a, b *download) int{"benefit_id": func(a, b *download) int { return 0 }},
		shape: func(d *download) any { return d },
	}.answer(q)
}
