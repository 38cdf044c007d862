package steps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// The kinds of outcome of a Then.
const (
	met          = "met"
	notMet       = "unmet"
	advised      = "unmet, an advisory"
	inapplicable = "not applicable"
	unconcluded  = "inconclusive"
	caused       = "inconclusive with a root cause"
)

func outcomeOf(err error) string {
	var cause rootCause
	switch {
	case err == nil:
		return met
	case errors.Is(err, errNotApplicable):
		return inapplicable
	case errors.As(err, &cause):
		return caused
	case errors.As(err, &inconclusive{}):
		return unconcluded
	case isAdvisory(err):
		return advised
	}
	return notMet
}

// answered has a call answered over HTTP. The answer is a status, a blank and a
// body, an event stream if it begins with "data:", and no answer at all if it is
// empty. $id stands for the id of the request.
func answered(t *testing.T, c wire.Call, answer string) *wire.Exchange {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var m struct{ ID json.RawMessage }
		sent, _ := io.ReadAll(r.Body)
		json.Unmarshal(sent, &m) //nolint:errcheck // then there is no id
		if answer == "" {
			panic(http.ErrAbortHandler)
		}
		head, body, _ := strings.Cut(answer, " ")
		var status int
		fmt.Sscan(head, &status) //nolint:errcheck // a bug of the table shows at once
		switch {
		case strings.HasPrefix(body, "data:"):
			w.Header().Set("Content-Type", "text/event-stream")
		case body != "":
			w.Header().Set("Content-Type", "application/json")
		}
		w.WriteHeader(status)
		io.WriteString(w, strings.ReplaceAll(body, "$id", string(m.ID))) //nolint:errcheck // the client may be gone
	}))
	t.Cleanup(s.Close)
	session, err := wire.Open(t.Context(), wire.Endpoint{Transport: spec.StreamableHTTP, URL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(session.Close)
	x := session.Do(t.Context(), c)
	x.Wait(t.Context())
	return x
}

const (
	noAnswer = ""
	emptyOK  = `200 {"jsonrpc":"2.0","id":$id,"result":{}}`
)

func errorAnswer(code int) string {
	return fmt.Sprintf(`200 {"jsonrpc":"2.0","id":$id,"error":{"code":%d,"message":"no"}}`, code)
}

func resultAnswer(result string) string {
	return `200 {"jsonrpc":"2.0","id":$id,"result":` + result + `}`
}

// TestVerdicts judges answers that the everything server never gives.
func TestVerdicts(t *testing.T) {
	type then = func(*World, context.Context) error
	status404 := func(w *World, ctx context.Context) error { return w.statusIs(ctx, 404) }
	code := func(want string) then {
		return func(w *World, ctx context.Context) error { return w.answersCodeIfAny(ctx, want) }
	}
	refusedEach := func(w *World, ctx context.Context) error {
		w.xs = []*wire.Exchange{w.x}
		return w.eachRefused(ctx, "-32602")
	}
	given := func(with string) then {
		return func(w *World, ctx context.Context) error {
			call := wire.Call{Method: "prompts/get"}
			w.named["with"], w.named["without"] = answered(t, call, with), w.x
			return w.givenWithout(ctx)
		}
	}
	says := func(w *World, ctx context.Context) error { return w.contentsSay(ctx, "tea") }
	bare := func(w *World, _ context.Context) error { return acceptedBare(w.x) }
	listening := wire.Call{Method: "subscriptions/listen"}
	notification := wire.Call{Method: "notifications/x", Notification: true}
	initialize := wire.Call{Method: "initialize"}
	foreign := wire.Call{Method: "initialize", Header: http.Header{"Origin": {"https://example.com"}}}
	for _, c := range []struct {
		name   string
		then   then
		call   wire.Call
		answer string
		want   string
	}{
		{"a status without an answer", status404, wire.Call{}, noAnswer, notMet},
		{"a status", status404, wire.Call{}, "404 ", met},
		{"another status", status404, wire.Call{}, emptyOK, notMet},

		{"calls refused", (*World).refusesCalls, wire.Call{}, errorAnswer(-32601), met},
		{"calls not refused", (*World).refusesCalls, wire.Call{}, emptyOK, notMet},
		{"calls without an answer", (*World).refusesCalls, wire.Call{}, noAnswer, unconcluded},

		{"too many requests", (*World).knowsMethod, wire.Call{}, "429 ", caused},
		{"a gateway without a server", (*World).knowsMethod, wire.Call{}, "503 ", caused},
		{"a server out of order", (*World).knowsMethod, wire.Call{}, "500 ", notMet},
		{"no such path", (*World).knowsMethod, wire.Call{}, "404 ", notMet},
		{"a method known", (*World).knowsMethod, wire.Call{}, errorAnswer(-32602), met},
		{"a method unknown", (*World).knowsMethod, wire.Call{}, errorAnswer(-32601), notMet},
		{"a method without an answer", (*World).knowsMethod, wire.Call{}, noAnswer, notMet},

		{"another id", (*World).idEchoedInFull, wire.Call{}, `200 data: {"jsonrpc":"2.0","id":"other","result":{}}` + "\n\n", advised},
		{"no answer to a long id", (*World).idEchoedInFull, wire.Call{}, noAnswer, advised},
		{"the id", (*World).idEchoedInFull, wire.Call{}, emptyOK, met},

		{"invalid, by its code", code(codeInvalidRequest), wire.Call{}, errorAnswer(-32600), met},
		{"invalid, by a parser", code(codeInvalidRequest), wire.Call{}, errorAnswer(-32700), advised},
		{"invalid, by another code", code(codeInvalidRequest), wire.Call{}, errorAnswer(-32000), notMet},
		{"no JSON, by its code", code(codeParse), wire.Call{}, errorAnswer(-32700), met},
		{"no JSON, called invalid", code(codeParse), wire.Call{}, errorAnswer(-32602), notMet},
		{"no JSON, by its status", code(codeParse), wire.Call{}, "400 ", met},
		{"no JSON, a result", code(codeParse), wire.Call{}, emptyOK, notMet},

		{"misfits refused", refusedEach, listening, errorAnswer(-32602), met},
		{"misfits refused otherwise", refusedEach, listening, errorAnswer(-32603), advised},
		{"no subscriptions", refusedEach, listening, errorAnswer(-32601), inapplicable},
		{"initialize unknown", refusedEach, initialize, errorAnswer(-32601), advised},
		{"misfits taken", refusedEach, initialize, emptyOK, advised},
		{"misfits ignored", refusedEach, initialize, noAnswer, notMet},

		{"the foreign page refused", (*World).pageRefused403, foreign, "403 ", met},
		{"the foreign page refused with 400", (*World).pageRefused403, foreign, "400 ", notMet},
		{"the foreign page without a token", (*World).pageRefused403, foreign, "401 ", unconcluded},
		{"the foreign page once too often", (*World).pageRefused403, foreign, "429 ", unconcluded},
		{"the foreign page at a bad time", (*World).pageRefused403, foreign, "503 ", unconcluded},
		{"the foreign page served", (*World).pageRefused403, foreign, emptyOK, inapplicable},
		{"the foreign page unanswered", (*World).pageRefused403, foreign, noAnswer, unconcluded},
		{"no foreign page served", (*World).pageNotServed, foreign, "403 ", met},
		{"no foreign page answered", (*World).pageNotServed, foreign, noAnswer, unconcluded},
		{"a foreign page served", (*World).pageNotServed, foreign, emptyOK, notMet},

		{"a notification refused", (*World).notificationRefused, notification, "400 ", met},
		{"a notification accepted", (*World).notificationRefused, notification, "202 ", inapplicable},
		{"a notification sent elsewhere", (*World).notificationRefused, notification, "304 ", unconcluded},
		{"a notification refused with 200", (*World).notificationRefused, notification, `200 {"jsonrpc":"2.0","error":{"code":-32600,"message":"no"}}`, notMet},
		{"a notification unanswered", (*World).notificationRefused, notification, noAnswer, unconcluded},

		{"no requests on a stream", (*World).noRequestOnStream, wire.Call{}, emptyOK, met},
		{"a request on a stream", (*World).noRequestOnStream, wire.Call{}, "200 data: " + `{"jsonrpc":"2.0","id":1,"method":"roots/list"}` + "\n\ndata: " + emptyOK[4:] + "\n\n", notMet},
		{"no stream", (*World).noRequestOnStream, wire.Call{}, noAnswer, unconcluded},

		{"the revision", (*World).agrees, initialize, resultAnswer(`{"protocolVersion":"2025-11-25"}`), met},
		{"another revision", (*World).agrees, initialize, resultAnswer(`{"protocolVersion":"2025-06-18"}`), notMet},
		{"no revision", (*World).agrees, initialize, emptyOK, caused},
		{"a published revision", (*World).offersPublished, initialize, resultAnswer(`{"protocolVersion":"2025-06-18"}`), met},
		{"a revision nobody published", (*World).offersPublished, initialize, resultAnswer(`{"protocolVersion":"2025-07-01"}`), notMet},
		{"no revision in common", (*World).offersPublished, initialize, errorAnswer(-32602), advised},

		{"an error for what is not there", (*World).notEmpty, wire.Call{}, errorAnswer(-32002), met},
		{"nothing for what is not there", (*World).notEmpty, wire.Call{}, resultAnswer(`{"contents":[]}`), notMet},
		{"no answer for what is not there", (*World).notEmpty, wire.Call{}, noAnswer, unconcluded},

		{"no hints beside a request for input", (*World).interimUnhinted, wire.Call{}, resultAnswer(`{"resultType":"input_required"}`), met},
		{"hints beside a request for input", (*World).interimUnhinted, wire.Call{}, resultAnswer(`{"resultType":"input_required","ttlMs":5}`), notMet},
		{"no request for input", (*World).interimUnhinted, wire.Call{}, resultAnswer(`{"content":[]}`), unconcluded},
		{"no answer to ask for input", (*World).interimUnhinted, wire.Call{}, noAnswer, unconcluded},

		{"a prompt without arguments", given(emptyOK), wire.Call{}, emptyOK, met},
		{"a prompt with empty arguments only", given(emptyOK), wire.Call{}, errorAnswer(-32602), notMet},
		{"a prompt that is not given", given(errorAnswer(-32602)), wire.Call{}, errorAnswer(-32602), inapplicable},

		{"a text read", says, wire.Call{}, resultAnswer(`{"contents":[{"uri":"x:y","text":"tea"}]}`), met},
		{"another text read", says, wire.Call{}, resultAnswer(`{"contents":[{"uri":"x:y","text":"coffee"}]}`), notMet},
		{"no text read", says, wire.Call{}, errorAnswer(-32603), notMet},

		{"a notification acknowledged", bare, notification, "202 ", met},
		{"a notification acknowledged with words", bare, notification, "202 {}", notMet},
		{"a notification acknowledged with 200", bare, notification, "200 ", notMet},
		{"a notification refused", bare, notification, "400 {}", met},
		{"a notification sent elsewhere, not acknowledged", bare, notification, "304 ", caused},
		{"a notification not acknowledged", bare, notification, noAnswer, unconcluded},

		{"an empty result", (*World).resultEmpty, wire.Call{}, resultAnswer(`{"_meta":{}}`), met},
		{"a result that is not empty", (*World).resultEmpty, wire.Call{}, resultAnswer(`{"x":1}`), notMet},

		{"not taken, by an error", (*World).notTaken, wire.Call{}, errorAnswer(-32600), met},
		{"not taken, by a status", (*World).notTaken, wire.Call{}, "400 ", met},
		{"taken", (*World).notTaken, wire.Call{}, emptyOK, notMet},
		{"no answer, nor any after it", (*World).notTaken, wire.Call{}, noAnswer, inapplicable},

		{"an answer before the cut", (*World).resumedByPolling, wire.Call{}, emptyOK, inapplicable},
		{"a stream without an answer", (*World).resumedByPolling, wire.Call{}, "200 data: {}\n\n", inapplicable},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.call.Method == "" {
				c.call.Method = "ping"
			}
			x := answered(t, c.call, c.answer)
			s := &Subject{Config: Config{Revision: spec.R20251125, Endpoint: x.Session.Endpoint}}
			err := c.then(&World{subject: s, session: x.Session, tool: &Tool{Name: "tea"}, x: x, named: map[string]*wire.Exchange{}}, t.Context())
			if got := outcomeOf(err); got != c.want {
				t.Errorf("%s is %s (%v), want %s", c.answer, got, err, c.want)
			}
		})
	}
}

