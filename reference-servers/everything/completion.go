package everything

import (
	"fmt"
	"slices"
	"strings"
)

// mostValues is how many values a completion may return.
const mostValues = 100

func complete(c *call) (object, *rpcError) {
	ref, ok := c.params["ref"].(object)
	if !ok {
		return nil, invalidParams("ref is missing or not an object")
	}
	arg, ok := c.params["argument"].(object)
	if !ok {
		return nil, invalidParams("argument is missing or not an object")
	}
	name, ok1 := arg["name"].(string)
	value, ok2 := arg["value"].(string)
	if !ok1 || !ok2 {
		return nil, invalidParams("argument has no name or no value, or one that is not a string")
	}
	if context, present := c.params["context"]; present {
		if o, ok := context.(object); !ok || !stringValues(o["arguments"]) {
			return nil, invalidParams("context.arguments is not an object of strings")
		}
	}
	candidates, err := c.srv.candidates(ref, name)
	if err != nil {
		return nil, err
	}
	matching := list{}
	for _, v := range candidates {
		if strings.HasPrefix(v, value) {
			matching = append(matching, v)
		}
	}
	shown := matching[:min(len(matching), mostValues)]
	return object{"completion": object{"values": shown, "total": len(matching), "hasMore": len(shown) < len(matching)}}, nil
}

func stringValues(v any) bool {
	if v == nil {
		return true
	}
	o, ok := v.(object)
	for _, v := range o {
		ok = ok && isString(v)
	}
	return ok
}

// candidates returns all values of an argument of a prompt or of a variable of
// a template.
func (s *Server) candidates(ref object, argument string) ([]string, *rpcError) {
	switch ref["type"] {
	case "ref/prompt":
		name, _ := ref["name"].(string)
		p, found := s.prompt(name)
		if !found {
			return nil, invalidParams("unknown prompt: " + name)
		}
		if !slices.ContainsFunc(p.arguments, func(a promptArgument) bool { return a.name == argument }) {
			return nil, invalidParams("unknown argument: " + argument)
		}
		if p.name == "test_failing_prompt" {
			return nil, fail(codeInternal, "internal error: the argument cannot be completed")
		}
		return promptValues(argument), nil
	case "ref/resource":
		uri, _ := ref["uri"].(string)
		for _, t := range templates() {
			if t.uri == uri {
				return []string{"1", "12", "123", "alpha", "beta"}, nil
			}
		}
		if _, found := s.resource(uri); found {
			return nil, nil
		}
		return nil, invalidParams("unknown resource: " + uri)
	}
	return nil, invalidParams("ref.type is neither ref/prompt nor ref/resource")
}

func promptValues(argument string) []string {
	switch argument {
	case "arg1":
		return []string{"paris", "park", "party", "test", "testing"}
	case "arg2":
		var many []string
		for i := range mostValues + 50 {
			many = append(many, fmt.Sprintf("value-%03d", i))
		}
		return many
	}
	return nil
}
