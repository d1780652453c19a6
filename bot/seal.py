"""The only cryptography: seals the fingerprints of links that are being looked at and of open cases.

Fernet (AES-128-CBC with HMAC-SHA256, https://github.com/fernet/spec): a sealed value also tells if it was changed.
"""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from bot.errors import SealError


def new_key() -> str:
    """Return a fresh random key as text."""
    return Fernet.generate_key().decode()


def write_key(path: Path, key: str) -> None:
    """Write a key to a new file that only its owner can read. Raises SealError if it cannot."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(key + "\n")
    except OSError as error:
        raise SealError(f"cannot write the key to {path}: {error.strerror}; check the folder's rights") from None


class Seal:
    """Seals and opens bytes with one key."""

    def __init__(self, key: str) -> None:
        try:
            self._fernet = Fernet(key.encode())
        except ValueError:
            raise SealError(
                "the sealing key is not one: it must be 32 bytes in URL-safe base64; see gifwarden init"
            ) from None

    def seal(self, data: bytes) -> bytes:
        """Return the data encrypted and authenticated."""
        return self._fernet.encrypt(data)

    def open(self, sealed: bytes) -> bytes:
        """Return the data. Raises SealError if the key is another one or the value was changed."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            raise SealError(
                "a stored fingerprint does not open with this key; restore the key it was sealed with"
            ) from None
