"""Certificates of the tests' own: an authority, and servers that it vouches for or does not."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

from attrs import frozen

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")


@frozen
class Certificates:
    """In `folder`: `authority.pem`, and a server's by its name."""

    folder: Path

    @property
    def authority(self) -> Path:
        return self.folder / "authority.pem"

    def make(self) -> None:
        """An authority; `good` of it for 127.0.0.1; `portal`, which vouches for itself."""
        _openssl(
            "req", "-x509", *_KEY, "-subj", "/CN=authority of a test",
            # Python 3.13 believes no authority that does not say what its key is for.
            "-addext", "keyUsage=critical,keyCertSign,cRLSign",
            "-keyout", self._key("authority"), "-out", self.authority,
        )  # fmt: skip
        for name, signer in (("good", ("-CA", self.authority, "-CAkey", self._key("authority"))),
                             ("portal", ())):  # fmt: skip
            _openssl(
                "req", "-x509", *_KEY, *signer, "-subj", f"/CN={name}",
                "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=CA:FALSE",
                "-keyout", self._key(name), "-out", self.folder / f"{name}.pem",
            )  # fmt: skip

    def server(self, name: str) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.folder / f"{name}.pem", self._key(name))
        return context

    def _key(self, name: str) -> Path:
        return self.folder / f"{name}.key"


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=30)
