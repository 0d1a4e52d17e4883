"""What became of a batch that was sent more than once, each time under another name.

All of them have one nonce, so one of them at most is done. Each is asked for: the first may be done
though the last is unknown.
"""

from __future__ import annotations

from collections.abc import Sequence

from polytui.execution.wallet_sender import BatchFate, BatchStage, SentBatch, WalletSender


async def fate_of(sender: WalletSender, every_sent: Sequence[SentBatch]) -> BatchFate:
    """The newest first: of most batches that is all. Errors as of `WalletSender.fate`."""
    fates: list[BatchFate] = []
    for sent in every_sent:
        fate = await sender.fate(sent)
        if fate.stage.is_done:
            return fate
        fates.append(fate)
    return max(fates, key=_weight)


def _weight(fate: BatchFate) -> int:
    """What says most of all of them. One that was taken may be done still. One that failed and was
    paid for is in a block: it used the nonce up. One that a relayer calls failed says nothing of
    the others, and a nonce that is used says that one of them may be done."""
    match fate.stage:
        case BatchStage.WAITING:
            return 4
        case BatchStage.FAILED if fate.gas_wei:
            return 3
        case BatchStage.OVERTAKEN:
            return 2
        case BatchStage.FAILED:
            return 1
        case _:
            return 0
