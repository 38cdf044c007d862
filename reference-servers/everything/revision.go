package everything

import "slices"

// The revisions of the protocol. They are dates, so that they compare as
// strings.
const (
	rev2024_11_05 = "2024-11-05"
	rev2025_03_26 = "2025-03-26"
	rev2025_06_18 = "2025-06-18"
	rev2025_11_25 = "2025-11-25"
	rev2026_07_28 = "2026-07-28"
)

// revisions lists what the server implements, newest first.
var revisions = []string{rev2026_07_28, rev2025_11_25, rev2025_06_18, rev2025_03_26, rev2024_11_05}

const newestLegacy = rev2025_11_25

// isLegacy reports whether the revision is one that initialize negotiates.
func isLegacy(revision string) bool {
	return revision != rev2026_07_28 && slices.Contains(revisions, revision)
}

func isModern(revision string) bool { return revision == rev2026_07_28 }

// The transports, as faults see them.
const (
	overStdio = "stdio"
	overHTTP  = "http"
	overSSE   = "sse"
)
