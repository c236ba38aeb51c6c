"""Which addresses are on the public internet: what an approved request may connect to."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

# Not public either, though some of Python's own lists said so for long (CVE-2024-4032), and
# IPv6 ranges that carry an IPv4 address which something on the way may unpack.
_NOT_PUBLIC = [
    ip_network(text)
    for text in (
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2002::/16",
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",
    )
]
_NAT64 = IPv6Network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Tell whether an address is a public one, of one host; False for what is no address."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    plain = _unpacked(parsed)
    return (
        plain.is_global
        and not plain.is_multicast
        and not plain.is_reserved
        and not any(plain in network for network in _NOT_PUBLIC)
    )


def _unpacked(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv6 one stands for, or the address itself."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address
