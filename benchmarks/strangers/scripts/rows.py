"""A table of calls, one JSON line a row. The standard library alone: it runs in any client's own
environment, beside a client that knows nothing of it."""

from __future__ import annotations

import inspect
import json
import sys
import urllib.request
from collections.abc import Callable
from typing import Any

_LONGEST_WORDS = 300
_ASK_WITHIN_S = 60.0


class Rows:
    """Makes calls and says what became of each. State: which methods were called."""

    def __init__(
        self,
        client: str,
        refusal_of: Callable[[Exception], str | None],
        *,
        prefix: str = "",
        called: set[str] | None = None,
    ) -> None:
        """`refusal_of` turns an exception into the venue's own words, "404 market not found"; None
        for an exception that is not an answer of the venue. `prefix` stands before each method."""
        self._client = client
        self._refusal_of = refusal_of
        self._prefix = prefix
        self._called = set[str]() if called is None else called

    def named(self, prefix: str) -> Rows:
        """The same table for another part of the client: "public."."""
        return Rows(self._client, self._refusal_of, prefix=prefix, called=self._called)

    def call(
        self,
        method: str,
        call: Callable[[], Any],
        *,
        holds: Callable[[Any], object] | None = None,
        refused: str = "",
        stands_for: tuple[str, ...] = (),
    ) -> Any:
        """One row of a call that blocks; what it returned, None where it raised. `holds` looks
        whether the answer makes sense, `refused` is a part of the words that the venue itself
        would refuse it with."""
        try:
            value = call()
        except Exception as error:  # whatever a stranger raises becomes a row
            return self._raised(method, error, refused, stands_for)
        return self._returned(method, value, holds, refused, stands_for)

    async def wait(
        self,
        method: str,
        call: Callable[[], Any],
        *,
        holds: Callable[[Any], object] | None = None,
        refused: str = "",
        stands_for: tuple[str, ...] = (),
    ) -> Any:
        """The same of a call that may have to be awaited."""
        try:
            value = call()
            if inspect.isawaitable(value):
                value = await value
        except Exception as error:
            return self._raised(method, error, refused, stands_for)
        return self._returned(method, value, holds, refused, stands_for)

    def untried(self, kind: type) -> None:
        """A row that fails for every public method of `kind` that no row has called."""
        for name in sorted(dir(kind)):
            member = getattr(kind, name)
            if name.startswith("_") or not callable(member) or inspect.isclass(member):
                continue
            if f"{self._prefix}{name}" not in self._called:
                self._print(name, "fails", "nobody called it")

    def _raised(
        self, method: str, error: Exception, refused: str, stands_for: tuple[str, ...]
    ) -> None:
        words = self._refusal_of(error)
        if words is not None and refused and refused.lower() in words.lower():
            self._row(method, "refused", words, stands_for)
        else:
            self._row(method, "fails", words or f"{type(error).__name__}: {error}", stands_for)

    def _returned(
        self,
        method: str,
        value: Any,
        holds: Callable[[Any], object] | None,
        refused: str,
        stands_for: tuple[str, ...],
    ) -> Any:
        if refused:
            self._row(method, "fails", f"it should be refused: {refused}", stands_for)
            return value
        try:
            odd = "" if holds is None or holds(value) else f"an answer without sense: {value!r}"
        except Exception as error:
            odd = f"an answer without sense ({type(error).__name__}: {error}): {value!r}"
        self._row(method, "fails" if odd else "works", odd, stands_for)
        return value

    def _row(self, method: str, outcome: str, words: str, stands_for: tuple[str, ...]) -> None:
        for name in (method, *stands_for):
            self._called.add(self._prefix + name.partition(" ")[0])
            self._print(name, outcome, words)

    def _print(self, method: str, outcome: str, words: str) -> None:
        row = {
            "client": self._client,
            "method": self._prefix + method,
            "outcome": outcome,
            "words": " ".join(words.split())[:_LONGEST_WORDS],
        }
        print(json.dumps(row), flush=True)


class Venue:
    """The simulated venue as one of these scripts knows it: the addresses on standard input."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.urls: dict[str, Any] = told["urls"]
        self.round: dict[str, Any] = told["round"]
        """condition_id, slug, up, down, event_id, market_id: open for long."""
        self.brief: dict[str, Any] = told["brief"]
        """The same of a round that is over soon."""
        self.key: str = told["key"]
        """A private key of nobody: this wallet is for this script alone."""
        self.options: dict[str, Any] = told["options"]
        self.is_patient: bool = told.get("is_patient", False)
        """Whether there is time to wait for the end of a round."""

    @staticmethod
    def told() -> Venue:
        return Venue(json.load(sys.stdin))

    def control(self, route: str, document: dict[str, Any]) -> Any:
        """An order to the venue itself: `("/faucet", {...})`."""
        request = urllib.request.Request(
            f"{self.urls['control']}{route}",
            json.dumps(document).encode(),
            {
                "Authorization": f"Bearer {self.urls['control_token']}",
                "Content-Type": "application/json",
            },
            method="POST",
        )
        with urllib.request.urlopen(request, timeout=_ASK_WITHIN_S) as answer:
            return json.load(answer)

    def shares(self, wallet: str, token: str) -> float:
        """What a wallet has in the venue's own books."""
        return float(self._account(wallet)["shares"].get(token, 0))

    def usd(self, wallet: str) -> float:
        return float(self._account(wallet)["usd"])

    def _account(self, wallet: str) -> dict[str, Any]:
        request = urllib.request.Request(
            f"{self.urls['control']}/account?wallet={wallet}",
            headers={"Authorization": f"Bearer {self.urls['control_token']}"},
        )
        with urllib.request.urlopen(request, timeout=_ASK_WITHIN_S) as answer:
            account: dict[str, Any] = json.load(answer)
            return account

    def fund(self, owner: str, *, signature_type: int = 0, is_approved: bool = True) -> Any:
        """A thousand dollars for the wallet of this type that `owner` signs for."""
        return self.control(
            "/faucet",
            {
                "owner": owner,
                "dollars": "1000",
                "signature_type": signature_type,
                "is_approved": is_approved,
            },
        )

    def relayer_key(self, owner: str) -> str:
        """A key of the relayer for wallets of `owner`."""
        return str(self.control("/relayer-key", {"address": owner})["key"])
