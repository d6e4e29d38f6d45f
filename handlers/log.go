package handlers

import (
	"context"
	"log/slog"
)

// requestLog adds the request's id to every line that is logged with its context, so
// that the number on an error page finds everything about it.
type requestLog struct{ slog.Handler }

// NumberedLog is a log whose lines carry the id of the request in their context, for
// packages that log on behalf of a request of ours.
func NumberedLog(log *slog.Logger) *slog.Logger { return slog.New(requestLog{log.Handler()}) }

// Handle implements slog.Handler.
func (h requestLog) Handle(ctx context.Context, record slog.Record) error {
	if id := requestID(ctx); id != "" {
		record.AddAttrs(slog.String("request", id))
	}
	return h.Handler.Handle(ctx, record)
}

// WithAttrs implements slog.Handler.
func (h requestLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return requestLog{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h requestLog) WithGroup(name string) slog.Handler {
	return requestLog{h.Handler.WithGroup(name)}
}
