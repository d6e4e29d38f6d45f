package handlers

import (
	"net/http"
	"time"

	"counterfoil/auth"
	"counterfoil/views"
)

const themeCookie = "theme"

func themeOf(r *http.Request) views.Theme {
	cookie, err := r.Cookie(themeCookie)
	if err != nil {
		return views.ThemeSystem
	}
	return views.ParseTheme(cookie.Value)
}

// chooseTheme handles POST /theme: light, dark, or whatever the device prefers.
func (s *Server) chooseTheme(w http.ResponseWriter, r *http.Request, _ auth.Visitor) error {
	theme := views.ParseTheme(r.PostFormValue("theme"))
	cookie := &http.Cookie{
		Name: themeCookie, Value: string(theme), Path: "/", MaxAge: int((365 * 24 * time.Hour).Seconds()),
		SameSite: http.SameSiteLaxMode, Secure: s.cookieSecure, HttpOnly: true,
	}
	if theme == views.ThemeSystem {
		cookie.MaxAge = -1
	}
	http.SetCookie(w, cookie)
	redirect(w, localPath(r.PostFormValue("return"), "/"))
	return nil
}
