package github

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	gh "github.com/google/go-github/v89/github"

	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

// call asks GitHub. What GitHub refuses does not count against the breaker; that
// it fails, or does not answer, does.
func (b *backend) call(ctx context.Context, operation string, f func(context.Context) error) error {
	return b.guard.Call(ctx, operation, func(ctx context.Context) error {
		err := f(ctx)
		if err != nil && answers(err) {
			return service.Healthy(err)
		}
		return err
	})
}

// answers tells whether an error is an answer of a GitHub that works.
func answers(err error) bool {
	var limit *gh.RateLimitError
	var secondary *gh.AbuseRateLimitError
	var refusal *gh.ErrorResponse
	var own refused
	switch {
	case errors.As(err, &limit), errors.As(err, &secondary), errors.As(err, &own):
		return true
	case errors.As(err, &refusal):
		return refusal.Response.StatusCode < 500 || refusal.Response.StatusCode == http.StatusNotImplemented
	}
	return false
}

// A refused is what this server itself says no to.
type refused struct{ error }

// A limited is an error that says when asking again makes sense.
type limited struct {
	error
	retry time.Time
}

// explain tells in the user's words what went wrong, what being what was asked for.
// No URL is told, nor anything of the token.
func (b *backend) explain(err error, what string) error {
	if err == nil {
		return nil
	}
	var limit *gh.RateLimitError
	var secondary *gh.AbuseRateLimitError
	var refusal *gh.ErrorResponse
	var network *url.Error
	var own refused
	switch {
	case errors.As(err, &limit):
		reset := limit.Rate.Reset.UTC()
		return limited{fmt.Errorf("GitHub's rate limit of %d requests is used up; it is reset at %s, in %v",
			limit.Rate.Limit, reset.Format(time.RFC3339), wait(reset)), reset}
	case errors.As(err, &secondary):
		retry := time.Now().Add(time.Minute) // GitHub asks for as much when it does not say
		if secondary.RetryAfter != nil {
			retry = time.Now().Add(*secondary.RetryAfter)
		}
		return limited{fmt.Errorf("GitHub's secondary rate limit is exceeded; try again in %v", wait(retry)), retry}
	case errors.As(err, &own):
		return own
	case errors.As(err, &refusal):
		err := errors.New(b.redact(refusalText(refusal, what)))
		if refusal.Response.StatusCode == http.StatusNotFound {
			return service.NotFound(err)
		}
		return err
	case errors.Is(err, service.ErrUnavailable):
		return fmt.Errorf("GitHub does not answer and is not asked for now: %w", service.ErrUnavailable)
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("GitHub does not answer in time")
	case errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &network):
		var op *net.OpError
		if errors.As(err, &op) {
			return errors.New(b.redact("GitHub cannot be reached: " + op.Err.Error()))
		}
		return errors.New(b.redact("GitHub cannot be reached: " + network.Err.Error()))
	}
	return errors.New(b.redact("GitHub's answer cannot be read: " + err.Error()))
}

func wait(t time.Time) time.Duration {
	return max(time.Second, time.Until(t).Round(time.Second))
}

func refusalText(r *gh.ErrorResponse, what string) string {
	switch code := r.Response.StatusCode; code {
	case http.StatusUnauthorized:
		return "GitHub does not accept the token: check GITHUB_TOKEN"
	case http.StatusNotFound:
		text := "not found, or not for the holder of the token to see: " + what
		if r.Message != "" && r.Message != "Not Found" {
			text += ": " + brief(r.Message)
		}
		return text
	default:
		text := fmt.Sprintf("GitHub answers %d: %s", code, brief(r.Message))
		for _, e := range r.Errors {
			text += fmt.Sprintf("; %s of %s: %s %s", e.Field, e.Resource, e.Code, brief(e.Message))
		}
		return strings.TrimSpace(text)
	}
}

// brief keeps what GitHub says to a line.
func brief(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > 300 {
		text = strings.ToValidUTF8(text[:300], "") + "…"
	}
	return text
}

// redact takes the token out of a text, should it ever come to be in one.
func (b *backend) redact(text string) string {
	if b.secret == "" {
		return text
	}
	return strings.ReplaceAll(text, b.secret, "[token]")
}
