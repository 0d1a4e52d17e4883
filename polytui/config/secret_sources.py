"""Where secrets come from, and which of several places counts.

| order | source | what it is |
|---|---|---|
| 1 | environment | a variable of the process |
| 2 | systemd | a file of that name in `$CREDENTIALS_DIRECTORY`, which systemd makes |
| 3 | .env | a line of the file in the folder that the program was started in |
| 4 | keyring | the desktop's, service `polytui`; with `pip install polytui[keyring]` |
| 5 | keystore | an encrypted file with the private key, opened by a pass phrase |

The first one that has it counts. Where another has something else, that is said by the names of
the two, and never what either has.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Protocol

from attrs import field, frozen

from polytui.config.keystore import Keystore
from polytui.config.readable import exposed
from polytui.config.secrets import (
    CREDENTIALS,
    KEYSTORE,
    PASSPHRASE,
    PRIVATE_KEY,
    Secret,
    read_env,
)
from polytui.model.errors import Fatal
from polytui.model.plain_text import plain

_SERVICE = "polytui"
_LONGEST = 4_096
"""Bytes of a credential that systemd gives."""


class SourceKind(str, Enum):
    """In the order in which they count."""

    ENVIRONMENT = "environment"
    CREDENTIAL = "systemd credential"
    ENV_FILE = ".env"
    KEYRING = "desktop keyring"
    KEYSTORE = "keystore"


@frozen
class SecretSource:
    """One place that may have secrets."""

    kind: SourceKind
    where: str = ""
    """The file or folder; empty where the kind says it all."""

    @property
    def words(self) -> str:
        return f"{self.kind.value} ({self.where})" if self.where else self.kind.value


@frozen
class FoundSecret:
    """What was asked for, and who had it."""

    name: str
    secret: Secret
    source: SecretSource
    others: tuple[SecretSource, ...] = ()
    """That have the same name with something else in it. They were not used."""

    @property
    def warning(self) -> str:
        """Empty where nobody disagrees."""
        if not self.others:
            return ""
        others = " and ".join(other.words for other in self.others)
        return (
            f"{self.name} is taken from {self.source.words}, and {others} says something else:"
            " take one of them away"
        )


class Keyring(Protocol):
    """As the library `keyring` is called."""

    def get_password(self, service_name: str, username: str) -> str | None: ...


def desktop_keyring() -> tuple[Keyring | None, str]:
    """The desktop's keyring, or None and why there is none."""
    try:
        import keyring
        from keyring.backends import fail
    except ImportError:
        return None, "the desktop keyring is not asked: pip install polytui[keyring] makes it one"
    if isinstance(keyring.get_keyring(), fail.Keyring):
        return None, "the desktop keyring is not asked: nobody keeps one on this machine"
    return keyring, ""


