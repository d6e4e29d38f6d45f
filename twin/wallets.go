package twin

import "context"

// Wallet is money that a customer holds with the merchant, minor units.
type Wallet struct {
	ID string
	Stamp
	CustomerID string
	Balance    int64
	Currency   string
}

// Wallet returns a wallet, or ErrNotFound.
func (v *View) Wallet(id string) (*Wallet, error) { return v.wallets.get(id) }

// Wallets returns the wallets of a customer, or all for "".
func (v *View) Wallets(customerID string) []*Wallet { return owned(v.wallets, customerID) }

// TopUp adds amount (may be negative) to the customer's wallet in a currency and makes the wallet when there is
// none. The provider has no public operation for it. Errors: ErrNotFound, *Invalid.
func (e *Engine) TopUp(ctx context.Context, customerID, currency string, amount int64) (Wallet, error) {
	var w Wallet
	err := e.write(ctx, func(x *tx) error {
		if _, err := x.living(customerID); err != nil {
			return err
		}
		w = Wallet{ID: newID(), Stamp: x.made(), CustomerID: customerID, Currency: currency}
		for _, old := range x.wallets.by(byOwner, customerID) {
			if old.Currency == currency {
				w = *old
				w.Stamp = x.touched(w.Stamp)
			}
		}
		if w.Balance += amount; w.Balance < 0 {
			return invalid("The wallet does not hold that much.", "amount")
		}
		put(x, x.wallets, w)
		return nil
	})
	return w, err
}
