//go:build !race

package jsbind_test

const slowdown = 1
