package everything

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Fault is a requirement that the server can break.
type Fault struct {
	ID   string
	Does string // how it is broken, in a few words
}

// fault is an entry of a table. Without a rewrite, the server asks broken with
// the id of the entry.
type fault struct {
	does    string
	rewrite rewrite
}

type faultTable = map[string]fault

// rewrite changes an outgoing message.
type rewrite func(o *outgoing)

// outgoing is a message just before it is encoded: plain JSON that belongs to
// the rewrite alone.
type outgoing struct {
	origin
	msg object // nil: nothing is sent
}

// origin is what a message belongs to.
type origin struct {
	method    string // that of the request which it answers, or its own
	params    object // of the request that it belongs to
	revision  string
	transport string
}

// faultTables lists the tables of all areas.
func faultTables() []faultTable {
	return []faultTable{
		archFaults, cachingFaults, compatFaults, contentFaults, discoverFaults, errorsFaults, featuresFaults,
		headersFaults, httpFaults, jsonrpcFaults, lifecycleFaults, metaFaults, opsFaults, paginationFaults,
		pingFaults, promptsFaults, resourcesFaults, resultFaults, resumeFaults, sessionFaults, sseFaults,
		statelessFaults, stdioFaults, subsFaults, toolsFaults, versionFaults,
	}
}

func allFaults() faultTable {
	all := faultTable{}
	for _, table := range faultTables() {
		maps.Copy(all, table)
	}
	return all
}

// Faults lists what [Options.Fault] can name, by id.
func Faults() []Fault {
	var faults []Fault
	for id, f := range allFaults() {
		faults = append(faults, Fault{ID: id, Does: f.does})
	}
	slices.SortFunc(faults, func(a, b Fault) int { return strings.Compare(a.ID, b.ID) })
	return faults
}

func findFault(id string) (fault, error) {
	all := allFaults()
	if f, ok := all[id]; ok {
		return f, nil
	}
	ids := slices.Sorted(maps.Keys(all))
	slices.SortStableFunc(ids, func(a, b string) int { return distance(id, a) - distance(id, b) })
	return fault{}, fmt.Errorf("unknown fault %q; close to it: %s", id, strings.Join(ids[:min(3, len(ids))], ", "))
}

// distance counts the edits between two ids.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

// seal encodes a message, after the fault, if any, has changed it. It returns
// nil for one that is not sent.
func (s *Server) seal(msg object, from origin) []byte {
	if s.rewrite == nil {
		return encode(msg)
	}
	o := &outgoing{origin: from, msg: plain(msg)}
	s.rewrite(o)
	if o.msg == nil {
		return nil
	}
	return encode(o.msg)
}

// plain copies a message into plain JSON.
func plain(msg object) object {
	var o object
	if decode(encode(msg), &o) != nil {
		return msg
	}
	return o
}

// result returns the result that the message carries, or nil.
func (o *outgoing) result() object {
	r, _ := o.msg["result"].(object)
	return r
}

// to returns the result when the message answers one of the methods, else nil.
// A nil object can be read and deleted from, not written to.
func (o *outgoing) to(methods ...string) object {
	if slices.Contains(methods, o.method) {
		return o.result()
	}
	return nil
}

// failure returns the error that the message carries, or nil.
func (o *outgoing) failure() object {
	e, _ := o.msg["error"].(object)
	return e
}

// notice returns the params when the message is that notification or request,
// else nil.
func (o *outgoing) notice(method string) object {
	if o.msg["method"] != method {
		return nil
	}
	p, _ := o.msg["params"].(object)
	return p
}

// each calls change for every object in an array.
func each(v any, change func(object)) {
	items, _ := v.(list)
	for _, item := range items {
		if o, ok := item.(object); ok {
			change(o)
		}
	}
}

// first calls change for the first object in an array.
func first(v any, change func(object)) {
	if items, _ := v.(list); len(items) > 0 {
		each(items[:1], change)
	}
}

// with calls change for v if that is an object.
func with(v any, change func(object)) {
	if o, ok := v.(object); ok {
		change(o)
	}
}

func indent(data []byte) []byte {
	var b bytes.Buffer
	json.Indent(&b, data, "", "  ")
	b.WriteByte('\n')
	return b.Bytes()
}

func itoa(n int) string { return strconv.Itoa(n) }
