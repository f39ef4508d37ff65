package engine

import (
	"fmt"
	"strconv"
	"time"
)

// Unlimited stands for HTTPX's None in Limits.
const Unlimited = -1

// Limits bounds a connection pool.
type Limits struct {
	MaxConnections          int           // open connections at once, or Unlimited
	MaxKeepaliveConnections int           // idle connections kept for reuse, or Unlimited; 0 turns keep-alive off
	KeepaliveExpiry         time.Duration // how long an idle connection is kept; negative: for ever
}

// DefaultLimits is HTTPX's default for a client: 100 connections, 20 of them kept idle, for at most five seconds.
var DefaultLimits = Limits{MaxConnections: 100, MaxKeepaliveConnections: 20, KeepaliveExpiry: 5 * time.Second}

// String is HTTPX's repr, the expiry in seconds.
func (l Limits) String() string {
	count := func(n int) string {
		if n < 0 {
			return "None"
		}
		return strconv.Itoa(n)
	}
	expiry := "None"
	if l.KeepaliveExpiry == 0 {
		expiry = "0.0"
	} else if l.KeepaliveExpiry > 0 {
		expiry = seconds(l.KeepaliveExpiry)
	}
	return fmt.Sprintf("Limits(max_connections=%s, max_keepalive_connections=%s, keepalive_expiry=%s)",
		count(l.MaxConnections), count(l.MaxKeepaliveConnections), expiry)
}
