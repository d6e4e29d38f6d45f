package handlers_test

import (
	"net/http"
	"testing"

	"counterfoil/db/dbtest"
)

// TestDatabaseDownIsAPause (D11): while PostgreSQL is away pages say that it is not
// possible right now, and the process lives without being ready. When it is back
// everything goes on, with the same sign-in.
func TestDatabaseDownIsAPause(t *testing.T) {
	dbtest.PostgresOnly(t, "SQLite has no server that could be away")
	server := dbtest.StartServer(t)
	s := startOn(t, server.URL(), true)
	b := s.browser()
	b.signIn("sam@example.com")
	b.wants(b.get("/portal"), http.StatusOK)
	server.Kill()
	for range 10 { // each connection of the pool notices for itself
		page := b.get("/portal")
		if page.status != http.StatusServiceUnavailable || page.header.Get("Retry-After") == "" {
			t.Errorf("/portal answers %d, to try again after %q", page.status, page.header.Get("Retry-After"))
		}
	}
	b.wants(b.get("/readyz"), http.StatusServiceUnavailable)
	b.wants(b.get("/healthz"), http.StatusOK)
	server.Start()
	b.wants(b.get("/account"), http.StatusOK, "sam@example.com")
	s.until("it is ready", func() bool { return b.get("/readyz").status == http.StatusOK }) // and not within a second of a busy machine
	server.Kill()
	server.Start()
	for range 10 { // a restart that nobody noticed: the pool is full of dead connections
		b.wants(b.get("/portal"), http.StatusOK)
	}
}
