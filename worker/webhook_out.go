package worker

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"counterfoil/db"
)

// maxHookAnswer is how much of an answer is read, for the operator to see why it failed.
const maxHookAnswer = 1 << 10

// WebhookHook makes the hook that tells facts to a URL of the operator's, signed as
// Standard Webhooks 1.0.0 has it: webhook-id is the fact's key, the same at every call,
// the body is the fact as billing.FactBody. Any 2xx is taken as told; a redirect is not.
// Each of secrets (whsec_ and base64, 24 bytes or more when decoded) signs, so that the
// receiver can change from one to the next.
func WebhookHook(target string, secrets []string, now func() time.Time) (Hook, error) {
	to, err := url.Parse(target)
	if err != nil || to.Host == "" || to.User != nil || (to.Scheme != "https" && to.Scheme != "http") {
		return Hook{}, errors.New("give a URL such as https://example.com/billing, without a user name")
	}
	if to.Scheme != "https" && !onThisMachine(to.Hostname()) {
		return Hook{}, errors.New("a URL beyond this machine needs https: facts name customers and what they paid")
	}
	var signers []*standardwebhooks.Webhook
	for _, secret := range secrets {
		key, err := hookKey(secret)
		if err != nil {
			return Hook{}, err
		}
		signer, err := standardwebhooks.NewWebhookRaw(key)
		if err != nil {
			return Hook{}, fmt.Errorf("secret: %w", err)
		}
		signers = append(signers, signer)
	}
	if len(signers) == 0 {
		return Hook{}, errors.New("a secret is needed, or anybody could tell the receiver anything")
	}
	sender := &webhookSender{url: to.String(), signers: signers, now: now, client: &http.Client{
		Timeout:       hookTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	return Hook{Name: "url", Wants: func(string) bool { return true }, Call: sender.send}, nil
}

type webhookSender struct {
	url     string
	signers []*standardwebhooks.Webhook
	now     func() time.Time
	client  *http.Client
}

func (s *webhookSender) send(ctx context.Context, call db.HookCall) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(call.Body))
	if err != nil {
		return err
	}
	at := s.now()
	var signatures []string
	for _, signer := range s.signers {
		signature, err := signer.Sign(call.Fact.Key, at, call.Body)
		if err != nil {
			return fmt.Errorf("sign: %w", err)
		}
		signatures = append(signatures, signature)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Counterfoil")
	req.Header.Set("Webhook-Id", call.Fact.Key)
	req.Header.Set("Webhook-Timestamp", strconv.FormatInt(at.Unix(), 10))
	req.Header.Set("Webhook-Signature", strings.Join(signatures, " "))
	answer, err := s.client.Do(req)
	if err != nil {
		return fmt.Errorf("no answer: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 200 && answer.StatusCode <= 299 {
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxHookAnswer))
	if err != nil {
		text = []byte(err.Error())
	}
	return fmt.Errorf("answered %s: %.200q", answer.Status, text)
}

// hookKey reads a secret as Standard Webhooks writes it.
func hookKey(secret string) ([]byte, error) {
	encoded, ok := strings.CutPrefix(strings.TrimSpace(secret), "whsec_")
	key, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(key) < 24 {
		return nil, errors.New("a secret is whsec_ and the base64 of 24 random bytes or more, such as: echo whsec_$(openssl rand -base64 32)")
	}
	return key, nil
}

// onThisMachine reports whether a host name can only be this machine.
func onThisMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
