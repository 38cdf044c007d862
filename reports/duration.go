package reports

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration is a time.Duration whose JSON form is a number of seconds.
type Duration time.Duration

// MarshalJSON writes d as an exact number of seconds: 1.5 s is 1.5.
func (d Duration) MarshalJSON() ([]byte, error) {
	n := uint64(d)
	var b []byte
	if d < 0 {
		n, b = -n, append(b, '-')
	}
	b = strconv.AppendUint(b, n/uint64(time.Second), 10)
	if rest := n % uint64(time.Second); rest != 0 {
		b = append(b, strings.TrimRight(fmt.Sprintf(".%09d", rest), "0")...)
	}
	return b, nil
}

// UnmarshalJSON reads a number of seconds.
func (d *Duration) UnmarshalJSON(b []byte) error {
	var n json.Number
	if len(b) > 0 && b[0] == '"' || json.Unmarshal(b, &n) != nil {
		return fmt.Errorf("duration is %s, want a number of seconds", shorten(string(b), 40))
	}
	if n == "" { // null, which by convention changes nothing
		return nil
	}
	if x, err := time.ParseDuration(string(n) + "s"); err == nil {
		*d = Duration(x)
		return nil
	}
	seconds, err := n.Float64() // the forms with an exponent
	if ns := math.Round(seconds * 1e9); err == nil && math.Abs(ns) < math.MaxInt64 {
		*d = Duration(ns)
		return nil
	}
	return fmt.Errorf("duration is %s, want at most %.0f seconds", shorten(string(n), 40), time.Duration(math.MaxInt64).Seconds())
}

// String gives d in seconds, to three digits.
func (d Duration) String() string {
	return strconv.FormatFloat(time.Duration(d).Seconds(), 'f', 3, 64) + " s"
}
