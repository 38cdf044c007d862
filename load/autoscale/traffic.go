package autoscale

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Traffic is a rate over time: straight lines between points.
type Traffic struct {
	Name   string
	Points []TrafficPoint // in the order of time, the first at 0
}

// A TrafficPoint is how many requests a second there are at a moment.
type TrafficPoint struct {
	At   time.Duration
	Rate float64
}

// Shapes lists the built-in traffic, each of which reaches the peak.
var Shapes = slices.Sorted(maps.Keys(shapes))

// Bounds on what may be played: a week, in steps of a second.
const (
	longestTraffic = 7 * 24 * time.Hour
	mostPoints     = 1 << 20
)

// share is a point as a share of the peak.
type share struct {
	at   time.Duration
	rate float64
}

var shapes = map[string]func() []share{
	// from a fifth of the peak to all of it within a second, and back
	"step": func() []share {
		return []share{{0, 0.2}, {5 * time.Minute, 0.2}, {5*time.Minute + time.Second, 1}, {25 * time.Minute, 1}, {25*time.Minute + time.Second, 0.2}, {45 * time.Minute, 0.2}}
	},
	// up within a quarter of an hour, and down again
	"ramp": func() []share {
		return []share{{0, 0.2}, {5 * time.Minute, 0.2}, {20 * time.Minute, 1}, {30 * time.Minute, 1}, {45 * time.Minute, 0.2}, {time.Hour, 0.2}}
	},
	// a day: the least at 4 in the morning, the peak at 4 in the afternoon
	"diurnal": func() (list []share) {
		for m := 0; m <= 24*60; m += 5 {
			at := time.Duration(m) * time.Minute
			list = append(list, share{at, 0.55 - 0.45*math.Cos(2*math.Pi*(at.Hours()-4)/24)})
		}
		return list
	},
	// the peak for a minute in every ten, out of a third of it
	"burst": func() (list []share) {
		list = append(list, share{0, 1. / 3})
		for m := 5; m < 60; m += 10 {
			at := time.Duration(m) * time.Minute
			list = append(list, share{at, 1. / 3}, share{at + time.Second, 1}, share{at + time.Minute, 1}, share{at + time.Minute + time.Second, 1. / 3})
		}
		return append(list, share{time.Hour, 1. / 3})
	},
}

// Shape returns built-in traffic.
func Shape(name string, peak float64) (Traffic, error) {
	shape, ok := shapes[name]
	if !ok {
		return Traffic{}, fmt.Errorf("there is no traffic %q, want one of %s", name, strings.Join(Shapes, ", "))
	}
	t := Traffic{Name: name}
	for _, s := range shape() {
		t.Points = append(t.Points, TrafficPoint{s.at, s.rate * peak})
	}
	return t, nil
}

// ParseTraffic reads lines of a time and a rate, such as "90,250" or "1m30s,250":
// seconds or a duration since the beginning, and requests a second. A first line
// that begins with a letter is a heading.
func ParseTraffic(name string, data []byte) (Traffic, error) {
	t := Traffic{Name: name}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	r.FieldsPerRecord, r.TrimLeadingSpace, r.Comment = -1, true, '#'
	for first := true; ; first = false {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return t, err
		}
		line, _ := r.FieldPos(0)
		if len(record) < 2 {
			return t, fmt.Errorf("line %d has %d fields, want a time and a rate", line, len(record))
		}
		if first && heading(record[0]) {
			continue
		}
		p, err := parsePoint(record[0], record[1])
		if err != nil {
			return t, fmt.Errorf("line %d: %w", line, err)
		}
		if n := len(t.Points); n > 0 && p.At <= t.Points[n-1].At {
			return t, fmt.Errorf("line %d: the time is %s, want more than that of the line before, %s", line, p.At, t.Points[n-1].At)
		}
		if len(t.Points) == mostPoints {
			return t, fmt.Errorf("there are more than %d lines", mostPoints)
		}
		t.Points = append(t.Points, p)
	}
	if len(t.Points) < 2 {
		return t, fmt.Errorf("there are %d points in time, want 2 or more", len(t.Points))
	}
	for i, start := 0, t.Points[0].At; i < len(t.Points); i++ {
		t.Points[i].At -= start
	}
	if d := t.Duration(); d > longestTraffic {
		return t, fmt.Errorf("it lasts %s, want at most %s", d, longestTraffic)
	}
	return t, nil
}

func heading(s string) bool {
	return s != "" && (s[0] >= 'a' && s[0] <= 'z' || s[0] >= 'A' && s[0] <= 'Z') && !strings.EqualFold(s, "inf") && !strings.EqualFold(s, "nan")
}

func parsePoint(at, rate string) (p TrafficPoint, err error) {
	at, rate = strings.TrimSpace(at), strings.TrimSpace(rate)
	if p.At, err = time.ParseDuration(at); err != nil {
		p.At, err = time.ParseDuration(at + "s")
	}
	if err != nil || p.At < 0 {
		return p, fmt.Errorf("the time is %q, want seconds or a duration such as 1m30s", at)
	}
	p.Rate, err = strconv.ParseFloat(strings.TrimSuffix(rate, "/s"), 64)
	if err != nil || !(p.Rate >= 0 && p.Rate <= 1e9) {
		return p, fmt.Errorf("the rate is %q, want requests a second", rate)
	}
	return p, nil
}

// Duration is how long the traffic lasts.
func (t Traffic) Duration() time.Duration {
	if len(t.Points) == 0 {
		return 0
	}
	return t.Points[len(t.Points)-1].At
}

// At is the rate at a moment.
func (t Traffic) At(at time.Duration) float64 {
	i, found := slices.BinarySearchFunc(t.Points, at, func(p TrafficPoint, at time.Duration) int { return cmp.Compare(p.At, at) })
	switch {
	case found:
		return t.Points[i].Rate
	case i == 0:
		return 0
	case i == len(t.Points):
		return t.Points[i-1].Rate
	}
	a, b := t.Points[i-1], t.Points[i]
	return a.Rate + (b.Rate-a.Rate)*float64(at-a.At)/float64(b.At-a.At)
}