// TestCompared judges an answer by another one.
func TestCompared(t *testing.T) {
	for _, c := range []struct {
		name          string
		then          func(*World, context.Context) error
		proper, other string
		want          string
	}{
		{"fit and unfit", (*World).refusesRequest, emptyOK, errorAnswer(-32020), met},
		{"both served", (*World).refusesRequest, emptyOK, emptyOK, notMet},
		{"both fail alike", (*World).refusesRequest, errorAnswer(-32603), errorAnswer(-32603), unconcluded},
		{"fit fails otherwise", (*World).refusesRequest, errorAnswer(-32603), errorAnswer(-32020), met},
		{"fit is called unfit", (*World).refusesRequest, errorAnswer(-32020), errorAnswer(-32020), caused},
		{"fit has no answer", (*World).refusesRequest, noAnswer, errorAnswer(-32020), caused},
		{"served alike", (*World).answersAlike, emptyOK, emptyOK, met},
		{"served and refused", (*World).answersAlike, emptyOK, errorAnswer(-32020), notMet},
		{"fails alike", (*World).answersAlike, errorAnswer(-32603), errorAnswer(-32603), met},
		{"fails otherwise", (*World).answersAlike, errorAnswer(-32603), errorAnswer(-32020), notMet},
		{"both called unfit", (*World).answersAlike, errorAnswer(-32020), errorAnswer(-32020), caused},
		{"neither answered", (*World).answersAlike, noAnswer, noAnswer, caused},
	} {
		t.Run(c.name, func(t *testing.T) {
			call := wire.Call{Method: "tools/list"}
			x := answered(t, call, c.other)
			w := &World{subject: &Subject{}, x: x, named: map[string]*wire.Exchange{"proper": answered(t, call, c.proper)}}
			err := c.then(w, t.Context())
			if got := outcomeOf(err); got != c.want {
				t.Errorf("%s (%v), want %s", got, err, c.want)
			}
		})
	}
}

