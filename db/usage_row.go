package db

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// usageEvent reads a row of usage_events.
func usageEvent(row gen.UsageEvent) (UsageEvent, error) {
	metadata, err := readMetadata(row.Metadata)
	if err != nil {
		return UsageEvent{}, fmt.Errorf("event %s: %w", row.ID, err)
	}
	return UsageEvent{
		Event: billing.Event{
			ID: row.ID, CustomerID: row.CustomerID, Name: row.Name,
			Metadata: metadata, OccurredAt: moment(row.OccurredAt),
		},
		Provider: row.Provider, State: UsageState(row.State),
		ReceivedAt: moment(row.ReceivedAt), SentAt: maybeMoment(row.SentAt), NextCycle: row.NextCycle != 0, Error: row.Error,
	}, nil
}

// writeMetadata is the one text for one content: encoding/json sorts keys.
func writeMetadata(metadata map[string]any) (string, error) {
	if len(metadata) == 0 {
		return "{}", nil
	}
	text, err := json.Marshal(metadata)
	if err != nil {
		return "", fmt.Errorf("metadata: %v: %w", err, billing.ErrInvalid)
	}
	return string(text), nil
}

// readMetadata keeps numbers as their text, so that none goes through a float.
func readMetadata(text string) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.UseNumber()
	var metadata map[string]any
	if err := decoder.Decode(&metadata); err != nil {
		return nil, fmt.Errorf("stored metadata: %w", err)
	}
	return metadata, nil
}

// parsePosition and formatPosition are the cursors of lists as they stand in a URL.
func parsePosition(text string) (at int64, id string, err error) {
	if text == "" {
		return math.MaxInt64, "", nil
	}
	head, id, ok := strings.Cut(text, "~")
	at, err = strconv.ParseInt(head, 36, 64)
	if !ok || err != nil {
		return 0, "", fmt.Errorf("page %.40q: %w", text, billing.ErrInvalid)
	}
	return at, id, nil
}

func formatPosition(at int64, id string) string { return strconv.FormatInt(at, 36) + "~" + id }
