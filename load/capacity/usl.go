package capacity

import (
	"math"

	"github.com/mcpcheck/mcpcheck/reports"
)

// goodFit is the R² below which a fit is called poor.
const goodFit = 0.9

// A level is the throughput with so many requests in progress.
type level struct{ n, x float64 }

// fit finds the Universal Scalability Law X(N) = λN / (1 + σ(N−1) + κN(N−1)) for
// some levels; nil if they are too few. The law is linear in N/X:
//
//	N/X = 1/λ + σ/λ·(N−1) + κ/λ·N(N−1)
//
// of which the coefficients are found by least squares of the relative error, so
// that high levels do not drown the low ones. Contention and coherency are not
// negative: where the best fit has one below 0, it is the best without it.
func fit(points []level) *reports.USL {
	var rows [][3]float64
	for _, p := range points {
		if p.x > 0 && p.n > 0 {
			w := p.x / p.n // makes the left side 1
			rows = append(rows, [3]float64{w, w * (p.n - 1), w * p.n * (p.n - 1)})
		}
	}
	if len(rows) < leastLevels || len(rows) < len(points) {
		return nil
	}
	var best *reports.USL
	least := math.Inf(1)
	for _, with := range [][3]bool{{true, true, true}, {true, true, false}, {true, false, true}, {true, false, false}} {
		c, ok := solve(rows, with)
		if !ok || c[0] <= 0 || c[1] < 0 || c[2] < 0 {
			continue
		}
		if e := errorOf(rows, c); e < least*(1-1e-9) {
			least = e
			best = &reports.USL{Lambda: 1 / c[0], Sigma: c[1] / c[0], Kappa: c[2] / c[0], Levels: len(rows)}
		}
	}
	if best == nil {
		return nil
	}
	best.R2 = r2(points, best)
	if best.Kappa > 0 && best.Sigma < 1 {
		best.PeakConcurrency = math.Sqrt((1 - best.Sigma) / best.Kappa)
		best.Peak = at(best, best.PeakConcurrency)
	}
	return best
}

func at(u *reports.USL, n float64) float64 {
	return u.Lambda * n / (1 + u.Sigma*(n-1) + u.Kappa*n*(n-1))
}

func errorOf(rows [][3]float64, c [3]float64) (sum float64) {
	for _, r := range rows {
		e := 1 - r[0]*c[0] - r[1]*c[1] - r[2]*c[2]
		sum += e * e
	}
	return sum
}

// solve finds the least squares of rows·c = 1 with the coefficients that are
// used, by elimination on the normal equations.
func solve(rows [][3]float64, with [3]bool) (c [3]float64, ok bool) {
	var m [3][4]float64
	for _, r := range rows {
		for i := range 3 {
			for j := range 3 {
				if with[i] && with[j] {
					m[i][j] += r[i] * r[j]
				}
			}
			if with[i] {
				m[i][3] += r[i]
			}
		}
	}
	for i := range 3 {
		if !with[i] {
			m[i][i] = 1
		}
	}
	for i := range 3 {
		pivot := i
		for j := i + 1; j < 3; j++ {
			if math.Abs(m[j][i]) > math.Abs(m[pivot][i]) {
				pivot = j
			}
		}
		if m[i], m[pivot] = m[pivot], m[i]; math.Abs(m[i][i]) < 1e-15 {
			return c, false
		}
		for j := range 3 {
			if j != i {
				f := m[j][i] / m[i][i]
				for k := range 4 {
					m[j][k] -= f * m[i][k]
				}
			}
		}
	}
	for i := range 3 {
		c[i] = m[i][3] / m[i][i]
	}
	return c, true
}

// r2 is the share of the variance of throughput that the law explains.
func r2(points []level, u *reports.USL) float64 {
	var mean, all, left float64
	for _, p := range points {
		mean += p.x / float64(len(points))
	}
	for _, p := range points {
		all += (p.x - mean) * (p.x - mean)
		left += (p.x - at(u, p.n)) * (p.x - at(u, p.n))
	}
	if all == 0 {
		return 0
	}
	return 1 - left/all
}
