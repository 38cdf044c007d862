package ceiling

import (
	"regexp"

	"github.com/mcpcheck/mcpcheck/reports"
)

const (
	// connections is how many a session takes: one for requests, one for the stream.
	connections = 2
	// reserved are file descriptors for everything else.
	reserved = 64
	// leastFollowed is how many sessions show which metric follows them: a gauge
	// that grows by few may have done so by chance.
	leastFollowed = 4
	// leastLevels and goodLine say when the memory of a session is told.
	leastLevels = 4
	goodLine    = 0.9
)

// ofRuntime matches gauges that grow with everything.
var ofRuntime = regexp.MustCompile(`^(go|process|nodejs|jvm|python|dotnet|promhttp)_`)

// perSession is the slope of memory over sessions, and how much of a line it is;
// 0 if it is none.
func perSession(levels []reports.CeilingLevel) (slope, r2 float64) {
	var n, x, y, xx, xy, yy float64
	for _, l := range levels {
		if l.Memory > 0 {
			a, b := float64(l.Sessions), l.Memory
			n, x, y, xx, xy, yy = n+1, x+a, y+b, xx+a*a, xy+a*b, yy+b*b
		}
	}
	dx, dy := n*xx-x*x, n*yy-y*y
	if n < leastLevels || dx <= 0 || dy <= 0 {
		return 0, 0
	}
	slope, r2 = (n*xy-x*y)/dx, (n*xy-x*y)*(n*xy-x*y)/dx/dy
	if slope <= 0 || r2 < goodLine {
		return 0, 0
	}
	return slope, r2
}
