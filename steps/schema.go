package steps

import (
	"encoding/json"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

// conformsTo validates a part of a message against the schema of a revision.
func conformsTo(r spec.Revision, definition string, doc json.RawMessage) error {
	schema, err := spec.MessageSchema(r, definition)
	if err != nil {
		return inconclusive{err}
	}
	if broken := schema.Validate(doc); len(broken) > 0 {
		return unmetf("a "+definition+" of revision "+string(r), "%s: %s", broken[0].Path, broken[0].Text)
	}
	return nil
}
