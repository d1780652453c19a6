"""The only cryptography: seals the fingerprints of links that are being looked at and of open cases.

Fernet (AES-128-CBC with HMAC-SHA256, https://github.com/fernet/spec): a sealed value also tells if it was changed. It
is sealed by a key that is derived for its place (table, row, column), so that in another place it does not open.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from bot.errors import SealError


def new_key() -> str:
    """Return a fresh random key as text."""
    return Fernet.generate_key().decode()


def write_key(path: Path, key: str) -> None:
    """Write a key to a new file that only its owner can read: whole or not at all, and never over another.

    Raises SealError if it cannot.
    """
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            os.fchmod(descriptor, 0o600)  # whatever the umask is
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(key + "\n")
                file.flush()
                os.fsync(descriptor)
            _put(fresh, path)
        finally:
            fresh.unlink(missing_ok=True)
    except OSError as error:
        raise SealError(f"cannot write the key to {path}: {error.strerror}; check the folder's rights") from None


def _put(fresh: Path, path: Path) -> None:
    """Give a file its name, unless another one has it. Raises OSError."""
    try:
        path.hardlink_to(fresh)  # unlike a rename it fails if there is a key already
    except FileExistsError:
        raise
    except OSError:  # some file systems know no hard links
        if path.exists():
            raise
        fresh.rename(path)


class FieldCipher:
    """Seals and opens bytes with one key."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()
        self._unbound = True  # whether values of earlier versions open, which were bound to no place
        try:
            self._fernet = Fernet(key.encode())
        except ValueError:
            raise SealError(
                "the sealing key is not one: it must be 32 bytes in URL-safe base64; see gifwarden init"
            ) from None

    def encrypt(self, data: bytes, *where: str) -> bytes:
        """Return the data encrypted, authenticated and bound to a place: table, row and column."""
        return self._at(where).encrypt(data)

    def decrypt(self, sealed: bytes, *where: str) -> bytes:
        """Return the data. Raises SealError if the key is another one, or the value was changed or put elsewhere."""
        for fernet in (self._at(where), *((self._fernet,) if self._unbound else ())):
            with contextlib.suppress(InvalidToken):
                opened: bytes = fernet.decrypt(sealed)
                return opened
        raise SealError(
            "a stored fingerprint does not open with this key in this place; restore the key it was sealed with"
        )

    def only_bound(self) -> None:
        """Open nothing from now on that is not bound to its place: all of the database is."""
        self._unbound = False

    def _at(self, where: tuple[str, ...]) -> Fernet:
        if not where:
            return self._fernet
        place = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in ("bound", *where))
        return Fernet(base64.urlsafe_b64encode(hmac.new(self._key, place, hashlib.sha256).digest()))

    def keyed_digest(self, text: str) -> str:
        """Return a digest of a text that only this key makes: equal texts are known again, none can be read back."""
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()

    def can_decrypt(self, sealed: bytes, *where: str) -> bool:
        """Return whether this key opens a sealed value."""
        try:
            self.decrypt(sealed, *where)
        except SealError:
            return False
        return True
