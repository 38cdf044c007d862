package arguments

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// formats holds a value of each format that JSON Schema defines.
var formats = map[string]string{
	"date-time": "2025-01-01T00:00:00Z", "date": "2025-01-01", "time": "00:00:00Z", "duration": "P1D",
	"email": "mcpcheck@example.com", "idn-email": "mcpcheck@example.com",
	"hostname": "example.com", "idn-hostname": "example.com", "ipv4": "192.0.2.1", "ipv6": "2001:db8::1",
	"uri": "https://example.com/", "uri-reference": "https://example.com/", "iri": "https://example.com/", "iri-reference": "https://example.com/",
	"uri-template": "https://example.com/{id}", "url": "https://example.com/",
	"uuid": "00000000-0000-4000-8000-000000000000", "json-pointer": "/a", "relative-json-pointer": "0", "regex": "a",
	"byte": "", "binary": "",
}

func text(s map[string]any) (any, error) {
	if _, ok := s["pattern"]; ok {
		return nil, fmt.Errorf("a string has to match the pattern %q, and none is offered", s["pattern"])
	}
	format, _ := s["format"].(string)
	value := formats[format]
	least := int(decimal(s["minLength"], 0))
	if least > maxSteps {
		return nil, errDeep
	}
	if short := least - len(value); short > 0 {
		value += strings.Repeat("a", short)
	}
	return value, nil
}

// number returns the number closest to 0 within the bounds.
func number(s map[string]any) (any, error) {
	low, high := decimal(s["minimum"], math.Inf(-1)), decimal(s["maximum"], math.Inf(1))
	step := decimal(s["multipleOf"], 0)
	if step == 0 && kind(s) == "integer" {
		step = 1
	}
	nudge := step
	if nudge == 0 {
		nudge = 0.5
	}
	// Up to draft-04, the exclusive keywords are booleans beside the bounds.
	if x, ok := s["exclusiveMinimum"].(float64); ok {
		low = max(low, x+nudge)
	} else if s["exclusiveMinimum"] == true {
		low += nudge
	}
	if x, ok := s["exclusiveMaximum"].(float64); ok {
		high = min(high, x-nudge)
	} else if s["exclusiveMaximum"] == true {
		high -= nudge
	}
	value := min(max(0, low), high)
	if step > 0 {
		if value > 0 {
			value = math.Ceil(value/step) * step
		} else {
			value = math.Floor(value/step) * step
		}
	}
	if math.IsInf(value, 0) || math.IsNaN(value) {
		return nil, errNothing
	}
	return value, nil
}

// decimal returns a number of the schema, or another where it has none.
func decimal(v any, otherwise float64) float64 {
	if f, ok := v.(float64); ok {
		return f
	}
	return otherwise
}

func names(v any) []string {
	list, _ := v.([]any)
	var all []string
	for _, item := range list {
		if name, ok := item.(string); ok {
			all = append(all, name)
		}
	}
	return all
}

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
