// Package load finds out how many requests a second an MCP server answers, and
// how fast.
//
// vegeta paces, attacks, measures and encodes. What it cannot know of MCP is
// added here: which answer belongs to which request, on an event stream or on
// the pipes of a launched server, and whether that answer is a success. An error
// of JSON-RPC in an HTTP response with status 200 is a failure, and so is a tool
// result with isError.
//
// The loop is open: requests are sent when they are due, whether or not earlier
// ones were answered, and latency counts from the moment when a request was due.
// A server that stalls for a second is charged for every request of that second.
// The number of requests in progress is bounded all the same; what had to wait
// for that bound is late, and counts as such.
//
// The package judges no conformance and decides nothing about what is safe to
// call: a Mix says what is called.
package load
