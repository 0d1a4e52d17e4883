"""What a call does, in words, told from its bytes: what was meant is not remembered, it is read.

Whoever is shown the words sees what would be signed, an error of ours in it included.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from polytui.model.units import MICRO
from polytui.venues.polymarket import contracts
from polytui.venues.polymarket.chain_calls import SELECTOR_BYTES, WITHOUT_END, Call, selector
from polytui.venues.polymarket.contracts import EXCHANGES, POLYGON
from polytui.venues.polymarket.ethereum import address_word, checksummed

_WORD = 32
_OUTCOMES = ("the first outcome", "the second outcome")

_NAMES = {
    contracts.PUSD: "pUSD",
    contracts.USDC_E: "USDC.e",
    contracts.CONDITIONAL_TOKENS: "conditional tokens",
    contracts.POSITION_MANAGER: "position manager",
    contracts.COLLATERAL_ADAPTER: "collateral adapter",
    contracts.NEG_RISK_COLLATERAL_ADAPTER: "neg-risk collateral adapter",
    contracts.ROUTER: "router",
    contracts.ONRAMP: "onramp",
    EXCHANGES[POLYGON].standard: "exchange",
    EXCHANGES[POLYGON].neg_risk: "neg-risk exchange",
    EXCHANGES[POLYGON].positions: "exchange of positions",
}
_DOLLARS = (contracts.PUSD, contracts.USDC_E)
_SHARES = (contracts.CONDITIONAL_TOKENS, contracts.POSITION_MANAGER)
_ADAPTERS = (contracts.COLLATERAL_ADAPTER, contracts.NEG_RISK_COLLATERAL_ADAPTER)


def contract_name(address: str) -> str:
    """As people call it, with its address; the bare address of a stranger."""
    name = _NAMES.get(address)
    return f"{name} ({address})" if name else address


def explained(call: Call) -> str:
    """One line. Of bytes that no contract of the venue knows it says just that."""
    words = _words(call)
    if call.value:
        words += f", with {call.value / 10**18:.9g} POL"
    return words


def _words(call: Call) -> str:
    where, data = contract_name(call.target), call.data
    known = _KNOWN.get((_group(call.target), data[:SELECTOR_BYTES]))
    values = _values(data)
    if known is not None and values is not None and len(values) == known[0]:
        told = known[1](call.target, values)
        if told:
            return told
    if not data:
        return f"call {where} with nothing"
    return f"call {where} with bytes that are not understood here: 0x{data.hex()[:80]}"


def _group(target: str) -> str:
    if target in _ADAPTERS:
        return "adapter"
    if target in _DOLLARS:
        return "dollars"
    if target in _SHARES:
        return "shares"
    return _NAMES.get(target, "")


def _values(data: bytes) -> list[bytes] | None:
    """Words behind the selector; None where they are not whole."""
    packed = data[SELECTOR_BYTES:]
    if len(packed) % _WORD:
        return None
    return [packed[at : at + _WORD] for at in range(0, len(packed), _WORD)]


_Values = Sequence[bytes]


def _split(target: str, values: _Values) -> str:
    return _of_sets(target, values, "split {} dollars into as many sets of {}", 5)


def _merge(target: str, values: _Values) -> str:
    return _of_sets(target, values, "merge {} sets of {} into dollars", 5)


def _of_sets(target: str, values: _Values, text: str, words: int) -> str:
    if not _is_whole_set(values, words):
        return ""
    return f"{text.format(_amount(values[4]), _condition(values[2]))}, at {contract_name(target)}"


def _redeem(target: str, values: _Values) -> str:
    if not _is_whole_set(values, 4):
        return ""
    return f"redeem all shares of {_condition(values[2])}, at {contract_name(target)}"


def _is_whole_set(values: _Values, words: int) -> bool:
    """Dollars at the root, and both outcomes: the adapters know nothing else."""
    return (
        values[0] == address_word(contracts.PUSD)
        and not any(values[1])
        and _number(values[3]) == words * _WORD
        and [_number(one) for one in values[words:]] == [2, 1, 2]
    )


def _router_split(target: str, values: _Values) -> str:
    return _routed(target, values, "split {} dollars into as many sets of {}")


def _router_merge(target: str, values: _Values) -> str:
    return _routed(target, values, "merge {} sets of {} into dollars")


def _routed(target: str, values: _Values, text: str) -> str:
    if values[0][-1]:
        return ""
    return f"{text.format(_amount(values[1]), _condition(values[0]))}, at {contract_name(target)}"


def _router_redeem(target: str, values: _Values) -> str:
    place = _number(values[1])
    if values[0][-1] or place >= len(_OUTCOMES):
        return ""
    shares, condition = _amount(values[2]), _condition(values[0])
    where = contract_name(target)
    return f"redeem {shares} shares of {_OUTCOMES[place]} of {condition}, at {where}"


def _approve(target: str, values: _Values) -> str:
    spender, amount = _address(values[0]), _number(values[1])
    if not spender:
        return ""
    who, token = contract_name(spender), contract_name(target)
    if not amount:
        return f"allow {who} to take no {token} any longer"
    most = "any amount of" if amount == WITHOUT_END else f"up to {_amount(values[1])}"
    return f"allow {who} to take {most} {token}"


def _approve_all(target: str, values: _Values) -> str:
    operator, flag = _address(values[0]), _number(values[1])
    if not operator or flag > 1:
        return ""
    may = "move all shares" if flag else "move no shares any longer"
    return f"allow {contract_name(operator)} to {may} in {contract_name(target)}"


def _wrap(target: str, values: _Values) -> str:
    asset, to = _address(values[0]), _address(values[1])
    if not asset or not to:
        return ""
    what = contract_name(asset)
    return f"wrap {_amount(values[2])} {what} into pUSD of {to}, at {contract_name(target)}"


def _amount(value: bytes) -> str:
    """Millionths, exactly."""
    whole, rest = divmod(_number(value), MICRO)
    return f"{whole}.{rest:06d}".rstrip("0").rstrip(".") if rest else str(whole)


def _condition(value: bytes) -> str:
    return f"round 0x{value.hex()}"


def _address(value: bytes) -> str:
    """Empty where the word is none."""
    return "" if any(value[:12]) else checksummed("0x" + value[12:].hex())


def _number(value: bytes) -> int:
    return int.from_bytes(value, "big")


_SET = "address,bytes32,bytes32,uint256[]"
_KNOWN: dict[tuple[str, bytes], tuple[int, Callable[[str, _Values], str]]] = {
    (group, selector(signature)): (words, told)
    for group, signature, words, told in (
        ("adapter", f"splitPosition({_SET},uint256)", 8, _split),
        ("adapter", f"mergePositions({_SET},uint256)", 8, _merge),
        ("adapter", f"redeemPositions({_SET})", 7, _redeem),
        ("router", "split(bytes31,uint256)", 2, _router_split),
        ("router", "merge(bytes31,uint256)", 2, _router_merge),
        ("router", "redeem(bytes31,uint256,uint256)", 3, _router_redeem),
        ("dollars", "approve(address,uint256)", 2, _approve),
        ("shares", "setApprovalForAll(address,bool)", 2, _approve_all),
        ("onramp", "wrap(address,address,uint256)", 3, _wrap),
    )
}
"""By contract and selector: how many words follow, and what they say."""
