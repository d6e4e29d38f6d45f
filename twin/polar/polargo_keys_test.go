package polar_test

import (
	"errors"
	"testing"
	"time"

	polargo "github.com/polarsource/polar-go"
	"github.com/polarsource/polar-go/models/apierrors"
	"github.com/polarsource/polar-go/models/components"
	"github.com/polarsource/polar-go/models/operations"

	"counterfoil/twin"
)

// sold sells a one-time product with the benefit to a customer of the address and returns the customer.
func (w *world) sold(benefit, email string) twin.Customer {
	w.t.Helper()
	name, ctx := "One thing", w.t.Context()
	p := ok(w.Engine.CreateProduct(ctx, twin.ProductInput{Name: &name, Prices: []twin.Price{{Kind: twin.Fixed, Amount: 1000}}}))(w.t)
	ok(w.Engine.SetBenefits(ctx, p.ID, []string{benefit}))(w.t)
	c := ok(w.Engine.CreateCheckout(ctx, twin.CheckoutInput{ProductIDs: []string{p.ID}}))(w.t)
	ok(w.Engine.ConfirmCheckout(ctx, c.ID, twin.CheckoutEdit{CustomerEmail: &email}, twin.CardSucceeds))(w.t)
	return w.customer(email)
}

func TestLicenseKeysByPolarGo(t *testing.T) {
	w := newWorld(t, "")
	ctx := t.Context()
	organization := w.Engine.Organization().ID
	benefit := ok(w.api.Benefits.Create(ctx, components.CreateBenefitCreateLicenseKeys(components.BenefitLicenseKeysCreate{
		Description: "Desktop key", Properties: components.BenefitLicenseKeysCreateProperties{
			Prefix: polargo.String("LMN"), LimitUsage: polargo.Int64(5),
			Expires:     &components.BenefitLicenseKeyExpirationProperties{TTL: 1, Timeframe: components.TimeframeYear},
			Activations: &components.BenefitLicenseKeyActivationCreateProperties{Limit: 1},
		},
	})))(t).Benefit.BenefitLicenseKeys
	buyer := w.sold(benefit.ID, "kim@example.com")
	token := w.session("kim@example.com")
	listed := ok(w.api.LicenseKeys.List(ctx, nil, nil, nil, nil))(t).ListResourceLicenseKeyRead.Items
	key := listed[0]
	if len(listed) != 1 || key.CustomerID != buyer.ID || key.Key[:4] != "LMN_" || *key.LimitActivations != 1 || key.ExpiresAt.Before(w.Engine.Now().AddDate(0, 11, 0)) {
		t.Fatalf("keys %+v", listed)
	}
	// The merchant's client and one without any token may ask the same.
	anyone := polargo.New(polargo.WithServerURL(w.BaseURL), polargo.WithSecurity(""))
	activate := components.LicenseKeyActivate{
		Key: key.Key, OrganizationID: organization, Label: "Laptop",
		Conditions: map[string]components.LicenseKeyActivateConditions{"host": components.CreateLicenseKeyActivateConditionsStr("kim-1")},
	}
	made := ok(anyone.CustomerPortal.LicenseKeys.Activate(ctx, activate))(t).LicenseKeyActivationRead
	var denied *apierrors.NotPermitted
	if _, err := w.api.LicenseKeys.Activate(ctx, activate); !errors.As(err, &denied) {
		t.Errorf("beyond the limit: %v", err)
	}
	ok(w.api.LicenseKeys.GetActivation(ctx, key.ID, made.ID))(t)
	check := func(change func(*components.LicenseKeyValidate)) error {
		ask := components.LicenseKeyValidate{
			Key: key.Key, OrganizationID: organization, ActivationID: &made.ID, BenefitID: &benefit.ID, CustomerID: &buyer.ID,
			Conditions: map[string]components.Conditions{"host": components.CreateConditionsStr("kim-1")}, IncrementUsage: polargo.Int64(2),
		}
		if change != nil {
			change(&ask)
		}
		res, err := w.api.LicenseKeys.Validate(ctx, ask)
		if err == nil && (res.ValidatedLicenseKey.Activation == nil || res.ValidatedLicenseKey.Validations == 0) {
			t.Errorf("validated %+v", res.ValidatedLicenseKey)
		}
		return err
	}
	must(t, check(nil))
	var missing *apierrors.ResourceNotFound
	wrong := map[string]func(*components.LicenseKeyValidate){
		"key":          func(v *components.LicenseKeyValidate) { v.Key = "LMN_X" },
		"organization": func(v *components.LicenseKeyValidate) { v.OrganizationID = buyer.ID },
		"benefit":      func(v *components.LicenseKeyValidate) { v.BenefitID = &buyer.ID },
		"customer":     func(v *components.LicenseKeyValidate) { v.CustomerID = &benefit.ID },
		"activation":   func(v *components.LicenseKeyValidate) { v.ActivationID = &buyer.ID },
		"conditions":   func(v *components.LicenseKeyValidate) { v.Conditions = nil },
	}
	for what, change := range wrong {
		if err := check(change); !errors.As(err, &missing) {
			t.Errorf("another %s: %v", what, err)
		}
	}
	if err := check(func(v *components.LicenseKeyValidate) { v.IncrementUsage = polargo.Int64(4) }); err == nil {
		t.Error("more use than is left")
	}
	got := ok(w.api.LicenseKeys.Get(ctx, key.ID))(t).LicenseKeyWithActivations
	if got.Usage != 2 || got.Validations != 1 || len(got.Activations) != 1 || got.Activations[0].Label != "Laptop" {
		t.Errorf("key %+v", got)
	}
	mine := ok(w.api.CustomerPortal.LicenseKeys.List(ctx, operations.CustomerPortalLicenseKeysListSecurity{CustomerSession: token}, nil, nil, nil))(t).ListResourceLicenseKeyRead
	ok(w.api.CustomerPortal.LicenseKeys.Get(ctx, operations.CustomerPortalLicenseKeysGetSecurity{CustomerSession: token}, mine.Items[0].ID))(t)
	if _, err := w.api.CustomerPortal.LicenseKeys.Get(ctx, operations.CustomerPortalLicenseKeysGetSecurity{CustomerSession: w.session("sam@example.com")}, key.ID); !errors.As(err, &missing) {
		t.Errorf("another's key: %v", err)
	}
	off := components.LicenseKeyDeactivate{Key: key.Key, OrganizationID: organization, ActivationID: made.ID}
	ok(w.api.LicenseKeys.Deactivate(ctx, off))(t)
	if _, err := anyone.CustomerPortal.LicenseKeys.Deactivate(ctx, off); !errors.As(err, &missing) {
		t.Errorf("deactivated twice: %v", err)
	}
	plain := components.LicenseKeyValidate{Key: key.Key, OrganizationID: organization}
	ok(anyone.CustomerPortal.LicenseKeys.Validate(ctx, plain))(t)
	disabled := components.LicenseKeyStatusDisabled
	ok(w.api.LicenseKeys.Update(ctx, key.ID, components.LicenseKeyUpdate{Status: &disabled}))(t)
	if _, err := anyone.CustomerPortal.LicenseKeys.Validate(ctx, plain); !errors.As(err, &missing) {
		t.Errorf("a disabled key: %v", err)
	}
	again, past := components.LicenseKeyStatusGranted, w.Engine.Now().Add(-time.Second)
	ok(w.api.LicenseKeys.Update(ctx, key.ID, components.LicenseKeyUpdate{Status: &again, ExpiresAt: &past}))(t)
	if _, err := w.api.LicenseKeys.Activate(ctx, activate); !errors.As(err, &denied) {
		t.Errorf("an expired key: %v", err)
	}
}

