package reports

import (
	"fmt"
	"time"
)

// A Load is the outcome of a load test. Times are in milliseconds, rates in
// requests a second.
type Load struct {
	Plan     LoadPlan `json:"plan"`
	Duration Duration `json:"duration"` // from the first request to the last answer, in seconds

	Planned  uint64 `json:"planned,omitempty"` // requests; absent in a closed loop
	Requests uint64 `json:"requests"`          // sent, and answered or given up
	// Rate is that of sending, Throughput that of answers which are a success.
	Rate       float64 `json:"rate"`
	Throughput float64 `json:"throughput"`
	// ErrorShare is the share of requests that did not succeed, from 0 to 1.
	ErrorShare float64 `json:"errorShare"`

	// Latency counts from the moment when a request was due, Service from when it
	// was sent. In a closed loop the two are the same.
	Latency    Percentiles  `json:"latency"`
	Service    Percentiles  `json:"service"`
	FirstEvent *Percentiles `json:"firstEvent,omitempty"` // of answers that come as event streams
	// Slip is how much later than due requests were sent.
	Slip Percentiles `json:"slip"`

	// Distribution is all of Latency and Service, finer towards the slowest, and
	// Timeline how they and the outcomes went while time passed.
	Distribution []QuantilePoint `json:"distribution,omitempty"`
	Timeline     *Timeline       `json:"timeline,omitempty"`

	Outcomes   []LoadOutcome   `json:"outcomes"`
	Operations []LoadOperation `json:"operations"`
	Objectives []Objective     `json:"slo,omitempty"`
	Inspection *Inspection     `json:"inspection,omitempty"`
	Parts      []LoadPart      `json:"parts,omitempty"`
	Comparison *Comparison     `json:"comparison,omitempty"` // if one was asked for

	// GeneratorBound says that it was mcpcheck that could not keep up: the figures
	// say nothing about the server then. WorkersBound says that as many requests
	// were in progress as there may be.
	GeneratorBound bool     `json:"generatorBound"`
	WorkersBound   bool     `json:"workersBound"`
	Leaked         uint64   `json:"leaked"`               // answers that belong to another session
	RetryAfter     []string `json:"retryAfter,omitempty"` // what came with status 429, a few
	Notes          []string `json:"notes,omitempty"`
	Interrupted    bool     `json:"interrupted,omitempty"`
}

// A LoadPlan is what was asked for, so that a report explains itself.
type LoadPlan struct {
	Loop        string        `json:"loop"` // "open" or "closed"
	Rate        float64       `json:"rate,omitempty"`
	RampTo      float64       `json:"rampTo,omitempty"`
	Concurrency int           `json:"concurrency,omitempty"`
	Duration    Duration      `json:"duration"` // seconds
	Timeout     Duration      `json:"timeout"`  // seconds
	Sessions    int           `json:"sessions"`
	Fresh       bool          `json:"freshSessions,omitempty"`
	Workers     int           `json:"workers"`
	Mix         []LoadMixPart `json:"mix"`
}

// A LoadMixPart is an operation and its share of all requests, from 0 to 1.
type LoadMixPart struct {
	Operation string  `json:"operation"`
	Share     float64 `json:"share"`
}

// Percentiles sum up a distribution of times, in milliseconds.
type Percentiles struct {
	Mean float64 `json:"mean"`
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P95  float64 `json:"p95"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p99.9"`
	Max  float64 `json:"max"`
}

// A QuantilePoint says which times a share of the requests, from 0 to 1, did not
// exceed, in milliseconds.
type QuantilePoint struct {
	Share   float64 `json:"share"`
	Latency float64 `json:"latency"`
	Service float64 `json:"service"`
}

// A Timeline cuts a load test into parts of equal length, a few hundred at the
// most.
type Timeline struct {
	Width   Duration     `json:"width"` // seconds
	Moments []LoadMoment `json:"moments"`
}

// A LoadMoment is one part of a Timeline. Latency and Outcomes are of the requests
// that were due in it, whenever they were sent.
type LoadMoment struct {
	Planned  uint64            `json:"planned,omitempty"` // requests; absent in a closed loop
	Sent     uint64            `json:"sent"`
	Latency  *Percentiles      `json:"latency,omitempty"` // absent if none was due
	Outcomes map[string]uint64 `json:"outcomes,omitempty"`
}

// Milliseconds is a time as reports write it.
func Milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// A LoadOutcome is how some of the requests ended.
type LoadOutcome struct {
	Outcome string  `json:"outcome"` // "ok", "JSON-RPC error -32602", "HTTP status 503", ...
	Count   uint64  `json:"count"`
	Share   float64 `json:"share"`
}

// A LoadOperation sums up the requests of one kind.
type LoadOperation struct {
	Operation string        `json:"operation"`
	Requests  uint64        `json:"requests"`
	Latency   Percentiles   `json:"latency"`
	Outcomes  []LoadOutcome `json:"outcomes"`
}

// An Inspection is what a closer look found at some of the answers that count as
// successes. It changes no other figure, since the others were not looked at so.
type Inspection struct {
	Answers uint64   `json:"answers"` // that were looked at
	Broken  uint64   `json:"broken"`  // of them, no JSON throughout or not as the revision's schema wants
	Faults  []string `json:"faults,omitempty"`
}

// words tell what was found, if anything was.
func (x *Inspection) words() []string {
	if x == nil || x.Broken == 0 {
		return nil
	}
	list := []string{fmt.Sprintf("%d of the %d answers that were looked at closely are not as the specification wants, though they count as successes", x.Broken, x.Answers)}
	for _, fault := range x.Faults {
		list = append(list, line(fault, maxField))
	}
	return list
}

// An Objective is a bound that the user set, and whether it held.
type Objective struct {
	Objective string `json:"objective"` // as written, such as "p99<200ms"
	Actual    string `json:"actual"`
	Met       bool   `json:"met"`
}
