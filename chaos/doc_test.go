// Package chaos kills the real binary, again and again, at random moments and at named
// places, while a stand-in for the provider sends it shuffled, repeated and delayed
// deliveries. At the end what it holds must be what a model says that shares no code
// with it. README.md tells how to run it longer and how to repeat a run by its seed.
//
// The package is tests only and imports nothing of the product: it builds the binary,
// speaks HTTP with it, and reads its database file from outside.
//
// kill -9 does not lose what the operating system holds: these tests prove that nothing
// is half done. That a disk kept it through a loss of power TestD2AcknowledgedIsDurable of
// package db proves, from the writes and syncs of SQLite.
package chaos
