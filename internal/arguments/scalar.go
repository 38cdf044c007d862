package arguments

import (
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

func (g *generator) text(s map[string]any) (any, error) {
	if pattern, ok := s["pattern"].(string); ok {
		return g.matching(pattern)
	}
	format, _ := s["format"].(string)
	value := formats[format]
	least := decimal(s["minLength"], 0)
	if least > maxSteps {
		return nil, errDeep
	}
	if short := int(least) - len(value); short > 0 {
		if err := g.charge(short / 16); err != nil {
			return nil, err
		}
		value += strings.Repeat("a", short)
	}
	return value, nil
}

// number returns the first number that comes to mind and lies within the bounds.
func number(s map[string]any) (any, error) {
	low, high := bounds(s)
	step := decimal(s["multipleOf"], 0)
	if step == 0 && kind(s) == "integer" {
		step = 1
	}
	candidates := []float64{0, low.at, high.at, (low.at + high.at) / 2, low.at + 1, high.at - 1}
	if step > 0 {
		first, last := math.Ceil(low.at/step), math.Floor(high.at/step)
		candidates = []float64{0, first * step, (first + 1) * step, last * step, (last - 1) * step}
	}
	for _, v := range candidates {
		below := v < low.at || v == low.at && low.open
		above := v > high.at || v == high.at && high.open
		if !math.IsInf(v, 0) && !math.IsNaN(v) && !below && !above {
			return v, nil
		}
	}
	return nil, errNothing
}

// A bound is the end of a range; one that is open is no part of it.
type bound struct {
	at   float64
	open bool
}

func bounds(s map[string]any) (low, high bound) {
	// Up to draft-04, the exclusive keywords are booleans beside the bounds.
	low = bound{decimal(s["minimum"], math.Inf(-1)), s["exclusiveMinimum"] == true}
	high = bound{decimal(s["maximum"], math.Inf(1)), s["exclusiveMaximum"] == true}
	if x, ok := s["exclusiveMinimum"].(float64); ok && x >= low.at {
		low = bound{x, true}
	}
	if x, ok := s["exclusiveMaximum"].(float64); ok && x <= high.at {
		high = bound{x, true}
	}
	return low, high
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
