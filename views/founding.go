package views

import "context"

// Founding is an organisation that waits for the proof of its address. Its forms post
// "code" to /orgs/code, and nothing to /orgs/code/drop, which gives it up.
type Founding struct {
	Name, Email string
	Error       string // about the code; may be ""
}

// FoundingMail carries the code to the address that an organisation's bills shall go to.
// hours is how long it counts.
func FoundingMail(ctx context.Context, t *Translator, brand Brand, organization, founder, code string, hours int) (Mail, error) {
	name := Page{Brand: brand}.brand()
	lines := []string{
		t.T("mail.founding", "Brand", name, "Organization", organization, "Founder", founder),
		code,
		t.N("mail.founding.counts", int64(hours)),
		t.T("mail.founding.else"),
	}
	if brand.Support != "" {
		lines = append(lines, t.T("mail.code.support", "Support", brand.Support))
	}
	return written(ctx, t, name, t.T("mail.founding.subject", "Brand", name, "Organization", organization), code, lines)
}
