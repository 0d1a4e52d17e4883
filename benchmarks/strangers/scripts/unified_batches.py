"""What polymarket-client signs and sends for given calls: asked by our tests, line by line.

Each line on standard input is a JSON document that says whose wallet it is and what is to be
called; each line on standard output has the calls' bytes, and the body of `/submit` or the raw
transaction, as the client's own transport would put them on the wire. Nothing is sent anywhere.
"""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace
from typing import Any

import httpx
from eth_account import Account
from polymarket._internal.actions.relayer import calls as made
from polymarket._internal.actions.relayer import gasless
from polymarket._internal.actions.relayer.submit import submit_gasless_sync
from polymarket._internal.environment import PRODUCTION_CONFIG as CONFIG
from polymarket._internal.eoa.broadcast import broadcast_eoa_call_sync
from polymarket._internal.eoa.rpc import SyncJsonRpcClient
from polymarket.clients._transport import SyncTransport
from polymarket.types import EvmAddress


def call_of(asked: dict[str, Any]) -> made.TransactionCall:
    name, of = asked["name"], asked["of"]
    if name in _OF_SETS:
        return _OF_SETS[name](target=_adapter(of), collateral=CONFIG.collateral_token, **_set(of))
    if name in _OF_ROUTER:
        return _OF_ROUTER[name](router=EvmAddress(CONFIG.protocol_v2_router), **_set(of))
    if name == "redeem":
        return made.ctf_redeem_positions_call(
            ctf=_adapter(of), collateral=CONFIG.collateral_token, condition_id=of["condition"]
        )
    if name == "approve":
        return made.erc20_approval_call(
            token_address=of["token"], spender=of["spender"], amount=int(of["amount"])
        )
    if name == "approve_all":
        return made.erc1155_set_approval_for_all_call(
            token_address=of["token"], operator=of["spender"], approved=of["is_approved"]
        )
    # Whatever it has no word for, such as wrapping, is a call that its user packs.
    return made.TransactionCall(to=of["to"], data=of["data"], value=int(of["value"]))


_OF_SETS = {"split": made.ctf_split_position_call, "merge": made.ctf_merge_positions_call}
_OF_ROUTER = {
    "router_split": made.router_split_call,
    "router_merge": made.router_merge_call,
    "router_redeem": made.router_redeem_call,
}


def _adapter(of: dict[str, Any]) -> EvmAddress:
    name = "neg_risk_collateral_adapter" if of["is_neg_risk"] else "collateral_adapter"
    return EvmAddress(getattr(CONFIG, name))


def _set(of: dict[str, Any]) -> dict[str, Any]:
    place = {"outcome_index": of["place"]} if "place" in of else {}
    return {"condition_id": of["condition"], "amount": int(of["amount"]), **place}


def transport(answer: Any, bodies: list[bytes]) -> SyncTransport:
    """The client's own, whose requests end here."""

    def asked(request: httpx.Request) -> httpx.Response:
        bodies.append(request.content)
        return httpx.Response(200, json=answer(request))

    client = httpx.Client(base_url="http://localhost", transport=httpx.MockTransport(asked))
    return SyncTransport(base_url="http://localhost", client=client)


def relayed(asked: dict[str, Any], calls: list[made.TransactionCall]) -> bytes:
    bodies: list[bytes] = []

    def answer(request: httpx.Request) -> dict[str, str]:
        if request.url.path == "/submit":
            return {"transactionID": "1", "state": "STATE_NEW"}
        return {"address": asked["relay"], "nonce": asked["nonce"]}

    def estimate(_transaction: Any) -> int:
        return int(asked["gas"])

    relayer = transport(answer, bodies)
    context = SimpleNamespace(
        wallet_type=asked["wallet_type"],
        signer=Account.from_key(asked["key"]),
        signer_type="OWNER",
        wallet=asked["wallet"],
        relayer=relayer,
        rpc=SimpleNamespace(eth_estimate_gas=estimate),
        environment_config=CONFIG,
    )
    gasless.time = SimpleNamespace(time=lambda: int(asked["deadline_s"]) - 600)
    payload = gasless.build_signed_payload_for_wallet_type_sync(
        context, calls=calls, metadata=asked["metadata"]
    )
    submit_gasless_sync(relayer, payload=payload)
    return bodies[-1]


def transaction(asked: dict[str, Any], call: made.TransactionCall) -> str:
    raw: list[str] = []

    def answer(request: httpx.Request) -> dict[str, Any]:
        document = json.loads(request.content)
        if document["method"] == "eth_sendRawTransaction":
            raw.extend(document["params"])
        results = {
            "eth_chainId": hex(CONFIG.chain_id),
            "eth_getTransactionCount": hex(int(asked["nonce"])),
            "eth_gasPrice": hex(int(asked["gas_price"])),
            "eth_estimateGas": hex(int(asked["gas"])),
            "eth_sendRawTransaction": "0x" + "00" * 32,
        }
        return {"jsonrpc": "2.0", "id": document["id"], "result": results[document["method"]]}

    broadcast_eoa_call_sync(
        rpc=SyncJsonRpcClient(transport(answer, [])),
        signer=Account.from_key(asked["key"]),
        call=call,
        chain_id=CONFIG.chain_id,
        max_polls=1,
        poll_delay_s=0.0,
    )
    return raw[0]


def main() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        calls = [call_of(one) for one in asked["calls"]]
        told: dict[str, Any] = {
            "calls": [{"to": one.to, "data": one.data, "value": str(one.value)} for one in calls]
        }
        if asked["wallet_type"] == "EOA":
            told["raw"] = transaction(asked, calls[0])
        else:
            told["body"] = relayed(asked, calls).decode()
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
