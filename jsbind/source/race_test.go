//go:build race

package source

// raceFactor is how much slower the race detector may make the killers.
const raceFactor = 10
