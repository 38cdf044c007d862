package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

var paginationWords = []step{
	{given, "a second page of {items}", do1(items, (*World).secondPage)},
	{when, "the client follows the cursors of {items}", do1(items, (*World).followCursors)},
	{when, "the client requests the first and the second page of {items}", do1(items, (*World).requestSecond)},
	{when, "the client requests the second page of {items} twice", do1(items, (*World).requestSecondTwice)},
	{when, "the client requests {items} with bad cursors between two good requests", do1(items, (*World).requestAmidBad)},
	{then, "no item is on two pages of {items}", do1(items, (*World).noItemTwice)},
	{then, "the pages of {items} come to an end", do1(items, (*World).pagesEnd)},
	{then, "both times the same {items} came", do1(items, (*World).sameBothTimes)},
	{then, "the good requests bring the same {items}", do1(items, (*World).undisturbed)},
}

var paginationInvariants = []invariant{
	{"pagination.next-cursor.string", eachResult("", nextCursorTyped)},
}

// itemKey is the member that tells the items of a list apart.
var itemKey = map[string]string{
	"tools/list": "name", "resources/list": "uri", "resources/templates/list": "uriTemplate", "prompts/list": "name",
}

func nextCursorTyped(_ *Conversation, x *wire.Exchange, result json.RawMessage) (bool, error) {
	if listMember[x.Call.Method] == "" {
		return false, nil
	}
	r, err := object(result)
	raw, present := r["nextCursor"]
	if err != nil || !present {
		return false, nil
	}
	var s *string
	if json.Unmarshal(raw, &s) != nil || s == nil {
		return true, unmetf("a string nextCursor, or none", "nextCursor %s", brief(string(raw)))
	}
	return true, nil
}

// secondPage joins the shared session, in which the cursors were issued.
func (w *World) secondPage(_ context.Context, what string) error {
	l, err := w.subject.list(listOf[what])
	if err != nil {
		return err
	}
	if len(l.pages) < 2 {
		return notApplicable("the server lists its %s on one page", what)
	}
	w.session, err = w.subject.session()
	return err
}

// page requests one page, the first with cursor nil.
func (w *World) page(ctx context.Context, method string, cursor any) *wire.Exchange {
	params := map[string]any{}
	if cursor != nil {
		params["cursor"] = cursor
	}
	return w.do(ctx, wire.Call{Method: method, Params: params})
}

// followCursors walks the list once, whichever scenario asks. It goes no further
// where a cursor is rejected, which pagination.cursor.accepted judges.
func (w *World) followCursors(_ context.Context, what string) error {
	l, err := w.subject.list(listOf[what])
	if err != nil {
		return inconclusive{err}
	}
	w.xs = l.pages
	w.x = l.pages[len(l.pages)-1]
	w.exchanges = append(w.exchanges, l.pages[:min(len(l.pages), 5)]...)
	if _, err := resultOf(w.x); err != nil {
		return rejectedCursor(listOf[what], err)
	}
	return nil
}

// requestSecond asks anew for the first page: a cursor may be short-lived.
func (w *World) requestSecond(ctx context.Context, what string) error {
	w.xs = append(w.xs, w.page(ctx, listOf[what], nil))
	result, err := resultOf(w.x)
	if err != nil {
		return inconclusivef("the first page: %w", err)
	}
	cursor, more := nextCursor(result)
	if !more {
		return inconclusivef("the list of %s shrank to one page meanwhile", what)
	}
	w.xs = append(w.xs, w.page(ctx, listOf[what], cursor))
	return nil
}

func (w *World) requestSecondTwice(ctx context.Context, what string) error {
	if err := w.requestSecond(ctx, what); err != nil {
		return err
	}
	if _, err := resultOf(w.x); err != nil {
		return rejectedCursor(listOf[what], err)
	}
	result, err := resultOf(w.xs[0])
	if err != nil {
		return inconclusive{err}
	}
	cursor, _ := nextCursor(result)
	w.xs = append(w.xs, w.page(ctx, listOf[what], cursor))
	return nil
}

// rejectedCursor is what keeps a list from being read to its end. It is judged
// by pagination.cursor.accepted.
func rejectedCursor(method string, err error) error {
	return rootCause{fmt.Errorf("%s with the server's own cursor: %w", method, err)}
}

