package views

import "strings"

// Names in user agents, the telling ones first: most browsers name several.
var (
	browsers = []struct{ sign, name string }{
		{"Edg", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"},
		{"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"},
	}
	systems = []struct{ sign, name string }{
		{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"CrOS", "ChromeOS"},
		{"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"},
	}
)

// Device puts a user agent into words: "Firefox on Linux".
func Device(t *Translator, agent string) string {
	find := func(list []struct{ sign, name string }) string {
		for _, entry := range list {
			if strings.Contains(agent, entry.sign) {
				return entry.name
			}
		}
		return ""
	}
	switch browser, system := find(browsers), find(systems); {
	case browser != "" && system != "":
		return t.T("account.device", "Browser", browser, "System", system)
	case browser+system != "":
		return browser + system
	}
	return t.T("account.device_unknown")
}
