package steps

import (
	"encoding/json"
	"slices"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

var resultWords = []step{}

var resultInvariants = []invariant{
	{"result.result-type.complete-for-final", eachResult("", interimOrFinal)},
	{"result.result-type.present", eachResult("", resultTyped)},
	{"result.result-type.value-set", eachResult("", resultTypeKnown)},
}

// resultType returns the type of a result; false if it is none that can be read.
func resultType(result json.RawMessage) (members map[string]json.RawMessage, name string, ok bool) {
	r, err := object(result)
	if err != nil || !isString(r["resultType"]) {
		return nil, "", false
	}
	ok = json.Unmarshal(r["resultType"], &name) == nil
	return r, name, ok
}

func resultTyped(_ *Conversation, x *wire.Exchange, result json.RawMessage) (bool, error) {
	r, err := object(result)
	if err != nil {
		return false, nil //nolint:nilerr // judged by jsonrpc.result.object
	}
	if !isString(r["resultType"]) {
		return true, unmetf("resultType, a string, in the result of "+x.Call.Method, "%s", absent(r["resultType"]))
	}
	return true, nil
}

// resultTypeKnown takes other values in answer to a client that declared an
// extension, as the extension may have added them.
func resultTypeKnown(_ *Conversation, x *wire.Exchange, result json.RawMessage) (bool, error) {
	_, name, ok := resultType(result)
	if !ok || offersExtensions(x) {
		return false, nil // judged by result.result-type.present
	}
	if name != "complete" && name != "input_required" {
		return true, unmetf(`resultType "complete" or "input_required"`, "%q in the result of %s", name, x.Call.Method)
	}
	return true, nil
}

// The methods that may ask for input before they have their result.
var interimMethods = []string{"prompts/get", "resources/read", "tools/call"}

func interimOrFinal(_ *Conversation, x *wire.Exchange, result json.RawMessage) (bool, error) {
	r, name, ok := resultType(result)
	switch {
	case !ok || x.Call.Method == "server/discover":
		return false, nil // judged by discover.result-type-complete
	case !slices.Contains(interimMethods, x.Call.Method):
		if name == "input_required" {
			return true, unmetf(`resultType "complete" in the result of `+x.Call.Method, "%q", name)
		}
		return true, nil
	}
	for _, member := range []string{"inputRequests", "requestState"} {
		if r[member] != nil && name == "complete" {
			return true, unmetf(`resultType "input_required" in a result with `+member, "%q", name)
		}
	}
	return true, nil
}
