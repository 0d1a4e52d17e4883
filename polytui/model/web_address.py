"""Where a URL leads: the one place that takes one apart.

Whether a URL is secure, or of this machine, is asked of the parsed host and never of how the text
begins: `ws://127.0.0.1@evil.example` and `http://127.0.0.1.evil.example` begin like loopback.
What two parsers could read differently (user names, backslashes, blanks, escapes in a host) is
refused.
"""

from __future__ import annotations

import re
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from attrs import frozen

from polytui.model.known_secrets import STARS

_PORTS = {"https": 443, "wss": 443, "http": 80, "ws": 80}
_SECURE = ("https", "wss")
_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62}))*\.?")
_AUTHORITY = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?")
_KEY = re.compile(r"(?<=/)[0-9A-Za-z_-]{20,}(?=/|$)")
_MOST_CHARACTERS = 2048


@frozen
class WebAddress:
    """A URL that was understood whole."""

    scheme: str
    host: str
    """In small letters, an IPv6 address without its brackets."""
    port: int
    resource: str
    """Path and query, beginning with a slash."""

    @property
    def is_secure(self) -> bool:
        return self.scheme in _SECURE

    @property
    def is_loopback(self) -> bool:
        """Written as an address of this machine; a name may lead anywhere."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def may_carry_keys(self) -> bool:
        """Nobody on the way can read what is sent."""
        return self.is_secure or self.is_loopback

    @property
    def origin(self) -> str:
        """Host and port, as `Host` has them; the usual port is left out."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == _PORTS[self.scheme] else f"{name}:{self.port}"


def web_address(url: str, *schemes: str) -> WebAddress:
    """The address of a URL of one of `schemes`; ValueError says why it is none."""
    if len(url) > _MOST_CHARACTERS:
        raise ValueError(f"longer than {_MOST_CHARACTERS} characters")
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise ValueError("only plain characters of ASCII, without blanks or backslashes")
    parts = urlsplit(url)
    if parts.scheme not in schemes:
        raise ValueError(f"begins with none of {', '.join(f'{one}://' for one in schemes)}")
    if "@" in parts.netloc:
        raise ValueError("a user name or password has no place in it")
    if parts.fragment or url.endswith("#"):
        raise ValueError("a part behind # has no place in it")
    host = parts.hostname or ""
    # The whole of it: what stands behind a bracket is a host to some who read it.
    if not (_AUTHORITY.fullmatch(parts.netloc) and _is_host(host)):
        raise ValueError(f"no host[:port] {parts.netloc[:80]!r}")
    if parts.port == 0:
        raise ValueError("no port 0")
    query = f"?{parts.query}" if parts.query else ""
    port = parts.port or _PORTS[parts.scheme]
    return WebAddress(parts.scheme, host, port, (parts.path or "/") + query)


def keys_in(url: str) -> list[str]:
    """Parts of its path that look like keys: who lends nodes of a chain writes his customer's into
    the address. Words of a path are shorter."""
    return _KEY.findall(urlsplit(url).path)


def without_keys(url: str) -> str:
    """With stars for them."""
    for key in keys_in(url):
        url = url.replace(f"/{key}", f"/{STARS}")
    return url


def _is_host(host: str) -> bool:
    if ":" not in host:
        return bool(_NAME.fullmatch(host))
    try:
        IPv6Address(host)
    except ValueError:
        return False
    return True
