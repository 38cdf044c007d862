// Package everything is the reference server: it offers every feature of the
// Model Context Protocol in each of its five revisions, over stdio, Streamable
// HTTP and HTTP+SSE, and conforms. With [Options.Fault] it breaks one
// requirement, the one that the fault is named after, so that a check can be
// shown to fail when it should.
//
// It is not an SDK and uses none: what a check reads has to be written here in
// the open, and a fault of a library would be a fault of the measure. It
// imports the standard library only.
//
// # Faults
//
// A fault is named by the id of the requirement that it breaks, and lives in
// the table of its area (faults_tools.go, faults_http.go, ...). There are two
// ways to write one:
//
//   - What shows in a message is a rewrite: a function that changes an outgoing
//     message just before it is encoded. It sees the message as plain JSON and
//     knows which request it answers, in which revision, over which transport.
//   - What does not show in a message (a status, a header, framing, timing) is
//     an entry without a rewrite, and a call of [Server.broken] with the same id
//     at the line where the conforming behaviour is decided.
//
// A fault has to be visible under ordinary traffic or under the probe of its
// requirement, and must break nothing else that is checked apart. A new area
// needs a new table, named in faultTables.
package everything
