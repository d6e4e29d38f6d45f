package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Limits of a connection. Streams set their own deadline for writing.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 10 * time.Second // as long as Polar waits for the answer to a webhook
	writeTimeout  = 60 * time.Second
	idleTimeout   = 2 * time.Minute
	maxHeader     = 32 << 10 // bytes
	stopTimeout   = 15 * time.Second
)

// bounded is a server whose connections hold none of its time for long.
func bounded(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

// serve runs the portal until ctx ends, then lets what is under way finish.
func serve(ctx context.Context, c config, log *slog.Logger, out io.Writer) error {
	for _, doubt := range c.doubts() {
		log.Warn(doubt)
	}
	listener, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return addressFault("COUNTERFOIL_ADDR", err)
	}
	defer listener.Close()
	p, err := assemble(ctx, c, log)
	if err != nil {
		return err
	}
	server := bounded(p.handler, log)
	working, stopWorking := context.WithCancel(context.WithoutCancel(ctx))
	var loops sync.WaitGroup
	loops.Go(func() { p.worker.Run(working) })
	loops.Go(func() { p.auth.Run(working) })
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	p.greet(out, c)
	p.tellSetup(ctx, c, log)

	select {
	case err = <-failed:
	case <-p.store.Broken():
		// Nothing is ended in order, for that would write: whoever was told nothing asks again.
		stopWorking()
		return p.store.Failure()
	case <-ctx.Done():
		log.Info("stopping")
		close(p.stopping)
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		err = server.Shutdown(patience)
		cancel()
	}
	stopWorking()
	loops.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return errors.Join(err, p.close())
}
