package load

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"

	"go.yaml.in/yaml/v3"
)

// An Operation is one kind of request.
type Operation struct {
	Name   string // for the report, such as "tools/call search"
	Method string
	Params any     // marshals to an object; nil for none
	Weight float64 // its share of all requests, against the other weights
}

// Canary stands, in the arguments of an operation, for a text that is new in
// each request and has to come back in its answer. What comes back in the
// answer to somebody else has leaked from one session to another.
const Canary = "$CANARY"

// A Mix is what a load consists of.
type Mix []Operation

// entry is an operation as a mix file writes it: exactly one of tool, resource,
// prompt and method.
type entry struct {
	Tool     string         `yaml:"tool"`
	Resource string         `yaml:"resource"`
	Prompt   string         `yaml:"prompt"`
	Method   string         `yaml:"method"`
	Args     map[string]any `yaml:"args"`
	Weight   *float64       `yaml:"weight"`
}

// ParseMix reads a mix in YAML or JSON: a list of entries, each with a tool, a
// resource (a URI), a prompt or a method (tools/list, ping, server/discover and
// other methods that take no params), its args, and a weight, 1 unless given.
func ParseMix(data []byte) (Mix, error) {
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	var list []entry
	if err := d.Decode(&list); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("the mix is empty")
		}
		return nil, fmt.Errorf("the mix is no list of operations: %w", err)
	}
	var mix Mix
	for i, e := range list {
		o, err := e.operation()
		if err != nil {
			return nil, fmt.Errorf("entry %d of the mix: %w", i+1, err)
		}
		mix = append(mix, o)
	}
	return mix, mix.validate()
}

func (e entry) operation() (Operation, error) {
	o := Operation{Weight: 1}
	if e.Weight != nil {
		o.Weight = *e.Weight
	}
	if o.Weight < 0 || math.IsInf(o.Weight, 0) || math.IsNaN(o.Weight) {
		return o, fmt.Errorf("the weight is %g, want 0 or more", o.Weight)
	}
	kinds := 0
	args := e.Args
	if args == nil {
		args = map[string]any{}
	}
	if e.Tool != "" {
		kinds++
		o.Name, o.Method, o.Params = "tools/call "+e.Tool, "tools/call", map[string]any{"name": e.Tool, "arguments": args}
	}
	if e.Prompt != "" {
		kinds++
		o.Name, o.Method, o.Params = "prompts/get "+e.Prompt, "prompts/get", map[string]any{"name": e.Prompt, "arguments": args}
	}
	if e.Resource != "" {
		kinds++
		o.Name, o.Method, o.Params = "resources/read "+e.Resource, "resources/read", map[string]any{"uri": e.Resource}
	}
	if e.Method != "" {
		kinds++
		o.Name, o.Method = e.Method, e.Method
	}
	switch {
	case kinds != 1:
		return o, errors.New("want exactly one of tool, resource, prompt and method")
	case e.Args != nil && e.Tool == "" && e.Prompt == "":
		return o, errors.New("only a tool and a prompt take args")
	}
	if _, err := json.Marshal(o.Params); err != nil {
		return o, fmt.Errorf("args: %w", err)
	}
	return o, nil
}

func (m Mix) validate() error {
	total := 0.0
	for _, o := range m {
		total += o.Weight
	}
	switch {
	case len(m) == 0:
		return errors.New("the mix is empty")
	case total <= 0 || math.IsInf(total, 0):
		return errors.New("the weights of the mix add up to nothing")
	}
	return nil
}

// picker spreads the operations evenly: in any stretch of the attack each has
// about the share that its weight gives it.
type picker []float64 // the weights, summed up, as shares of 1

func (m Mix) picker() picker {
	total := 0.0
	for _, o := range m {
		total += o.Weight
	}
	shares, sum := make(picker, len(m)), 0.0
	for i, o := range m {
		sum += o.Weight
		shares[i] = sum / total
	}
	return shares
}

// pick returns the operation of request n. Multiples of the golden ratio, less
// their whole part, fill the unit interval as evenly as can be.
func (p picker) pick(n uint64) int {
	_, point := math.Modf(float64(n%(1<<40)) * (math.Sqrt(5) - 1) / 2)
	for i, upTo := range p {
		if point < upTo {
			return i
		}
	}
	return len(p) - 1
}
