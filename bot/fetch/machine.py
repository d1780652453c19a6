"""The addresses of the machine this runs on, and the networks around it, as they are at this moment.

A server has a public address of its own, and often a public network around it: what listens there is not for strangers'
links to reach. Asked afresh for every connection, for interfaces come and go.
"""

from __future__ import annotations

import ctypes
import ipaddress
import socket
import struct
from collections.abc import Iterator

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Interface = ipaddress.IPv4Interface | ipaddress.IPv6Interface
WIDEST = {
    4: 12,
    6: 40,
}  # bits of a network around the machine; a wider one is a provider's or a tunnel's, not a network


class _Entry(ctypes.Structure):
    """One address of an interface, as getifaddrs(3) lists it."""


_Pointer = ctypes.POINTER(_Entry)
_Entry._fields_ = [
    ("next", _Pointer),
    ("name", ctypes.c_char_p),
    ("flags", ctypes.c_uint),
    ("address", ctypes.c_void_p),
    ("mask", ctypes.c_void_p),
    ("other", ctypes.c_void_p),
    ("data", ctypes.c_void_p),
]


def refusal_here(address: IPAddress) -> str | None:
    """Return why an address that is public elsewhere is not contacted from this machine, or None."""
    for interface in interfaces():
        if address == interface.ip:
            return "an address of this machine"
        network = interface.network
        if address.version == network.version and network.prefixlen >= WIDEST[network.version] and address in network:
            return "an address of the network around this machine"
    return None


def interfaces() -> tuple[Interface, ...]:
    """Return every address of every interface with its network; none where the system does not tell."""
    libc = ctypes.CDLL(None, use_errno=True)
    first = _Pointer()
    if not hasattr(libc, "getifaddrs") or libc.getifaddrs(ctypes.byref(first)):
        return ()
    try:
        return tuple(_listed(first))
    finally:
        libc.freeifaddrs(first)


def _listed(entry: ctypes._Pointer[_Entry]) -> Iterator[Interface]:
    while bool(entry):
        one = entry.contents
        address, mask = _read(one.address), _read(one.mask)
        if address is not None:
            bits = address.max_prefixlen if mask is None else int(mask).bit_count()
            yield ipaddress.ip_interface(f"{address}/{bits}")
        entry = one.next


def _read(place: int | None) -> IPAddress | None:
    """Return the address in a C structure, None if it holds none of the internet's."""
    if not place:
        return None
    (family,) = struct.unpack("=H", ctypes.string_at(place, 2))
    if family == socket.AF_INET:
        return ipaddress.IPv4Address(ctypes.string_at(place + 4, 4))
    return ipaddress.IPv6Address(ctypes.string_at(place + 8, 16)) if family == socket.AF_INET6 else None
