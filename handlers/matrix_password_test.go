package handlers_test

import "maps"

// The routes of passwords and of mailed links.
func init() {
	maps.Copy(rights, map[string]right{
		"GET /login/link":                {"/login/link?id=none&code=7KQM2XWP", "", 404, 303, 303, false},
		"POST /login/link":               {"", "id=none&code=7KQM2XWP", 404, 303, 303, false},
		"POST /login/password":           {"", "email=none", 400, 303, 303, false},
		"GET /login/new":                 {"", "", 200, 303, 303, false},
		"POST /login/new":                {"", "email=none", 400, 303, 303, false},
		"GET /login/forgot":              {"", "", 200, 200, 200, false},
		"POST /login/forgot":             {"", "email=none", 400, 400, 400, false},
		"GET /login/sent":                {"", "", 303, 303, 303, false},
		"GET /login/reset":               {"/login/reset?token=none", "", 404, 404, 404, false},
		"POST /login/reset":              {"", "token=none", 404, 404, 404, false},
		"GET /login/verify":              {"/login/verify?token=none", "", 404, 404, 404, false},
		"POST /login/verify":             {"", "token=none", 404, 404, 404, false},
		"POST /account/confirm/password": {"", "password=none", 303, 403, 403, false},
		"GET /account/password":          {"", "", 303, 200, 200, false},
		"POST /account/password":         {"", "password=short", 303, 400, 400, false},
		"POST /account/password/remove":  {"", "", 303, 404, 404, false},
	})
}
