package server

import (
	"counterfoil/twin"
	"counterfoil/twin/oidc"
)

// Fixed credentials of every twin. They open nothing but a twin, and whoever can reach one may have them.
var OrganizationToken = twin.Token("polar_oat_", "CounterfoilTwinTokenForLoopbackUse123")

// WebhookSecret signs webhooks to the fixed endpoint (legacy scheme: the key is the whole text).
const WebhookSecret = "whsec_CounterfoilTwinWebhookSecretForLoopback"

// ClientID and ClientSecret are the one client of the twin's OpenID provider.
const (
	ClientID     = "counterfoil"
	ClientSecret = "counterfoil-twin-client-secret"
)

// Personas are the people of the demo: a newcomer, a subscriber of fourteen months, one whose last
// payment failed, one whose organisation pays, and one who buys nothing because she runs the portal.
var Personas = []oidc.Persona{
	{Name: "Noor Haddad", Email: "noor@example.com"},
	{Name: "Sam Okafor", Email: "sam@example.com"},
	{Name: "Pat Lindqvist", Email: "pat@example.com"},
	{Name: "Kim Castellan", Email: "kim@example.com"},
	{Name: "Olive Tran", Email: "olive@example.com"},
}
