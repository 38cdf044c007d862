//go:build containers

package postgres

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

// TestRestart kills the database under calls in flight, and starts it again.
func TestRestart(t *testing.T) {
	db := start(t)
	p := newProxy(t, db.address())
	c := serve(t, service.Config{BreakerFailures: 1000, BackendTimeout: 10 * time.Second}, Options{ConnectionString: connection(p.Addr().String(), "owner", "open"), PoolSize: 4})
	var group sync.WaitGroup
	for range 4 { // each connection has been used, and one moment later is dead
		group.Go(func() {
			if got, err := c.query(t.Context(), "SELECT 1 FROM pg_sleep(0.2)"); err != nil || got != "[[1]]" {
				t.Errorf("before: %s, %v", got, err)
			}
		})
	}
	group.Wait()
	watch := watch(t, db, "open")
	flying := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := c.query(t.Context(), "SELECT pg_sleep(3600)")
			flying <- err
		}()
	}
	eventually(t, "calls are in flight", func() error {
		var n int
		if err := watch.conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'`).Scan(&n); err != nil || n == 2 {
			return err
		}
		return context.DeadlineExceeded
	})
	now := time.Duration(0)
	if err := db.Stop(t.Context(), &now); err != nil { // kills it
		t.Fatal(err)
	}
	for range 2 {
		if err := <-flying; err == nil || strings.Contains(err.Error(), password) {
			t.Errorf("a call in flight when the database died: %v", err)
		}
	}
	_, err := c.query(t.Context(), "SELECT 1")
	contains(t, "while it is down", err, "no connection to the database")
	if err := c.server.Ready(t.Context()); err == nil {
		t.Error("the server is ready without its database")
	}
	if err := db.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.move(db.address())
	eventually(t, "the server is ready again", func() error { return c.server.Ready(t.Context()) })
	for range 8 {
		if got, err := c.query(t.Context(), "SELECT count(*) FROM customers"); err != nil || got != "[[50]]" {
			t.Errorf("after: %s, %v", got, err)
		}
	}

	// All connections die while they are idle: the next call takes another.
	db.admin("open", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'owner'")
	if got, err := c.query(t.Context(), "SELECT count(*) FROM customers"); err != nil || got != "[[50]]" {
		t.Errorf("after the sessions were ended: %s, %v", got, err)
	}

	t.Run("slow", func(t *testing.T) { testSlow(t, p) })
}

// testSlow has the database fall silent: calls end in their time, the breaker opens,
// and both go by.
func testSlow(t *testing.T, p *proxy) {
	c := serve(t, service.Config{BackendTimeout: 300 * time.Millisecond, BreakerFailures: 3, BreakerCooldown: 200 * time.Millisecond},
		Options{ConnectionString: connection(p.Addr().String(), "owner", "open"), PoolSize: 2})
	if got, err := c.query(t.Context(), "SELECT 1"); err != nil || got != "[[1]]" {
		t.Fatalf("before: %s, %v", got, err)
	}
	release := p.hold()
	defer release()
	open := false
	for range 50 {
		_, err := c.query(t.Context(), "SELECT 1")
		if err == nil {
			t.Fatal("a database that says nothing has an answer")
		}
		if open = strings.Contains(err.Error(), service.ErrUnavailable.Error()); open {
			break
		}
		contains(t, "while it is silent", err, "does not answer in time")
	}
	if !open {
		t.Error("the breaker does not open")
	}
	if err := c.server.Ready(t.Context()); err == nil {
		t.Error("the server is ready while the database is silent")
	}
	release()
	eventually(t, "the breaker closes", func() error {
		_, err := c.query(t.Context(), "SELECT 1")
		return err
	})

	// A statement that is slow by itself is no fault of the database.
	for range 6 {
		_, err := c.query(t.Context(), "SELECT pg_sleep(3600)")
		contains(t, "a slow statement", err, "57014")
	}
	if got, err := c.query(t.Context(), "SELECT 1"); err != nil || got != "[[1]]" {
		t.Errorf("after slow statements: %s, %v", got, err)
	}
}
