"""The key that an address is counted under: an IPv4 address, or the /64 of an IPv6 one.

All spellings of an address have the same key, and so have all 2^64 addresses of an IPv6 network
that a provider gives to one customer (RFC 6177).
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address

_BRACKETS = re.compile(r"\[([^\]]*)\](?::[0-9]+)?")
_PORT = re.compile(r"([^:]*):[0-9]+")


def block(text: str) -> str | None:
    """The IP address, or the /64 of an IPv6 address, with or without a port; None if it is no
    address."""
    bare = _BRACKETS.fullmatch(text)
    port = _PORT.fullmatch(text)
    try:
        found: IPv4Address | IPv6Address
        found = IPv6Address(bare[1]) if bare else ip_address(port[1] if port else text)
    except ValueError:
        return None
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is None:
            groups = [int(found) >> shift & 0xFFFF for shift in (112, 96, 80, 64)]
            return ":".join(f"{each:x}" for each in groups) + "::/64"
        found = found.ipv4_mapped
    return str(found)


def counting_key(address: str, peer: str) -> str:
    """Counting key of a request: the address that a trusted proxy reports, else the peer's."""
    return block(address) or block(peer) or peer or address
