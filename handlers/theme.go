package handlers

import (
	"net/http"
	"time"

	"counterfoil/auth"
	"counterfoil/views"
)

// themeCookie is the cookie's name. Over https no sibling domain can plant one.
func (s *Server) themeCookie() string {
	if s.cookieSecure {
		return "__Host-theme"
	}
	return "theme"
}

func (s *Server) themeOf(r *http.Request) views.Theme {
	cookie, err := r.Cookie(s.themeCookie())
	if err != nil {
		return views.ThemeSystem
	}
	return views.ParseTheme(cookie.Value)
}

// chooseTheme handles POST /theme: light, dark, or whatever the device prefers.
func (s *Server) chooseTheme(w http.ResponseWriter, r *http.Request, _ auth.Visitor) error {
	theme := views.ParseTheme(r.PostFormValue("theme"))
	cookie := &http.Cookie{
		Name: s.themeCookie(), Value: string(theme), Path: "/", MaxAge: int((365 * 24 * time.Hour).Seconds()),
		SameSite: http.SameSiteLaxMode, Secure: s.cookieSecure, HttpOnly: true,
	}
	if theme == views.ThemeSystem {
		cookie.MaxAge = -1
	}
	http.SetCookie(w, cookie)
	redirect(w, localPath(r.PostFormValue("return"), "/"))
	return nil
}
