"""What every kind of wallet asks of the chain, over loopback: the venue's ledger changes by exactly
that, and once."""

from __future__ import annotations

import json

import pytest
from attrs import evolve
from live_accounts import PATIENT
from wallet_stand import KEY, millions, wallet_stand

from polytui.config.api_key import ApiKey
from polytui.config.relayer_key import BuilderKey, RelayerKey
from polytui.config.secrets import Secret
from polytui.execution.senders import sender_of
from polytui.execution.wallet_sender import BatchStage, NonceIs, WalletBusy, WouldRevert
from polytui.model.errors import Fatal, Rejected
from polytui.net.clock import machine_s
from polytui.net.http import Http
from polytui.venues.polymarket import chain_calls, contracts
from polytui.venues.polymarket.api_keys import api_key_of
from polytui.venues.polymarket.clob_auth import l2_headers
from polytui.venues.polymarket.relayer import is_deployed
from polytui.venues.polymarket.wallet import WalletType, wallet_of

pytestmark = pytest.mark.trio
KINDS = pytest.mark.parametrize("kind", WalletType)
PROTOCOLS = pytest.mark.parametrize("v2_share", [0.0, 1.0])


@KINDS
@PROTOCOLS
async def test_sets_are_made_and_melted_to_the_millionth(kind: WalletType, v2_share: float) -> None:
    async with wallet_stand(v2_share=v2_share) as stand:
        first, second = stand.rounds[-2:]
        wallet = await stand.fund(kind)
        fate = await stand.do(
            kind,
            [
                chain_calls.split(first, 20_000_001),
                chain_calls.split(second, 5_000_000),
                chain_calls.merge(first, 7_000_000),
            ],
            "two splits and a merge",
        )
        assert fate.transaction_hash
        usd, shares = await stand.has(wallet)
        assert usd == millions(1_000) - 20_000_001 - 5_000_000 + 7_000_000
        expected = {first.up_token: 13_000_001, first.down_token: 13_000_001}
        expected |= {second.up_token: 5_000_000, second.down_token: 5_000_000}
        assert shares == expected
        assert await stand.reads.shares(wallet.funder, [first, second]) == expected
        assert (await stand.reads.dollars(wallet.funder)).pusd == usd
        assert not await stand.reads.payouts([first, second])


@KINDS
async def test_nothing_is_allowed_that_was_not_asked_for(kind: WalletType) -> None:
    async with wallet_stand() as stand:
        wallet = await stand.fund(kind, is_approved=False)
        listed, adapter = stand.rounds[-1], contracts.COLLATERAL_ADAPTER
        spenders = [(contracts.PUSD, one) for one in (adapter, contracts.ROUTER)]
        operators = [(contracts.CONDITIONAL_TOKENS, one) for one in (adapter, contracts.ONRAMP)]
        assert await stand.reads.allowances(wallet.funder, spenders) == [0, 0]
        fate = await stand.do(
            kind,
            [
                chain_calls.approve(contracts.PUSD, adapter, millions(10)),
                chain_calls.approve_all(contracts.CONDITIONAL_TOKENS, adapter),
                chain_calls.split(listed, millions(3)),
                chain_calls.merge(listed, millions(3)),
            ],
        )
        assert fate.stage.is_done
        assert await stand.reads.allowances(wallet.funder, spenders) == [millions(7), 0]
        assert await stand.reads.approvals(wallet.funder, operators) == [True, False]
        assert await stand.has(wallet) == (millions(1_000), {})


@pytest.mark.parametrize("kind", [WalletType.DEPOSIT, WalletType.SAFE, WalletType.PROXY])
async def test_a_batch_that_would_revert_is_told_and_does_nothing(kind: WalletType) -> None:
    async with wallet_stand() as stand:
        wallet, listed = await stand.fund(kind, 5), stand.rounds[-1]
        sender = stand.sender(kind)
        calls = [chain_calls.split(listed, millions(2)), chain_calls.merge(listed, millions(3))]
        sent = await sender.send(await sender.sign(calls, await sender.nonce()))
        fate = await stand.over(kind, sent)
        assert fate.stage is BatchStage.FAILED
        assert "revert" in fate.why
        assert await stand.has(wallet) == (millions(5), {})


async def test_a_transaction_that_would_revert_is_not_even_signed() -> None:
    async with wallet_stand() as stand:
        kind = WalletType.EOA
        await stand.fund(kind, 5)
        sender = stand.sender(kind)
        with pytest.raises(WouldRevert, match="nothing was sent"):
            await sender.sign([chain_calls.split(stand.rounds[-1], millions(6))], 0)
        assert await sender.nonce() == 0


