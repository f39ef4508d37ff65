//go:build !race

package source

const raceFactor = 1
