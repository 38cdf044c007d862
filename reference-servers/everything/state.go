package everything

import (
	"crypto/hmac"
	"encoding/base64"
	"strings"
	"time"
)

// stateLife is how long a client may take to come back with a request state.
const stateLife = 10 * time.Minute

// seal writes a state that comes back with the retry of this request, and with
// no other. It says what it is bound to, and is signed.
func (c *call) seal(state object) string {
	plain := base64.RawURLEncoding.EncodeToString(encode(object{
		"state": state, "bound": c.identity(), "expires": time.Now().Add(stateLife).Unix()}))
	return plain + "." + c.srv.sign(plain)
}

// identity tells a request from others: what a retry has to repeat.
func (c *call) identity() string {
	return c.method + string(encode(list{c.params["name"], c.params["uri"], c.params["arguments"]}))
}

// readState checks the state that comes with the request, if any, and puts what
// it holds into the params of the call.
func (c *call) readState() *rpcError {
	value, present := c.params["requestState"]
	if !present || !c.modern() {
		return nil
	}
	sealed, ok := value.(string)
	if !ok {
		return invalidParams("requestState is not a string")
	}
	plain, mac, _ := strings.Cut(sealed, ".")
	if !hmac.Equal([]byte(mac), []byte(c.srv.sign(plain))) && !c.srv.broken("mrtr.request-state.reject-tampered") {
		return invalidParams("requestState was not issued by this server")
	}
	raw, err := base64.RawURLEncoding.DecodeString(plain)
	var held struct {
		State   object `json:"state"`
		Bound   string `json:"bound"`
		Expires int64  `json:"expires"`
	}
	if err != nil || decode(raw, &held) != nil {
		return invalidParams("requestState cannot be read")
	}
	if held.Bound != c.identity() && !c.srv.broken("mrtr.request-state.bind-request") {
		return invalidParams("requestState belongs to another request")
	}
	if time.Now().Unix() > held.Expires {
		return invalidParams("requestState has expired")
	}
	c.state = held.State
	return nil
}