@KINDS
async def test_one_nonce_is_good_for_one_batch(kind: WalletType) -> None:
    """Sent twice, and another one with the same nonce: one of them is done, once."""
    async with wallet_stand() as stand:
        wallet, listed = await stand.fund(kind), stand.rounds[-1]
        sender = stand.sender(kind)
        one = await sender.sign([chain_calls.split(listed, millions(2))], await sender.nonce())
        other = await sender.sign([chain_calls.split(listed, millions(5))], one.sent.nonce)
        assert (await sender.fate(one.sent)).stage is BatchStage.NEVER_ARRIVED
        sent = await sender.send(one)
        if kind is WalletType.EOA:
            await sender.send(one)  # a node has it already, and says nothing else
        else:
            with pytest.raises((WalletBusy, NonceIs)):
                await sender.send(one)
        with pytest.raises((WalletBusy, NonceIs)):
            await sender.send(other)
        assert (await stand.over(kind, sent)).stage.is_done
        with pytest.raises(NonceIs) as told:
            await sender.send(other)
        assert told.value.nonce == one.sent.nonce + 1 == await sender.nonce()
        assert (await sender.fate(other.sent)).stage is BatchStage.OVERTAKEN
        assert (await sender.fate(one.sent)).stage.is_done, "found though its answer was lost"
        expected = {listed.up_token: millions(2), listed.down_token: millions(2)}
        assert await stand.has(wallet) == (millions(998), expected)


@KINDS
async def test_a_wrong_selector_or_argument_does_nothing(kind: WalletType) -> None:
    async with wallet_stand() as stand:
        wallet, listed = await stand.fund(kind), stand.rounds[-1]
        right = chain_calls.split(listed, millions(2))
        spoilt = [
            evolve(right, data=b"\1" + right.data[1:]),
            evolve(right, data=right.data[:-1] + b"\3"),
            evolve(right, data=right.data[:4] + bytes(32) + right.data[36:]),
            evolve(right, data=right.data + bytes(32), target=contracts.ROUTER),
            evolve(right, target=contracts.NEG_RISK_COLLATERAL_ADAPTER),
        ]
        sender = stand.sender(kind)
        for call in spoilt:
            if kind is WalletType.EOA:
                with pytest.raises(WouldRevert):
                    await sender.sign([call], await sender.nonce())
                continue
            sent = await sender.send(await sender.sign([call], await sender.nonce()))
            fate = await stand.over(kind, sent)
            assert fate.stage is BatchStage.FAILED
        assert await stand.has(wallet) == (millions(1_000), {})


async def test_a_wallet_that_is_not_on_the_chain_is_not_put_there() -> None:
    async with wallet_stand() as stand:
        sender, wallet = stand.sender(WalletType.DEPOSIT), wallet_of(KEY, WalletType.DEPOSIT)
        assert not await is_deployed(stand.relayer, wallet.funder)
        calls = [chain_calls.split(stand.rounds[-1], millions(1))]
        signed = await sender.sign(calls, await sender.nonce())
        with pytest.raises(Rejected, match="nothing does that from here"):
            await sender.send(signed)
        assert not await is_deployed(stand.relayer, wallet.funder)


async def test_a_builders_key_signs_what_it_submits() -> None:
    """Made at the CLOB as its owner makes one; a hundred batches a day are its own."""
    async with wallet_stand() as stand:
        kind = WalletType.SAFE
        wallet, listed = await stand.fund(kind), stand.rounds[-1]
        clob = Http(stand.urls.clob, PATIENT, is_loopback_only=True)
        own, path = await api_key_of(clob, wallet), "/auth/builder-api-key"
        answer = await clob.ask(
            "POST",
            path,
            stamp=lambda: l2_headers(own, wallet.owner, machine_s(), "POST", path, b""),
        )
        await clob.close()
        told = json.loads(answer.body)
        key = ApiKey(told["key"], Secret(told["secret"]), Secret(told["passphrase"]))
        sender = sender_of(wallet, BuilderKey(key), stand.clock, stand.relayer, stand.node)
        calls = [chain_calls.split(listed, millions(2))]
        sent = await sender.send(await sender.sign(calls, await sender.nonce(), "by a builder"))
        assert (await stand.over(kind, sent)).stage.is_done
        found = await sender.fate(evolve(sent, relayer_id=""))
        assert found.stage.is_done, "its own list has it"
        expected = {listed.up_token: millions(2), listed.down_token: millions(2)}
        assert await stand.has(wallet) == (millions(998), expected)


async def test_whose_key_it_is() -> None:
    async with wallet_stand() as stand:
        wallet = await stand.fund(WalletType.SAFE)
        with pytest.raises(Fatal, match="RELAYER_API_KEY"):
            sender_of(wallet, None, stand.clock, stand.relayer, stand.node)
        other = RelayerKey(stand.key.key, contracts.PUSD)
        with pytest.raises(Fatal, match="owner's wallets only"):
            sender_of(wallet, other, stand.clock, stand.relayer, stand.node)
        wrong = RelayerKey(Secret("not the one"), wallet.owner)
        sender = sender_of(wallet, wrong, stand.clock, stand.relayer, stand.node)
        with pytest.raises(Rejected, match="look at the relayer's key"):
            await sender.nonce()
        builder = BuilderKey(ApiKey("b" * 8, Secret("c2VjcmV0"), Secret("p4ssphrase")))
        sender = sender_of(wallet, builder, stand.clock, stand.relayer, stand.node)
        with pytest.raises(Rejected) as refused:
            await sender.nonce()
        assert "c2VjcmV0" not in str(refused.value)
        assert "p4ssphrase" not in str(refused.value)
