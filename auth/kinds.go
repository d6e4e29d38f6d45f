package auth

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// Kind is one kind of identity provider that this program knows: how it is configured, and
// how it is made.
type Kind struct {
	ID     string // in the path of its routes, and as ProviderConfig.Kind
	Name   string // on its button
	Prefix string // of its settings: PREFIX_KEY and PREFIX_SECRET, if Key is empty
	Key    string // the setting that holds the client id, where it is another
	More   []Setting
	// NoSecret: it has none, or one made of other settings.
	NoSecret bool
	// Vouches says what proves an address there; empty when nothing does, and the reader
	// proves it by a mailed code.
	Vouches string

	// direct: its pages begin on its origin, and no redirect leads from there to another
	// host. Chromium holds redirects that follow a form to the content policy.
	direct bool

	make maker
}

// Setting is one more setting of a kind: PREFIX_Name.
type Setting struct {
	Name    string
	Needed  bool // together with the key
	Secret  bool
	File    bool // PREFIX_Name_FILE may name a file that holds it
	Default string
	About   string
}

// Kinds lists every kind there is, as people shall see them: first those that vouch for an
// address, where signing in takes no further step, then the others by name.
func Kinds() []Kind {
	list := slices.Concat(openIDKinds, oauthKinds, gothKinds)
	slices.SortStableFunc(list, func(a, b Kind) int {
		switch {
		case a.Vouches != "" && b.Vouches != "":
			return 0
		case a.Vouches != "":
			return -1
		case b.Vouches != "":
			return 1
		}
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	return list
}

// kindByID finds a kind.
func kindByID(id string) (Kind, bool) {
	for _, kind := range Kinds() {
		if kind.ID == id {
			return kind, true
		}
	}
	return Kind{}, false
}

// KeySetting is the name of the setting that holds the client id.
func (k Kind) KeySetting() string {
	if k.Key != "" {
		return k.Key
	}
	return k.Prefix + "_KEY"
}

// maker makes a provider of a kind.
type maker func(ProviderConfig, surroundings) (*provider, error)

// surroundings is what a provider needs of us.
type surroundings struct {
	client *http.Client
	now    func() time.Time
}
