package steps

import (
	"context"
	"slices"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

func (w *World) listToolsTimes(ctx context.Context, n int) error {
	for range n {
		l, err := walk(ctx, "tools/list", func(params any) *wire.Exchange {
			x := w.do(ctx, wire.Call{Method: "tools/list", Params: params})
			x.WaitEnd(ctx, w.subject.grace()) // so that the connection is free for the next
			return x
		})
		if err != nil {
			return err
		}
		w.listings = append(w.listings, l)
	}
	return nil
}

func (w *World) sameOrder(context.Context) error {
	first := itemNames(w.listings[0].items, "name")
	if len(first) < 2 {
		return notApplicable("the server lists fewer than two tools")
	}
	for n, l := range w.listings[1:] {
		again := itemNames(l.items, "name")
		if !slices.Equal(slices.Sorted(slices.Values(first)), slices.Sorted(slices.Values(again))) {
			return inconclusivef("the list changed meanwhile")
		}
		for i := range again {
			if again[i] != first[i] {
				return unmetf("the order of the first time", "%q instead of %q at index %d, time %d", again[i], first[i], i, n+2)
			}
		}
	}
	return nil
}

// otherCase returns a name with the case of one letter swapped, such that it is
// none of the names listed.
func otherCase(name string, listed []string) (string, bool) {
	for i, c := range name {
		if !letter(c) {
			continue
		}
		swapped := strings.ToUpper(string(c))
		if swapped == string(c) {
			swapped = strings.ToLower(swapped)
		}
		if other := name[:i] + swapped + name[i+1:]; !slices.Contains(listed, other) {
			return other, true
		}
	}
	return "", false
}
