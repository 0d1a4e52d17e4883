"""Somebody with a key of his own who trades over HTTP, in a hand that is not the venue's.

What he signs is written out here from the venue's papers, and signed by eth-account.
"""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import httpx

_ZERO = "0x" + "00" * 32
_TYPES = {
    "EIP712Domain": [
        {"name": "name", "type": "string"},
        {"name": "version", "type": "string"},
        {"name": "chainId", "type": "uint256"},
        {"name": "verifyingContract", "type": "address"},
    ],
    "Order": [
        {"name": "salt", "type": "uint256"},
        {"name": "maker", "type": "address"},
        {"name": "signer", "type": "address"},
        {"name": "tokenId", "type": "uint256"},
        {"name": "makerAmount", "type": "uint256"},
        {"name": "takerAmount", "type": "uint256"},
        {"name": "side", "type": "uint8"},
        {"name": "signatureType", "type": "uint8"},
        {"name": "timestamp", "type": "uint256"},
        {"name": "metadata", "type": "bytes32"},
        {"name": "builder", "type": "bytes32"},
    ],
}
_DOMAIN = {
    "name": "Polymarket CTF Exchange",
    "version": "2",
    "chainId": 137,
    "verifyingContract": "0xE111180000d2663C0091e4f400237545B87B996B",
}
_AUTH_TYPES = {
    "EIP712Domain": _TYPES["EIP712Domain"][:3],
    "ClobAuth": [
        {"name": "address", "type": "address"},
        {"name": "timestamp", "type": "string"},
        {"name": "nonce", "type": "uint256"},
        {"name": "message", "type": "string"},
    ],
}
BATCH_TYPES = {
    "Batch": [
        {"name": "wallet", "type": "address"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
        {"name": "calls", "type": "Call[]"},
    ],
    "Call": [
        {"name": "target", "type": "address"},
        {"name": "value", "type": "uint256"},
        {"name": "data", "type": "bytes"},
    ],
}
"""What a deposit wallet has signed for the relayer."""
_AUTH_WORDS = "This message attests that I control the given wallet"


class Stranger:
    """`clock_s`: the time he stamps his requests with. Needs `load_ethereum` before."""

    def __init__(self, http: httpx.AsyncClient, number: int, clock_s: Callable[[], int]) -> None:
        from eth_account import Account

        self._account = Account.from_key(number.to_bytes(32, "big"))
        self._http = http
        self._salt = 0
        self._clock_s = clock_s
        self.address: str = self._account.address
        self.wallet = self.address.lower()
        self.credentials: dict[str, str] = {}

    @property
    def now_s(self) -> int:
        return self._clock_s()

    async def come_in(self) -> None:
        """Makes a key at the venue."""
        message = {
            "address": self.address,
            "timestamp": str(self.now_s),
            "nonce": 0,
            "message": _AUTH_WORDS,
        }
        signature = self._sign(
            _AUTH_TYPES,
            "ClobAuth",
            {"name": "ClobAuthDomain", "version": "1", "chainId": 137},
            message,
        )
        headers = {
            "POLY_ADDRESS": self.address,
            "POLY_SIGNATURE": signature,
            "POLY_TIMESTAMP": str(self.now_s),
            "POLY_NONCE": "0",
        }
        answer = await self._http.post("/clob/auth/api-key", headers=headers)
        assert answer.status_code == 200, answer.text
        self.credentials = answer.json()

    def order(
        self,
        token_id: str,
        side: str,
        making: float,
        taking: float,
        order_type: str = "GTC",
        **changes: Any,
    ) -> dict[str, Any]:
        """A body of `POST /order`, signed: he gives `making` and takes `taking`."""
        self._salt += 1
        signed = {
            "salt": self._salt,
            "maker": self.address,
            "signer": self.address,
            "tokenId": int(token_id),
            "makerAmount": round(making * 10**6),
            "takerAmount": round(taking * 10**6),
            "side": ("BUY", "SELL").index(side),
            "signatureType": 0,
            "timestamp": self.now_s * 1000,
            "metadata": _ZERO,
            "builder": changes.pop("builder", _ZERO),
        }
        order = {
            **signed,
            "tokenId": token_id,
            "makerAmount": str(signed["makerAmount"]),
            "takerAmount": str(signed["takerAmount"]),
            "side": side,
            "expiration": str(changes.pop("expiration", 0)),
            "timestamp": str(signed["timestamp"]),
            "signature": self._sign(_TYPES, "Order", _DOMAIN, signed),
        }
        owner = self.credentials["apiKey"]
        return {"order": order, "owner": owner, "orderType": order_type, **changes}

    async def ask(
        self, method: str, path: str, document: Any = None, **params: Any
    ) -> httpx.Response:
        """A private request; `document` is its body."""
        body = b"" if document is None else json.dumps(document).encode()
        return await self._http.request(
            method,
            f"/clob{path}",
            content=body,
            params=params,
            headers={"Content-Type": "application/json", **self.headers(method, path, body)},
        )

    async def read(self, path: str, **params: Any) -> Any:
        answer = await self.ask("GET", path, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def place(self, *orders: Any) -> Any:
        """One, or several as a batch; what the venue says to them."""
        path, document = ("/order", orders[0]) if len(orders) == 1 else ("/orders", list(orders))
        answer = await self.ask("POST", path, document)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def headers(self, method: str, path: str, body: bytes = b"") -> dict[str, str]:
        signed = f"{self.now_s}{method}{path}".encode() + body
        secret = urlsafe_b64decode(self.credentials["secret"])
        return {
            "POLY_ADDRESS": self.address,
            "POLY_SIGNATURE": urlsafe_b64encode(hmac.digest(secret, signed, "sha256")).decode(),
            "POLY_TIMESTAMP": str(self.now_s),
            "POLY_API_KEY": self.credentials["apiKey"],
            "POLY_PASSPHRASE": self.credentials["passphrase"],
        }

    def subscription(self, *markets: str) -> str:
        """The first frame to the user channel."""
        given = self.credentials
        auth = {name: given[name] for name in ("apiKey", "secret", "passphrase")}
        frame = {"type": "user", "auth": auth}
        return json.dumps({**frame, "markets": markets} if markets else frame)

    def _sign(self, types: Any, primary: str, domain: Any, message: Any) -> str:
        from eth_account.messages import encode_typed_data

        typed = {"types": types, "primaryType": primary, "domain": domain, "message": message}
        signed = self._account.sign_message(encode_typed_data(full_message=typed))
        return "0x" + signed.signature.hex().removeprefix("0x")
