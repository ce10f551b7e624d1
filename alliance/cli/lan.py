"""A self-signed certificate for the addresses of this machine in its network.

Phones give neither camera nor WebCrypto to a page that came over plain HTTP.
"""

import contextlib
import ipaddress
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

#: iOS refuses certificates that are valid for longer than 825 days.
VALID_FOR = timedelta(days=365)


@dataclass(frozen=True)
class Certificate:
    """Two PEM files."""

    chain: Path
    key: Path


def addresses() -> list[str]:
    """The IPv4 addresses under which phones in the same network reach this machine, the likeliest first."""
    found = [_address_of_default_route()]
    with contextlib.suppress(OSError):  # a host name that does not resolve says nothing about the network
        found += [str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)]
    usable = [address for address in found if address and not ipaddress.ip_address(address).is_loopback]
    return list(dict.fromkeys(usable)) or ["127.0.0.1"]


def ensure(directory: Path, names: Sequence[str], at: datetime) -> Certificate:
    """The kept certificate if it covers ``names`` for another week, else a new one."""
    kept = Certificate(directory / "lan-cert.pem", directory / "lan-key.pem")
    if not (kept.key.exists() and kept.chain.exists() and _covers(kept.chain, names, at)):
        directory.mkdir(parents=True, exist_ok=True)
        _write(kept, names, at)
    return kept


def _address_of_default_route() -> str | None:
    """No packet is sent: connecting a UDP socket only asks the routing table."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        return str(probe.getsockname()[0])


def _covers(chain: Path, names: Sequence[str], at: datetime) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(chain.read_bytes())
    except ValueError:
        return False
    alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    covered = {str(address) for address in alternative.get_values_for_type(x509.IPAddress)}
    return certificate.not_valid_after_utc > at + timedelta(days=7) and covered >= set(names)


def _write(target: Certificate, names: Sequence[str], at: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Alliance LAN")])
    reachable = [x509.IPAddress(ipaddress.ip_address(name)) for name in dict.fromkeys([*names, "127.0.0.1"])]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + VALID_FOR)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost"), *reachable]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    target.key.unlink(missing_ok=True)
    with open(target.key, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        file.write(secret)
    target.chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
