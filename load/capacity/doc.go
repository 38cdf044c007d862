// Package capacity finds the highest rate that one replica of an MCP server
// holds within its objectives.
//
// The search goes upwards: a few closed loops show roughly what the server can
// do; from an eighth of that the rate doubles until a step does not hold, and
// bisection narrows the limit down. The rate that is found has to hold again,
// each time it is repeated. A step holds if its objectives do, in the whole and
// in each part that is long enough to tell, and if no queue grows: a queue that
// grows breaks any objective in the end, however short the step.
//
// Knee, saturation and capacity are three rates. From the knee on latency grows
// faster than load; the capacity is the last rate within the objectives; more
// than the saturation does not come through at any load.
//
// The fit of the Universal Scalability Law is our own least squares on the
// linearised form, three equations, and needs no library.
package capacity
