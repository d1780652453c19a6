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
from functools import cache
from typing import NamedTuple

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
WIDEST = {
    4: 12,
    6: 40,
}  # bits of a network around the machine; a wider one is a provider's or a tunnel's, not a network


class Interface(NamedTuple):
    """An address of this machine: its version, itself as a number, and how many of its bits are its network's."""

    version: int
    address: int
    bits: int


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
    asked = int(address)
    for version, own, bits in interfaces():
        if version != address.version:
            continue
        if asked == own:
            return "an address of this machine"
        if bits >= WIDEST[version] and (asked ^ own) >> (address.max_prefixlen - bits) == 0:
            return "an address of the network around this machine"
    return None


def interfaces() -> tuple[Interface, ...]:
    """Return every address of every interface with its network; none where the system does not tell."""
    libc = _libc()
    first = _Pointer()
    if not hasattr(libc, "getifaddrs") or libc.getifaddrs(ctypes.byref(first)):
        return ()
    try:
        return tuple(_listed(first))
    finally:
        libc.freeifaddrs(first)


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _listed(entry: ctypes._Pointer[_Entry]) -> Iterator[Interface]:
    while bool(entry):
        one = entry.contents
        address, mask = _read(one.address), _read(one.mask)
        if address is not None:
            bits = 8 * len(address) if mask is None else int.from_bytes(mask).bit_count()
            yield Interface(4 if len(address) == 4 else 6, int.from_bytes(address), bits)
        entry = one.next


def _read(place: int | None) -> bytes | None:
    """Return the address in a C structure, 4 or 16 bytes, None if it holds none of the internet's."""
    if not place:
        return None
    (family,) = struct.unpack("=H", ctypes.string_at(place, 2))
    if family == socket.AF_INET:
        return ctypes.string_at(place + 4, 4)
    return ctypes.string_at(place + 8, 16) if family == socket.AF_INET6 else None
