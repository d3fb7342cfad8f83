"""Which addresses of the network a webhook may reach: public ones, whatever form they are written in. Pure but one."""

import re
import socket
from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_INSIDE_4 = tuple(
    IPv4Network(one)
    for one in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
# Within the one block that is public, those that carry an IPv4 address inside: Teredo, 6to4; and for documents.
_INSIDE_6 = tuple(IPv6Network(one) for one in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
_PUBLIC_6 = IPv6Network("2000::/3")
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_LOOKS_NUMERIC = re.compile(r"\d+|0x[0-9a-f]*")

Resolve = Callable[[str, int], Iterable[str]]


class HostRefused(Exception):
    """A host that may not be reached; says why."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, reached as what it is and not through a translator."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv4Address):
        return not any(found in network for network in _INSIDE_4)
    return _is_public_6(found)


def _is_public_6(address: IPv6Address) -> bool:
    return address.scope_id is None and address in _PUBLIC_6 and not any(address in one for one in _INSIDE_6)


def check_host(host: str) -> str:
    """The host in the one form in which it is looked up. Raises HostRefused for forms that hide an address.

    `2130706433`, `0x7f.1`, `127.1` and `0177.0.0.1` are all 127.0.0.1 to some systems: whatever ends in a number is an
    address written in full or nothing.
    """
    bare = host.strip().rstrip(".").lower()
    try:
        return str(ip_address(bare))
    except ValueError:
        pass
    try:
        name = bare.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise HostRefused(f"not the name of a host: {host[:80]!r}") from None
    labels = name.split(".")
    if _LOOKS_NUMERIC.fullmatch(labels[-1]):
        raise HostRefused(f"an address that is not written in full: {host[:80]!r}")
    if len(labels) < 2 or len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise HostRefused(f"not the full name of a host: {host[:80]!r}")
    return name


def find_addresses(host: str, port: int, *, resolve: Resolve | None = None) -> Sequence[str]:
    """The public addresses of a host, looked up once: whoever connects goes to these and does not look again.

    Raises HostRefused if any of them is inside, for a name that leads to both is a trick; OSError if it has none.
    """
    name = check_host(host)
    found = list(dict.fromkeys((resolve or _look_up)(name, port)))
    inside = [address for address in found if not is_public(address)]
    if inside:
        raise HostRefused(f"{name} leads inside")
    if not found:
        raise OSError(f"{name} has no address")
    return found


def _look_up(host: str, port: int) -> Iterable[str]:
    return (str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
