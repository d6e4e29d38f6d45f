package twin

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// KeyChange changes a license key; nil leaves a field alone, and a limit of 0 or the zero time means none.
type KeyChange struct {
	Status          *string // granted, revoked, disabled
	Usage           *int64
	ActivationLimit *int64
	UsageLimit      *int64
	ExpiresAt       *time.Time
}

// UpdateLicenseKey changes a key. Errors: ErrNotFound.
func (e *Engine) UpdateLicenseKey(ctx context.Context, id string, in KeyChange) (LicenseKey, error) {
	var key LicenseKey
	err := e.write(ctx, func(x *tx) error {
		row, err := x.licenseKeys.get(id)
		if err != nil {
			return err
		}
		key = *row
		key.Status, key.Usage = pick(in.Status, key.Status), pick(in.Usage, key.Usage)
		key.UsageLimit = pick(in.UsageLimit, key.UsageLimit)
		key.ActivationLimit = int(pick(in.ActivationLimit, int64(key.ActivationLimit)))
		key.ExpiresAt, key.Stamp = pick(in.ExpiresAt, key.ExpiresAt), x.touched(key.Stamp)
		put(x, x.licenseKeys, key)
		return nil
	})
	return key, err
}

// KeyCheck asks whether a key is good. Empty fields are not looked at; Increment is how much use it counts.
type KeyCheck struct {
	Key, OrganizationID                 string
	ActivationID, BenefitID, CustomerID string
	Conditions                          Metadata
	Increment                           int64
}

// ValidateLicenseKey checks a key and counts the use. The activation is nil unless one was named. Errors:
// ErrNotFound for a key that is unknown, not granted, expired or does not fit; *Refused without enough use left.
func (e *Engine) ValidateLicenseKey(ctx context.Context, in KeyCheck) (key LicenseKey, activation *Activation, err error) {
	err = e.write(ctx, func(x *tx) error {
		if key, err = x.keyByText(in.Key, in.OrganizationID); err != nil {
			return err
		}
		if !key.usableAt(x.now) || in.BenefitID != "" && in.BenefitID != key.BenefitID ||
			in.CustomerID != "" && in.CustomerID != key.CustomerID {
			return ErrNotFound
		}
		if in.ActivationID != "" {
			at := key.activation(in.ActivationID)
			if at < 0 || len(key.Activations[at].Conditions) > 0 && !maps.Equal(key.Activations[at].Conditions, in.Conditions) {
				return ErrNotFound
			}
			activation = &key.Activations[at]
		}
		if left := key.UsageLimit - key.Usage; key.UsageLimit > 0 && in.Increment > left {
			return refused("BadRequest", fmt.Sprintf("License key only has %d more usages.", left))
		}
		key.Usage, key.Validations, key.LastValidatedAt = key.Usage+in.Increment, key.Validations+1, x.now
		put(x, x.licenseKeys, key)
		return nil
	})
	return key, activation, err
}

// ActivateLicenseKey notes one more place where the key is used. Errors: ErrNotFound, *Refused.
func (e *Engine) ActivateLicenseKey(ctx context.Context, text, organizationID string, a Activation) (key LicenseKey, made Activation, err error) {
	err = e.write(ctx, func(x *tx) error {
		if key, err = x.keyByText(text, organizationID); err != nil {
			return err
		}
		switch {
		case key.Status != KeyGranted:
			return refused("NotPermitted", "License key is no longer active. This license key can not be activated.")
		case !key.usableAt(x.now):
			return refused("NotPermitted", "License key has expired.")
		case key.ActivationLimit == 0:
			return refused("NotPermitted", "This license key does not support activations. Use the /validate endpoint instead to check license validity.")
		case len(key.Activations) >= key.ActivationLimit:
			return refused("NotPermitted", "License key activation limit already reached")
		}
		made = a
		made.ID, made.Stamp = newID(), x.made()
		key.Activations = append(slices.Clone(key.Activations), made)
		put(x, x.licenseKeys, key)
		return nil
	})
	return key, made, err
}

// DeactivateLicenseKey forgets an activation. Errors: ErrNotFound.
func (e *Engine) DeactivateLicenseKey(ctx context.Context, text, organizationID, activationID string) error {
	return e.write(ctx, func(x *tx) error {
		key, err := x.keyByText(text, organizationID)
		if err != nil {
			return err
		}
		at := key.activation(activationID)
		if at < 0 {
			return ErrNotFound
		}
		key.Activations = slices.Delete(slices.Clone(key.Activations), at, at+1)
		put(x, x.licenseKeys, key)
		return nil
	})
}

// keyByText finds a key of the organization by what is printed on it.
func (v *View) keyByText(text, organizationID string) (LicenseKey, error) {
	if organizationID == v.Organization().ID {
		for _, k := range v.licenseKeys.rows {
			if k.Key == text {
				return *k, nil
			}
		}
	}
	return LicenseKey{}, ErrNotFound
}

// usableAt reports whether the key is granted and not expired.
func (k LicenseKey) usableAt(now time.Time) bool {
	return k.Status == KeyGranted && (k.ExpiresAt.IsZero() || now.Before(k.ExpiresAt))
}

// activation is the position of an activation, or -1.
func (k LicenseKey) activation(id string) int {
	return slices.IndexFunc(k.Activations, func(a Activation) bool { return a.ID == id })
}
