"""Who asks the relayer: the headers of a relayer's key, or those of a builder's, which sign."""

from __future__ import annotations

from polytui.config.relayer_key import GaslessKey, RelayerKey
from polytui.net.clock import machine_s
from polytui.venues.polymarket.clob_auth import l2_signature


def relayer_headers(key: GaslessKey, method: str, path: str, body: bytes) -> dict[str, str]:
    """For one request, as it leaves now. `path` may carry a query, which is not signed."""
    if isinstance(key, RelayerKey):
        return {"RELAYER_API_KEY": key.key.reveal(), "RELAYER_API_KEY_ADDRESS": key.address}
    api_key, second = key.api_key, machine_s()
    return {
        "POLY_BUILDER_API_KEY": api_key.key,
        "POLY_BUILDER_PASSPHRASE": api_key.passphrase.reveal(),
        "POLY_BUILDER_SIGNATURE": l2_signature(api_key, second, method, path, body),
        "POLY_BUILDER_TIMESTAMP": str(second),
    }
