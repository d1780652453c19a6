"""Certificates by which the machines of one installation know one another: an authority of their own, a role each."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from bot.clock import day, day_and_time
from bot.errors import UsageError, unreadable
from bot.tls import guard_key

ROLES = ("coordinator", "scheduler", "worker")
DAYS = 825
SOON = timedelta(days=30)  # before they expire it is said
ANEW = "write all anew and copy them to each machine: gifwarden certificates"


def write_certificates(folder: Path, now: datetime | None = None) -> tuple[Path, ...]:
    """Write an authority and a certificate for each role into a new folder; return the files.

    The authority's key is made, used and forgotten, so that nobody can make a fourth: all are written anew together.
    Raises UsageError if the folder is there already or cannot be written.
    """
    now = now or datetime.now(UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gifwarden authority")])
    authority = (
        _builder(name, name, key, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_usage(signs=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    try:
        folder.mkdir(mode=0o700, parents=True)
        written = [_write(folder / "ca.pem", authority.public_bytes(serialization.Encoding.PEM))]
        for role in ROLES:
            own = ec.generate_private_key(ec.SECP256R1())
            subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, role)])
            both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
            made = (
                _builder(subject, name, own, now)
                .add_extension(x509.SubjectAlternativeName([x509.DNSName(role)]), critical=False)
                .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
                .add_extension(x509.ExtendedKeyUsage(both), critical=False)
                .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
                .add_extension(_usage(signs=False), critical=True)
                .sign(key, hashes.SHA256())
            )
            written += [
                _write(folder / f"{role}.pem", made.public_bytes(serialization.Encoding.PEM)),
                _write(
                    folder / f"{role}.key",
                    own.private_bytes(
                        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
                    ),
                ),
            ]
    except FileExistsError:
        raise UsageError(f"{folder} is there already; name a new folder, no certificate is written over") from None
    except OSError as error:
        raise UsageError(f"cannot write to {folder}: {error.strerror}; check its rights") from None
    return tuple(written)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=DAYS))
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _write(path: Path, data: bytes) -> Path:
    """Write a file: a key for its owner alone, a certificate for all, since a container reads it as another user."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        if path.suffix != ".key":
            os.fchmod(descriptor, 0o644)  # whatever the umask is
        file.write(data)
    return path


def good_until(folder: Path, role: str, now: datetime | None = None) -> datetime:
    """Return until when a role's certificate and its authority are good.

    Raises UsageError with what to do if a file cannot be read or is none, others can read the key, the files do not go
    together, the certificate is another role's, or its time has not begun or is over.
    """
    now = now or datetime.now(UTC)
    key_file, own_file, ca_file = folder / f"{role}.key", folder / f"{role}.pem", folder / "ca.pem"
    authority, own = _certificate(ca_file), _certificate(own_file)
    guard_key(key_file)
    try:
        key = serialization.load_pem_private_key(_bytes(key_file), None)
    except (ValueError, TypeError):
        raise UsageError(f"{key_file} is no key; copy it again") from None
    if key.public_key() != own.public_key():
        raise UsageError(f"{key_file} does not belong to {own_file}; copy both again, of one folder")
    try:
        own.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        raise UsageError(f"{own_file} is not of the authority in {ca_file}; copy both again, of one folder") from None
    if (other := _role(own)) in ROLES and other != role:
        raise UsageError(f"{own_file} is the certificate of the {other}, and this is the {role}; copy {role}'s own")
    until = min(own.not_valid_after_utc, authority.not_valid_after_utc)
    if now > until:
        raise UsageError(f"{own_file} has expired ({day(until)}); {ANEW}")
    if now < own.not_valid_before_utc:
        begins = day_and_time(own.not_valid_before_utc)
        raise UsageError(f"{own_file} is good from {begins} UTC only; is this machine's clock right?")
    return until


def expiring(until: datetime, now: datetime | None = None) -> str | None:
    """Return in a sentence that certificates which are good until then expire soon, or have expired; None if not."""
    now = now or datetime.now(UTC)
    if until - now >= SOON:
        return None
    when = f"expire on {day(until)}; before that" if now <= until else f"have expired ({day(until)})"
    return f"the certificates of the machines {when}, {ANEW}"


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(unreadable(path, error)) from None


def _certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(_bytes(path))
    except ValueError:
        raise UsageError(f"{path} is no certificate; copy it again") from None


def _role(certificate: x509.Certificate) -> str:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ""
    return next(iter(names.get_values_for_type(x509.DNSName)), "")