func (w *World) pagesEnd(_ context.Context, what string) error {
	l, err := w.subject.list(listOf[what])
	if err != nil {
		return inconclusive{err}
	}
	if l.endless != "" {
		return unmetf("a page without nextCursor in the end", "%s", l.endless)
	}
	return nil
}

// noItemTwice asks again for the first page before it blames the server: items
// move between the pages of a list that changes.
func (w *World) noItemTwice(ctx context.Context, what string) error {
	method := listOf[what]
	l, err := w.subject.list(method)
	if err != nil {
		return inconclusive{err}
	}
	if l.endless != "" {
		return rootCause{fmt.Errorf("the pages of %s do not end: %s", what, l.endless)}
	}
	page, twice := onTwoPages(l.items, itemKey[method])
	if page == nil {
		return nil
	}
	again := w.page(ctx, method, nil)
	w.x = page
	if !slices.Equal(pageKeys(again, method), pageKeys(l.pages[0], method)) {
		return inconclusivef("the list of %s changed meanwhile", what)
	}
	return unmetf("each item on one page", "%s %q on two", itemKey[method], brief(twice))
}

// onTwoPages returns an item that two pages have, and the later page.
func onTwoPages(items []Item, key string) (*wire.Exchange, string) {
	on := map[string]*wire.Exchange{}
	for _, item := range items {
		label := item.text(key)
		if page := on[label]; label != "" && page != nil && page != item.Page {
			return item.Page, label
		}
		on[label] = item.Page
	}
	return nil, ""
}

// sameBothTimes compares what tells the items apart, and takes a first page that
// differs meanwhile for a list that changed.
func (w *World) sameBothTimes(ctx context.Context, what string) error {
	if _, err := w.result(); err != nil {
		return err
	}
	method := listOf[what]
	once, again := pageKeys(w.xs[1], method), pageKeys(w.xs[2], method)
	if slices.Equal(once, again) {
		return nil
	}
	second := w.x
	first := w.page(ctx, method, nil)
	w.x = second
	if !slices.Equal(pageKeys(first, method), pageKeys(w.xs[0], method)) {
		return inconclusivef("the list of %s changed meanwhile", what)
	}
	return unmetf("the same page for the same cursor", "first %s, then %s", brief(fmt.Sprint(once)), brief(fmt.Sprint(again)))
}

// pageKeys is what tells the items of a page apart. In which order they come is
// another requirement.
func pageKeys(x *wire.Exchange, method string) []string {
	result, err := resultOf(x)
	if err != nil {
		return nil
	}
	return slices.Sorted(slices.Values(itemNames(itemsOf(x, result, listMember[method]), itemKey[method])))
}

// requestAmidBad sends one cursor that nobody issued and one that is no string.
func (w *World) requestAmidBad(ctx context.Context, what string) error {
	method := listOf[what]
	w.xs = append(w.xs, w.page(ctx, method, nil))
	for _, bad := range []any{badCursor, 42} {
		w.session.Finish(ctx, w.start(ctx, wire.Call{Method: method, Params: map[string]any{"cursor": bad}}))
	}
	w.xs = append(w.xs, w.page(ctx, method, nil))
	return nil
}

const badCursor = "!!mcpcheck!!"

// undisturbed takes a list that another session sees changed for one that did
// change.
func (w *World) undisturbed(ctx context.Context, what string) error {
	method := listOf[what]
	if _, err := resultOf(w.xs[0]); err != nil {
		return inconclusivef("the list was not answered before: %w", err)
	}
	if _, err := resultOf(w.xs[1]); err != nil {
		w.spoilt = true
		return err
	}
	before := pageKeys(w.xs[0], method)
	if slices.Equal(before, pageKeys(w.xs[1], method)) {
		return nil
	}
	w.spoilt = true
	shared, err := w.subject.session()
	if err != nil {
		return inconclusive{err}
	}
	if other := shared.Request(ctx, method, struct{}{}); !slices.Equal(before, pageKeys(other, method)) {
		return inconclusivef("the list of %s changed meanwhile", what)
	}
	return unmetf("the same "+what+" as before", "%s", brief(fmt.Sprint(pageKeys(w.xs[1], method))))
}
