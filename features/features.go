// Package features is what mcpcheck checks: the catalogue of requirements and
// the scenarios that probe them. It is data and holds no logic.
package features

import "embed"

// Scenarios holds the feature files, one an area.
//
//go:embed *.feature
var Scenarios embed.FS

// Requirements holds the catalogue, one file an area, below requirements/.
//
//go:embed requirements/*.yaml
var Requirements embed.FS
