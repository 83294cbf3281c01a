//go:build !race

package indextest

// raceDetector says that all takes many times longer.
const raceDetector = false
