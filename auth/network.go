package auth

import (
	"net/http"
	"net/netip"
	"strings"
)

// ClientAddress tells where a request came from. X-Forwarded-For counts only when
// the peer is one of the trusted proxies, and then its right-most entry that is not
// such a proxy: anything further left was written by the client. The result is
// invalid when the peer's address can't be told.
func ClientAddress(r *http.Request, trusted []netip.Prefix) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	address := plain(peer.Addr())
	if !within(trusted, address) {
		return address
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			return address // the proxy wrote no address here: what is left of it is hearsay
		}
		address = plain(hop)
		if !within(trusted, address) {
			return address
		}
	}
	return address
}

// ClientNetwork is the network that limits are kept for: a /24 of IPv4, a /64 of
// IPv6, which is the least that one customer of a provider gets.
func ClientNetwork(r *http.Request, trusted []netip.Prefix) netip.Prefix {
	address := ClientAddress(r, trusted)
	bits := 64
	if address.Is4() {
		bits = 24
	}
	network, err := address.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // requests of unknown origin share one limit
	}
	return network
}

// plain drops the zone and the IPv6 form of an IPv4 address.
func plain(address netip.Addr) netip.Addr { return address.Unmap().WithZone("") }

func within(networks []netip.Prefix, address netip.Addr) bool {
	for _, network := range networks {
		if network.Contains(address) {
			return true
		}
	}
	return false
}
