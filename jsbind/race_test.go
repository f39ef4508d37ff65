//go:build race

package jsbind_test

// slowdown is how much longer things may take: the race detector makes natives many times slower.
const slowdown = 10
