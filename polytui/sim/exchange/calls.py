"""What a call to a contract asks for, decoded. Amounts are the chain's integers: millionths."""

from __future__ import annotations

from attrs import frozen


@frozen
class SplitCall:
    """Dollars into both outcomes: a whole set a dollar."""

    target: str
    """The contract that was called, lower case: an adapter of "v1" rounds or the router of "v2"."""
    condition: str
    """Condition id as the round has it, 32 bytes in lower hex."""
    amount: int


@frozen
class MergeCall:
    """Both outcomes back into dollars."""

    target: str
    condition: str
    amount: int


@frozen
class RedeemCall:
    """Of a resolved round: what the wallet holds of both outcomes, or an amount of one."""

    target: str
    condition: str
    outcome_index: int | None = None
    """None: the whole balance of both."""
    amount: int = 0


@frozen
class ApproveCall:
    """ERC-20: a spender may take so much."""

    token: str
    spender: str
    amount: int


@frozen
class ApproveAllCall:
    """ERC-1155: an operator may move every share, or no longer."""

    token: str
    operator: str
    is_approved: bool


@frozen
class TransferCall:
    """ERC-20: dollars to somebody else."""

    token: str
    to: str
    amount: int


@frozen
class TransferSharesCall:
    """ERC-1155: shares of one token to somebody else."""

    token: str
    owner: str
    to: str
    token_id: str
    amount: int


@frozen
class WrapCall:
    """Tokens of a bridge into dollars of somebody, one for one; the contract takes them."""

    target: str
    to: str
    amount: int


@frozen
class NothingCall:
    """A call to an address without code: it succeeds and does nothing."""

    target: str


@frozen
class RevertingCall:
    """A call that its contract does not know or cannot read, or that this chain has no part for."""

    target: str
    reason: str = ""


ChainCall = (
    SplitCall
    | MergeCall
    | RedeemCall
    | ApproveCall
    | ApproveAllCall
    | TransferCall
    | TransferSharesCall
    | WrapCall
    | NothingCall
    | RevertingCall
)
