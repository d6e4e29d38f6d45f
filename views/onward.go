package views

// Onward is the page between us and an identity provider, from where the browser goes on by
// itself: a chain of redirects that begins with a form may lead only where the content
// policy allows, and providers send people to hosts that nobody can list.
type Onward struct {
	Provider string // name on its button
	URL      string // where its pages begin
}
