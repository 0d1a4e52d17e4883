"""Nothing trades where the venue says no, or says nothing; and what is missing is said in words."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from attrs import define, field

from polytui.config.api_key import ApiKey
from polytui.config.secrets import Secret
from polytui.config.state_folder import StateFolder
from polytui.execution.admission import CLOSED_ONLY, NO_PLACE, Admission, missing
from polytui.execution.arming import Armed, arm_simulated
from polytui.model.errors import Blocked
from polytui.net.clock import Clock
from polytui.net.http import Http, HttpSettings
from polytui.venues.polymarket.clob_account import ClobAccount
from polytui.venues.polymarket.clob_answers import Funds
from polytui.venues.polymarket.contracts import EXCHANGES, POLYGON
from polytui.venues.polymarket.wallet import WalletType, wallet_of

pytestmark = pytest.mark.trio
WALLET = wallet_of(Secret("0x" + "6e" * 32), WalletType.DEPOSIT)
CONTRACTS = EXCHANGES[POLYGON]
STANDARD, POSITIONS, NEG_RISK = CONTRACTS.standard, CONTRACTS.positions, CONTRACTS.neg_risk
WHOLE = {STANDARD.lower(): 10**30, POSITIONS: 10**30}
KEY = {"apiKey": "derived", "secret": "AAECAwQFBgcICQoLDA0ODw==", "passphrase": "a-pass-phrase"}
KEPT = ApiKey("kept", Secret("EBESExQVFhcYGRobHB0eHw=="), Secret("another-phrase"))
OPEN: dict[str, object] = {
    "/api/geoblock": {"blocked": False, "country": "IE", "region": "D"},
    "/auth/derive-api-key": KEY,
    "/auth/ban-status/closed-only": {"closed_only": False},
    "/v1/user/rate-limit-tier": {"tier": "standard"},
    "/balance-allowance/update": "",
    "/balance-allowance": {
        "balance": "25000000",
        "allowances": {contract: str(left) for contract, left in WHOLE.items()},
    },
}
Answer = tuple[int, object]


@define
class Venue:
    """What it answers by path. State: what it was asked."""

    answers: dict[str, object]
    takes_key: Callable[[str], bool] = lambda key: True
    asked: list[str] = field(factory=list)

    async def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append(path)
        key = request.headers.get("POLY_API_KEY")
        if key is not None and not self.takes_key(key):
            return httpx.Response(401, json={"error": "Unauthorized/Invalid api key"})
        status, body = 200, self.answers[path]
        if isinstance(body, tuple):
            status, body = body
        content = body if isinstance(body, str) else json.dumps(body)
        return httpx.Response(status, content=content.encode())

    def http(self) -> Http:
        transport = httpx.MockTransport(self.answer)
        return Http("http://127.0.0.1:1", HttpSettings(tries=1), transport)


async def admitted(
    venue: Venue, states: StateFolder | None = None, who: Armed | None = None
) -> tuple[ClobAccount, list[str]]:
    said: list[str] = []
    account = await Admission(
        who or arm_simulated(WALLET, None, []),
        venue.http(),
        venue.http(),
        Clock.starting_at(1_795_204_800 * 10**9, 1.0),
        lambda level, asset, text: said.append(f"{level}: {text}"),
        states,
    ).admitted()
    return account, said


async def refused(venue: Venue, states: StateFolder | None = None) -> Blocked:
    with pytest.raises(Blocked) as caught:
        await admitted(venue, states)
    for secret in (KEY["secret"], KEY["passphrase"], WALLET.key.reveal()[2:]):
        assert secret not in str(caught.value)
    return caught.value


async def test_who_may_trade_and_has_money_is_let_in_without_a_word() -> None:
    venue = Venue(OPEN)
    _, said = await admitted(venue)
    assert said == []
    assert venue.asked[0] == "/api/geoblock", "before anything is signed"
    assert venue.asked.index("/balance-allowance/update") < venue.asked.index("/balance-allowance")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"blocked": True, "country": "GB", "region": "ENG"}, "trading from here (GB/ENG)"),
        ((403, "forbidden"), "nobody says whether trading is allowed from here"),
        ((500, "oops"), "nobody says whether trading is allowed from here"),
        ("<html>", "nobody says whether trading is allowed from here"),
        ({"country": "IE"}, "nobody says whether trading is allowed from here"),
        ({"blocked": "no"}, "nobody says whether trading is allowed from here"),
    ],
)
async def test_a_place_that_is_blocked_or_says_nothing_is_the_end(
    answer: object, words: str
) -> None:
    venue = Venue({**OPEN, "/api/geoblock": answer})
    blocked = await refused(venue)
    assert (blocked.tag, words in str(blocked)) == (NO_PLACE, True)
    assert venue.asked == ["/api/geoblock"], "no key is asked for, and nothing signed"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"closed_only": True}, "only sell what it holds (closed only)"),
        ((500, "oops"), "does not say whether this wallet may trade"),
        ("{}", "does not say whether this wallet may trade"),
        ((400, {"error": f"who sends {KEY['secret']} to us?"}), "does not take the key"),
    ],
)
async def test_a_wallet_that_may_only_sell_begins_nothing(answer: object, words: str) -> None:
    blocked = await refused(Venue({**OPEN, "/auth/ban-status/closed-only": answer}))
    assert (blocked.tag, words in str(blocked)) == (CLOSED_ONLY, True), str(blocked)


async def test_a_key_is_derived_once_and_kept(tmp_path: Path) -> None:
    states, venue = StateFolder(tmp_path / "polytui"), Venue(OPEN)
    await admitted(venue, states)
    kept = states.api_key(WALLET.owner, 137)
    assert kept is not None
    assert kept.key == "derived"
    await admitted(venue, states)
    assert venue.asked.count("/auth/derive-api-key") == 1


async def test_a_kept_key_that_is_not_taken_any_more_is_derived_anew(tmp_path: Path) -> None:
    states = StateFolder(tmp_path / "polytui")
    states.keep_api_key(WALLET.owner, 137, KEPT)
    await admitted(Venue(OPEN, lambda key: key == "derived"), states)
    kept = states.api_key(WALLET.owner, 137)
    assert kept is not None
    assert kept.key == "derived"


@pytest.mark.parametrize(
    "path", [path for path in OPEN if path not in ("/api/geoblock", "/auth/derive-api-key")]
)
@pytest.mark.parametrize(
    ("words", "tag"),
    [("Trading restricted in your region", NO_PLACE), ("address banned", CLOSED_ONLY)],
)
async def test_whatever_is_asked_at_the_door_a_no_of_the_law_is_the_end(
    path: str, words: str, tag: str
) -> None:
    blocked = await refused(Venue({**OPEN, path: (403, {"error": words})}))
    assert (blocked.tag, words in str(blocked)) == (tag, True), str(blocked)
    assert "log in" not in str(blocked), "that would not help"


async def test_a_key_that_is_never_taken_is_not_derived_for_ever(tmp_path: Path) -> None:
    states = StateFolder(tmp_path / "polytui")
    states.keep_api_key(WALLET.owner, 137, KEPT)
    venue = Venue(OPEN, lambda key: False)
    assert "does not take the key" in str(await refused(venue, states))
    assert venue.asked.count("/auth/derive-api-key") == 1


async def test_a_key_that_is_given_counts_before_a_kept_one(tmp_path: Path) -> None:
    states, taken = StateFolder(tmp_path / "polytui"), list[str]()
    states.keep_api_key(WALLET.owner, 137, KEPT)
    given = ApiKey("given", KEPT.secret, KEPT.passphrase)

    def takes(key: str) -> bool:
        taken.append(key)
        return True

    await admitted(Venue(OPEN, takes), states, arm_simulated(WALLET, given, []))
    assert set(taken) == {"given"}


async def test_a_venue_that_does_not_say_what_there_is_is_no_reason_to_stop() -> None:
    _, said = await admitted(Venue({**OPEN, "/balance-allowance": (500, "oops")}))
    (words,) = said
    assert words.startswith("warn: the venue does not say what the wallet holds")


@pytest.mark.parametrize(
    ("funds", "words"),
    [
        (Funds(25_000_000, WHOLE), []),
        (Funds(25_000_000, {**WHOLE, NEG_RISK: 0}), []),
        (Funds(25_000_000, {"": 10**30}), []),
        (Funds(25_000_000), []),
        (Funds(0, WHOLE), ["sees no dollars in"]),
        (Funds(25_000_000, {**WHOLE, STANDARD: 0}), [f"({STANDARD}) may not take dollars"]),
        (Funds(25_000_000, {POSITIONS: 10**30}), [f"({STANDARD}) may not take dollars"]),
        (Funds(0, {"": 0}), ["sees no dollars in", "exchange v1", "exchange v2"]),
        (Funds(25_000_000, {**WHOLE, POSITIONS: 5_000_000}), ["may take only $5.00 of $25.00"]),
    ],
)
async def test_what_is_missing_is_said(funds: Funds, words: list[str]) -> None:
    said = missing(WALLET, funds)
    assert len(said) == len(words)
    assert all(part in line for part, line in zip(words, said, strict=True))
    assert all(WALLET.funder in line for line in said)
