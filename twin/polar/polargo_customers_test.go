package polar_test

import (
	"errors"
	"testing"
	"time"

	polargo "github.com/polarsource/polar-go"
	"github.com/polarsource/polar-go/models/apierrors"
	"github.com/polarsource/polar-go/models/components"
	"github.com/polarsource/polar-go/models/operations"
)

func TestCustomersByPolarGo(t *testing.T) {
	w := newWorld(t, "")
	ctx := t.Context()
	made := ok(w.api.Customers.Create(ctx, components.CustomerCreate{
		Email: "Kim@example.com", Name: polargo.String("Kim"), ExternalID: polargo.String("user-9"), TaxID: polargo.String("DE123456789"),
		BillingAddress: &components.AddressInput{Country: components.CountryAlpha2InputDe, City: polargo.String("Bonn")},
	}))(t).Customer
	var invalid *apierrors.HTTPValidationError
	for _, again := range []components.CustomerCreate{{Email: "kim@EXAMPLE.com"}, {Email: "kim2@example.com", ExternalID: polargo.String("user-9")}, {Email: "nonsense"}} {
		if _, err := w.api.Customers.Create(ctx, again); !errors.As(err, &invalid) {
			t.Errorf("%+v: %v", again, err)
		}
	}
	ok(w.api.Customers.Get(ctx, made.ID))(t)
	ok(w.api.Customers.GetExternal(ctx, "user-9"))(t)
	ok(w.api.Customers.GetState(ctx, made.ID))(t)
	ok(w.api.Customers.Update(ctx, made.ID, components.CustomerUpdate{Name: polargo.String("Kim Lee")}))(t)
	if _, err := w.api.Customers.Update(ctx, made.ID, components.CustomerUpdate{ExternalID: polargo.String("user-10")}); !errors.As(err, &invalid) {
		t.Errorf("a changed external id: %v", err)
	}
	ok(w.api.Customers.UpdateExternal(ctx, "user-9", components.CustomerUpdateExternalID{Locale: polargo.String("de")}))(t)
	for _, email := range []string{"KIM@example.com", "kim@example.com"} {
		if got := ok(w.api.Customers.List(ctx, operations.CustomersListRequest{Email: &email}))(t).ListResourceCustomer; got.Pagination.TotalCount != 1 {
			t.Errorf("list by e-mail %s: %+v", email, got.Pagination)
		}
	}
	session := ok(w.api.CustomerSessions.Create(ctx, operations.CreateCustomerSessionsCreateCustomerSessionCreateCustomerSessionCustomerExternalIDCreate(
		components.CustomerSessionCustomerExternalIDCreate{ExternalCustomerID: "user-9"})))(t).CustomerSession
	if session.ExpiresAt.Sub(session.CreatedAt).Round(time.Second) != time.Hour {
		t.Errorf("session lives %v", session.ExpiresAt.Sub(session.CreatedAt))
	}
	_, err := w.api.CustomerSessions.Create(ctx, operations.CreateCustomerSessionsCreateCustomerSessionCreateCustomerSessionCustomerExternalIDCreate(
		components.CustomerSessionCustomerExternalIDCreate{ExternalCustomerID: "nobody"}))
	if !errors.As(err, &invalid) {
		t.Errorf("a session for nobody: %v", err)
	}
	ok(w.api.Customers.DeleteExternal(ctx, "user-9", nil))(t)
	other := ok(w.api.Customers.Create(ctx, components.CustomerCreate{Email: "kim@example.com", ExternalID: polargo.String("user-9")}))(t).Customer
	ok(w.api.Customers.Delete(ctx, other.ID, polargo.Bool(true)))(t)
	var missing *apierrors.ResourceNotFound
	if _, err := w.api.Customers.Get(ctx, other.ID); !errors.As(err, &missing) {
		t.Errorf("a deleted customer: %v", err)
	}
}