@frozen
class SecretSources:
    """Every place of this process, in order."""

    folder: Path
    environment: Mapping[str, str | None] = field(factory=lambda: dict(os.environ), repr=False)
    """Has secrets in it: never shown."""
    ask_passphrase: Callable[[str], str] | None = None
    """Asks a person for the pass phrase of the named keystore; None where nobody sits there."""
    open_keyring: Callable[[], tuple[Keyring | None, str]] = desktop_keyring
    _troubles: dict[str, None] = field(factory=dict, init=False, repr=False)
    _opened: list[FoundSecret] = field(factory=list, init=False, repr=False)
    """Of the keystore, once: it costs a person a pass phrase and the machine a second."""

    def find(self, name: str) -> FoundSecret | None:
        """A secret and whence; None where nobody has it. Fatal for a source that is there and
        cannot be read."""
        had = [(source, text) for source, text in self._every(name) if text]
        if not had:
            return self._of_keystore() if name == PRIVATE_KEY else None
        (source, text), *more = had
        others = tuple(other for other, said in more if said != text)
        return FoundSecret(name, Secret(text), source, others)

    def together(self, names: tuple[str, ...]) -> tuple[FoundSecret, ...]:
        """All of them, in their order, or nothing where nobody has one. Fatal for a part, which
        would be ignored."""
        found = {name: self.find(name) for name in names}
        had = tuple(one for one in found.values() if one is not None)
        missing = [name for name, one in found.items() if one is None]
        if had and missing:
            raise Fatal(f"{', '.join(missing)} missing beside the others: set all three, or none")
        return had

    def word(self, name: str) -> str:
        """What is no secret and stands beside them: an address, a switch. Empty without one."""
        texts = (text for _, text in self._written(name) if text)
        return next(texts, "")

    @cached_property
    def keystore(self) -> Keystore | None:
        """The encrypted file that is named, whether it is needed or not."""
        path = self.word(KEYSTORE)
        return Keystore(Path(path).expanduser()) if path else None

    @cached_property
    def _env_file(self) -> dict[str, str | None]:
        return read_env(self.folder / ".env")

    @cached_property
    def _keyring(self) -> tuple[Keyring | None, str]:
        return self.open_keyring()

    @property
    def exposures(self) -> tuple[str, ...]:
        """Files of them that others on this machine may read, and what to do."""
        files = [self.folder / ".env"]
        if self.keystore is not None:
            files.append(self.keystore.path)
        return tuple(filter(None, map(exposed, files)))

    @property
    def skipped(self) -> tuple[str, ...]:
        """Who was not asked, or had no answer, and why."""
        return tuple(filter(None, [self._keyring[1], *self._troubles]))

    # --- each -----------------------------------------------------------------------------------

    def _every(self, name: str) -> Iterator[tuple[SecretSource, str]]:
        yield from self._written(name)
        keyring, _ = self._keyring
        if keyring is not None:
            yield SecretSource(SourceKind.KEYRING), self._asked(keyring, name)

    def _written(self, name: str) -> Iterator[tuple[SecretSource, str]]:
        """Those that are there without asking anybody."""
        yield SecretSource(SourceKind.ENVIRONMENT), (self.environment.get(name) or "").strip()
        folder = self.environment.get(CREDENTIALS)
        if folder:
            yield SecretSource(SourceKind.CREDENTIAL, folder), _credential(Path(folder) / name)
        where = plain((self.folder / ".env").absolute())
        yield SecretSource(SourceKind.ENV_FILE, where), (self._env_file.get(name) or "").strip()

    def _asked(self, keyring: Keyring, name: str) -> str:
        """A keyring that is locked, or fails, has nothing, and that is said; in our words, for its
        own may quote what it keeps."""
        try:
            return (keyring.get_password(_SERVICE, name) or "").strip()
        except Exception as error:
            words = f"the desktop keyring does not answer ({type(error).__name__}): unlock it"
            self._troubles[f"{words}, or uninstall keyring"] = None
            return ""

    def _of_keystore(self) -> FoundSecret | None:
        """The last one that is asked."""
        keystore = self.keystore
        if self._opened:
            return self._opened[0]
        if keystore is None:
            return None
        given = self.find(PASSPHRASE)
        passphrase = given.secret if given is not None else self._asked_for(keystore)
        source = SecretSource(SourceKind.KEYSTORE, plain(keystore.path))
        self._opened.append(FoundSecret(PRIVATE_KEY, keystore.opened(passphrase), source))
        return self._opened[0]

    def _asked_for(self, keystore: Keystore) -> Secret:
        if self.ask_passphrase is None:
            raise Fatal(
                f"the keystore {plain(keystore.path)} wants its pass phrase and nobody sits here:"
                f" set {PASSPHRASE}, or give it as a systemd credential of that name"
            )
        return Secret(self.ask_passphrase(plain(keystore.path)))


def _credential(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_LONGEST).decode().strip()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise Fatal(f"cannot read the credential {plain(path)}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Fatal(f"the credential {plain(path)} is no text") from None
