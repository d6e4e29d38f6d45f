package db_test

import (
	"bytes"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
)

// proxy stands between the Store and PostgreSQL and cuts connections at a commit.
type proxy struct {
	t        *testing.T
	listener net.Listener
	network  string
	server   string
	url      string
	cut      atomic.Int32 // what happens to the next commit
	cuts     atomic.Int32 // how many commits were cut
	open     sync.WaitGroup
}

const (
	cutNothing int32 = iota
	cutRequest       // the server never hears of the commit
	cutAnswer        // it commits, and the answer is lost
	cutNobody        // nothing is heard any more, and the line stays open
)

// commitMessage is how pgx asks for a commit: a Query message (PostgreSQL docs, message
// formats) of the text "commit".
var commitMessage = []byte("Q\x00\x00\x00\x0bcommit\x00")

// newProxy stands before the database that address names.
func newProxy(t *testing.T, address string) *proxy {
	t.Helper()
	config, err := pgx.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{t: t}
	p.network, p.server = pgNetwork(config.Host, config.Port)
	if p.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	through := url.URL{
		Scheme: "postgres", User: url.UserPassword(config.User, config.Password), Host: p.listener.Addr().String(),
		Path: "/" + config.Database, RawQuery: "sslmode=disable",
	}
	p.url = through.String()
	p.open.Go(p.accept)
	t.Cleanup(func() { p.listener.Close(); p.open.Wait() })
	return p
}

func pgNetwork(host string, port uint16) (network, address string) {
	if filepath.IsAbs(host) {
		return "unix", filepath.Join(host, ".s.PGSQL."+strconv.Itoa(int(port)))
	}
	return "tcp", net.JoinHostPort(host, strconv.Itoa(int(port)))
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		p.open.Go(func() { p.carry(client) })
	}
}

// carry passes bytes on until one side ends, or a commit is cut.
func (p *proxy) carry(client net.Conn) {
	defer client.Close()
	server, err := net.Dial(p.network, p.server)
	if err != nil {
		return
	}
	defer server.Close()
	var answerLost, vanished atomic.Bool
	hungUp := make(chan struct{}) // by the client, after the server has vanished
	var back sync.WaitGroup
	back.Go(func() {
		defer client.Close()
		buffer := make([]byte, 64<<10)
		for {
			n, err := server.Read(buffer)
			if vanished.Load() {
				<-hungUp
				return
			}
			if answerLost.Load() || err != nil {
				return
			}
			if _, err := client.Write(buffer[:n]); err != nil {
				return
			}
		}
	})
	defer back.Wait()
	defer server.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		if bytes.HasSuffix(buffer[:n], commitMessage) {
			switch p.cut.Swap(cutNothing) {
			case cutRequest:
				p.cuts.Add(1)
				return
			case cutNobody:
				p.cuts.Add(1)
				vanished.Store(true)
				_, _ = client.Read(buffer)
				close(hungUp)
				return
			case cutAnswer:
				p.cuts.Add(1)
				answerLost.Store(true)
				_, _ = server.Write(buffer[:n])
				back.Wait() // the server has answered, so it has committed
				return
			}
		}
		if _, err := io.Copy(server, bytes.NewReader(buffer[:n])); err != nil {
			return
		}
	}
}
