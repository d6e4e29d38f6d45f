// Package twin is the engine of an offline stand-in for a billing provider: customers, products, checkouts,
// orders, subscriptions, benefits, meters, credits and the events they cause, on a clock that can be moved.
//
// It knows the provider's rules and keeps their results in its own SQLite file. It must not know any wire
// format (that is twin/polar), any page (twin/pages), or anything of the product that is tested against it.
//
// Objects are immutable once stored: a change stores a changed copy. Values handed out are therefore safe to
// keep, but their slices and maps must not be written to. Money is int64 minor units beside a lower-case
// currency code; instants are UTC with microseconds; a zero time or an empty string stands for "none".
package twin