func TestOutsideAccountsByPolarGo(t *testing.T) {
	tests := []struct {
		platform string
		benefit  components.BenefitCreate
		connect  func(string) components.CustomerBenefitGrantUpdate
	}{
		{"discord", components.CreateBenefitCreateDiscord(components.BenefitDiscordCreate{
			Description: "Chat room", Properties: components.BenefitDiscordCreateProperties{GuildToken: "guild", RoleID: "42", KickMember: true},
		}), func(id string) components.CustomerBenefitGrantUpdate {
			return components.CreateCustomerBenefitGrantUpdateDiscord(components.CustomerBenefitGrantDiscordUpdate{
				Properties: components.CustomerBenefitGrantDiscordPropertiesUpdate{AccountID: &id}})
		}},
		{"github", components.CreateBenefitCreateGithubRepository(components.BenefitGitHubRepositoryCreate{
			Description: "Source code", Properties: components.BenefitGitHubRepositoryCreateProperties{
				RepositoryOwner: "lumen", RepositoryName: "writer", Permission: components.BenefitGitHubRepositoryCreatePropertiesPermissionPull},
		}), func(id string) components.CustomerBenefitGrantUpdate {
			return components.CreateCustomerBenefitGrantUpdateGithubRepository(components.CustomerBenefitGrantGitHubRepositoryUpdate{
				Properties: components.CustomerBenefitGrantGitHubRepositoryPropertiesUpdate{AccountID: &id}})
		}},
	}
	for _, test := range tests {
		t.Run(test.platform, func(t *testing.T) {
			w := newWorld(t, "")
			ctx := t.Context()
			made := ok(w.api.Benefits.Create(ctx, test.benefit))(t).Benefit
			id := ""
			if made.BenefitDiscord != nil {
				id = made.BenefitDiscord.ID
			} else {
				id = made.BenefitGitHubRepository.ID
			}
			buyer := w.sold(id, "kim@example.com")
			token := w.session("kim@example.com")
			waiting := w.Engine.GrantsOf(buyer.ID)[0]
			if waiting.Granted() || !waiting.Waits {
				t.Errorf("let in without an account: %+v", waiting)
			}
			ok(w.api.CustomerPortal.BenefitGrants.Update(ctx, operations.CustomerPortalBenefitGrantsUpdateSecurity{CustomerSession: token}, waiting.ID, test.connect("kim-77")))(t)
			me := ok(w.api.CustomerPortal.Customers.Get(ctx, operations.CustomerPortalCustomersGetSecurity{CustomerSession: token}))(t).CustomerPortalCustomer
			if me.OauthAccounts[test.platform].AccountID != "kim-77" || !w.Engine.GrantsOf(buyer.ID)[0].Granted() {
				t.Errorf("connected %+v", me.OauthAccounts)
			}
			if again := w.sold(id, "kim@example.com"); !w.Engine.GrantsOf(again.ID)[1].Granted() {
				t.Error("a known account is let in at once")
			}
			wrong := components.CreateCustomerBenefitGrantUpdateCustom(components.CustomerBenefitGrantCustomUpdate{})
			var invalid *apierrors.HTTPValidationError
			if _, err := w.api.CustomerPortal.BenefitGrants.Update(ctx, operations.CustomerPortalBenefitGrantsUpdateSecurity{CustomerSession: token}, waiting.ID, wrong); !errors.As(err, &invalid) {
				t.Errorf("another benefit's type: %v", err)
			}
		})
	}
}
