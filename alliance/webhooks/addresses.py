"""Where an endpoint may be: addresses that are public, and URLs that can name one.

``check_url`` speaks to the person who types an address; it resolves no name. What counts is asked again of
the very address that is connected to (``line.py``), because a name may mean something else by then.
"""

import ipaddress
import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult, quote, urlsplit

from alliance.config import Settings
from alliance.webhooks.models import LONGEST_URL

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NOT_PUBLIC = tuple(
    map(
        ipaddress.ip_network,
        (
            "0.0.0.0/8",  # "this host"
            "100.64.0.0/10",  # shared by carriers; metadata of a cloud at 100.100.100.200
            "168.63.129.16/32",  # a cloud's host, public by number only
            "192.0.0.0/24",  # protocol assignments; metadata of a cloud at 192.0.0.192
            "192.88.99.0/24",  # relays of 6to4
            "198.18.0.0/15",  # benchmarks
            # Inside these an IPv4 address hides, which is not looked at by whoever only looks at IPv6.
            "::/96",
            "::ffff:0:0/96",  # IPv4-mapped
            "64:ff9b::/96",  # NAT64
            "64:ff9b:1::/48",
            "2001::/32",  # Teredo
            "2002::/16",  # 6to4
            "fec0::/10",  # site-local, of old
        ),
    )
)
#: Names that only mean something inside a network.
_LOCAL_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "private", "arpa")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
#: What may stand in a path and a query as it is; everything else is percent-encoded.
_PLAIN = "/?:@!$&'()*+,;=%-._~"


class UrlInvalid(Exception):
    """An address that no endpoint can have; ``problem`` is a code for the words."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True)
class Reach:
    """How far this installation sends: ``http`` also unencrypted, ``private`` to any address and port."""

    http: bool = False
    private: bool = False

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """In production only to public addresses, encrypted."""
        return cls(http=settings.environment != "production", private=settings.webhook_allow_private)

    def allows(self, address: Address) -> bool:
        """Whether a message may be sent there."""
        return self.private or is_public(address)

    def allows_port(self, port: int) -> bool:
        """443, and 80 where plain HTTP is allowed."""
        return self.private or port == 443 or (self.http and port == 80)


def is_public(address: Address) -> bool:
    """Whether an address is globally routable, one machine's, and hides no other address inside."""
    if address.is_multicast or address.is_reserved or not address.is_global:
        return False
    return not any(address.version == net.version and address in net for net in _NOT_PUBLIC)


def check_url(text: str, reach: Reach) -> str:
    """The address as it is stored: ASCII, host in Punycode, without its default port.

    Raises UrlInvalid: missing, too_long, not_a_url, scheme, userinfo, fragment, host, port, private.
    """
    text = text.strip()
    if not text:
        raise UrlInvalid("missing")
    if any(ord(character) <= 32 or ord(character) == 127 for character in text) or "\\" in text:
        raise UrlInvalid("not_a_url")
    parts, port = _split(text)
    if parts.scheme != "https" and not (parts.scheme == "http" and (reach.http or reach.private)):
        raise UrlInvalid("scheme" if parts.scheme else "not_a_url")
    if "@" in parts.netloc:
        raise UrlInvalid("userinfo")
    if "#" in text:
        raise UrlInvalid("fragment")
    host = _host(parts.hostname or "", reach)
    usual = 443 if parts.scheme == "https" else 80
    if not (reach.private or port in (None, usual)):
        raise UrlInvalid("port")
    query = f"?{quote(parts.query, _PLAIN)}" if parts.query else ""
    port_text = f":{port}" if port not in (None, usual) else ""
    url = f"{parts.scheme}://{host}{port_text}{quote(parts.path, _PLAIN) or '/'}{query}"
    if len(url) > LONGEST_URL:
        raise UrlInvalid("too_long")
    return url


def _split(text: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(text)
        return parts, parts.port
    except ValueError:
        raise UrlInvalid("not_a_url") from None


def _host(host: str, reach: Reach) -> str:
    """The host as it is asked for. Numbers in any notation are an address, and must be a public one."""
    host = host.rstrip(".")
    if not host or "%" in host:
        raise UrlInvalid("host")
    if ":" in host:
        return _literal(host, reach)
    try:
        # First of all: wide digits and dots become plain ones.
        ascii_host = host.encode("idna").decode().lower()
    except UnicodeError:
        raise UrlInvalid("host") from None
    labels = ascii_host.split(".")
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1]):
        return _literal(ascii_host, reach)
    if len(ascii_host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise UrlInvalid("host")
    if not reach.private and (len(labels) == 1 or labels[-1] in _LOCAL_NAMES):
        raise UrlInvalid("private")
    return ascii_host


def _literal(host: str, reach: Reach) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        # 2130706433, 0x7f.1, 0177.0.0.1: spellings that only ever hide something.
        raise UrlInvalid("host") from None
    if not reach.allows(address):
        raise UrlInvalid("private")
    return f"[{address}]" if address.version == 6 else str(address)