// TestPrefixedKey takes and refuses keys by the grammar of _meta.
func TestPrefixedKey(t *testing.T) {
	for key, want := range map[string]bool{
		"com.example/name": true, "com.my-company.api/a_b.c-d": true, "a/": true, "x1/9": true, "Z/Z": true,
		"name": false, "/name": false, "com..example/name": false, "1com/name": false, "com-/name": false, "-com/name": false,
		"com.ex_ample/name": false, "com.example/-name": false, "com.example/name.": false, "com.example/a/b": false, "com.example/a b": false,
	} {
		if got := prefixedKey(key); got != want {
			t.Errorf("prefixedKey(%q) = %t, want %t", key, got, want)
		}
	}
}

// TestAdvisory keeps the words of what it marks.
func TestAdvisory(t *testing.T) {
	if advisory(nil) != nil {
		t.Error("nothing is wrong, and yet advised")
	}
	for _, err := range []error{unmetf("tea", "coffee"), fmt.Errorf("tools/list: %w", unmetf("tea", "coffee")), errors.New("coffee")} {
		a := advisory(err)
		var u *unmet
		if !isAdvisory(a) || !errors.As(a, &u) || u.got != "coffee" {
			t.Errorf("advisory of %v is %v", err, a)
		}
	}
}

// TestSlug makes an id of a name.
func TestSlug(t *testing.T) {
	for name, want := range map[string]string{"The server answers 10 in 9 s": "the-server-answers-10-in-9-s", "a  (b)": "a-b"} {
		if got := slug(name); got != want {
			t.Errorf("slug(%q) = %q, want %q", name, got, want)
		}
	}
}
