"""Signatures of minisign (https://jedisct1.github.io/minisign/): a list that is what its keeper signed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bot.errors import GifwardenError

LARGEST = 8 * 1024  # bytes of a signature file


class SignatureError(GifwardenError):
    """A signature is missing, damaged, by another key, or of other bytes; the message is a phrase."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A signature whose own words are verified; the bytes it is for are not, until `check` was called."""

    key: bytes
    value: bytes
    signed_at: int  # seconds since 1970, as the signer says it; 0 if they do not

    def check(self, chunks: Iterable[bytes]) -> None:
        """Raise SignatureError unless these bytes are what was signed."""
        digest = hashlib.blake2b(digest_size=64)
        for chunk in chunks:
            digest.update(chunk)
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(self.value, digest.digest())
        except InvalidSignature:
            raise SignatureError("the list is not what was signed") from None


def read(public_key: str, text: str) -> Signature:
    """Return the signature that a file of minisign holds. Raises SignatureError.

    Only the kind that minisign makes since 2015 is taken, which signs a digest: the list needs not be in memory.
    """
    lines = [line.strip() for line in text.splitlines()]
    if len(lines) < 4 or not lines[2].startswith("trusted comment:"):
        raise SignatureError("the signature is not a file of minisign")
    try:
        key, signed = base64.b64decode(public_key, validate=True), base64.b64decode(lines[1], validate=True)
        outer = base64.b64decode(lines[3], validate=True)
    except (ValueError, binascii.Error):
        raise SignatureError("the signature is not a file of minisign") from None
    if len(key) != 42 or len(signed) != 74 or len(outer) != 64:
        raise SignatureError("the signature is not a file of minisign")
    if signed[:2] != b"ED":
        raise SignatureError("the signature is of minisign's legacy kind; sign without -l")
    if signed[2:10] != key[2:10]:
        raise SignatureError("the list is signed by another key")
    comment = lines[2].removeprefix("trusted comment:").removeprefix(" ")
    try:
        Ed25519PublicKey.from_public_bytes(key[10:]).verify(outer, signed[10:] + comment.encode())
    except InvalidSignature:
        raise SignatureError("the signature's own comment was changed") from None
    at = re.search(r"timestamp:([0-9]{1,12})(?![0-9])", comment)
    return Signature(key=key[10:], value=signed[10:], signed_at=int(at[1]) if at else 0)
