package twin

import (
	"strings"
)

// giveKey makes the license key of a grant, or wakes the one a revoked grant had.
func (x *tx) giveKey(g *Grant, b Benefit) {
	if old, ok := x.licenseKeys.rows[g.Properties.LicenseKeyID]; ok {
		key := *old
		key.Status, key.Stamp = KeyGranted, x.touched(key.Stamp)
		put(x, x.licenseKeys, key)
		return
	}
	key := LicenseKey{
		ID: newID(), Stamp: x.made(), CustomerID: g.CustomerID, BenefitID: b.ID, GrantID: g.ID, MemberID: g.MemberID, Status: KeyGranted,
		Key: strings.ToUpper(newID()), ActivationLimit: b.ActivationLimit, UsageLimit: b.UsageLimit,
	}
	if b.KeyPrefix != "" {
		key.Key = strings.ToUpper(b.KeyPrefix) + "_" + key.Key
	}
	if b.KeyTTL > 0 {
		key.ExpiresAt = Interval(b.KeyTimeframe).After(x.now, b.KeyTTL)
	}
	put(x, x.licenseKeys, key)
	g.Properties.LicenseKeyID, g.Properties.DisplayKey = key.ID, key.Display()
}

// Display is the key with all but its last six characters hidden.
func (k LicenseKey) Display() string { return "****-" + k.Key[len(k.Key)-6:] }
