// Package normalize turns what pages print into values: plain text, times,
// grades and counts.
//
// It reads one string at a time and is not for finding those strings.
package normalize
