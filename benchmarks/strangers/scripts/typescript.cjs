// Every method of @polymarket/clob-client-v2 against the simulated venue, as a wallet of one key.
"use strict";

const { createRequire } = require("node:module");
const { Rows, control, told } = require("./rows.cjs");

const installed = createRequire(`${process.argv[2]}/package.json`);
const { ClobClient, OrderType, Side, AssetType } = installed("@polymarket/clob-client-v2");
const { Wallet } = installed("@ethersproject/wallet");

const CHAIN_ID = 137;
const BUILDER = `0x${"b1".repeat(32)}`;
const TODAY = new Date().toISOString().slice(0, 10);
const TINY = 0.01; // a price at which the crowd sells nothing
const seconds = () => Math.floor(Date.now() / 1000);
const isList = (it) => Array.isArray(it);

// The client returns refusals: {error, status}.
function refusalOf(it) {
    if (!it || typeof it !== "object" || it.status === undefined || it.error === undefined) return "";
    const words = typeof it.error === "object" ? it.error.error_msg || it.error : it.error;
    return `${it.status} ${typeof words === "string" ? words : JSON.stringify(words)}`;
}

async function main() {
    const venue = await told();
    const rows = new Rows("@polymarket/clob-client-v2", refusalOf);
    const signer = new Wallet(venue.key);
    const common = { host: venue.urls.clob, chain: CHAIN_ID, signer };
    const client = new ClobClient(common);
    await publicRows(rows, client, common, venue);
    const creds = await keyRows(rows, client);
    if (creds && creds.key) {
        const money = { owner: signer.address, dollars: "1000" };
        await rows.call("control.faucet", () => control(venue.urls, "/faucet", money));
        const trader = new ClobClient({ ...common, creds });
        await accountRows(rows, trader, common, creds, venue);
        await orderRows(rows, trader, venue);
        await rewardRows(rows, trader);
        await rows.call("deleteApiKey", () => trader.deleteApiKey(), { holds: (it) => it === "OK" });
        await rows.call("getApiKeys (of a key that is gone)", () => trader.getApiKeys(), {
            refused: "401 ",
        });
    }
    rows.untried(ClobClient);
}

async function publicRows(rows, client, common, { round }) {
    const { up, down, condition_id: condition } = round;
    const both = [
        { token_id: up, side: Side.BUY },
        { token_id: down, side: Side.SELL },
    ];
    const number = (name) => ({ holds: (it) => Number(it[name]) >= 0 && Number(it[name]) <= 1 });
    const ofBoth = { holds: (it) => Object.keys(it).length === 2 && up in it && down in it };
    await rows.call("getOk", () => client.getOk(), { holds: (it) => it === "OK" });
    await rows.call("getVersion", () => client.getVersion(), { holds: (it) => it === 2 });
    await rows.call("getServerTime", () => client.getServerTime(), {
        holds: (it) => Math.abs(it - seconds()) < 5,
    });
    for (const name of ["getMarkets", "getSimplifiedMarkets"]) {
        await rows.call(name, () => client[name](), { holds: (it) => it.data.length > 0 });
    }
    for (const name of ["getSamplingMarkets", "getSamplingSimplifiedMarkets"]) {
        await rows.call(name, () => client[name](), { holds: (it) => it.next_cursor !== undefined });
    }
    await rows.call("getMarket", () => client.getMarket(condition), {
        holds: (it) => it.condition_id === condition,
    });
    await rows.call("getMarket (unknown)", () => client.getMarket(`0x${"00".repeat(32)}`), {
        refused: "404 market not found",
    });
    // A client of its own for what would be answered out of a cache.
    const fresh = () => new ClobClient(common);
    await rows.call("getTickSize", () => fresh().getTickSize(up), { holds: (it) => Number(it) <= 0.01 });
    await rows.call("getNegRisk", () => fresh().getNegRisk(up), { holds: (it) => it === false });
    await rows.call("getFeeRateBps", () => fresh().getFeeRateBps(up), { holds: (it) => it > 0 });
    await rows.call("getFeeExponent", () => fresh().getFeeExponent(up), { holds: (it) => it >= 1 });
    await rows.call("getClobMarketInfo", () => client.getClobMarketInfo(condition), {
        holds: (it) => it.t.every((token) => [up, down].includes(token.t)),
    });
    const book = await rows.call("getOrderBook", () => client.getOrderBook(up), {
        holds: (it) => it.asks.length > 0 && it.asset_id === up,
    });
    const said = book && book.hash;
    // It hashes whatever it was given: a book of the second protocol says its version besides.
    await rows.call("getOrderBookHash", () => client.getOrderBookHash({ ...book }), {
        holds: (it) => it === said || round.is_v2,
    });
    await rows.call("getOrderBooks", () => client.getOrderBooks(both), {
        holds: (it) => it.length === 2,
    });
    await rows.call("getPrice", () => client.getPrice(up, Side.BUY), number("price"));
    await rows.call("getPrices", () => client.getPrices(both), {
        holds: (it) => Number(it[up].BUY) >= 0 && Number(it[down].SELL) <= 1,
    });
    await rows.call("getMidpoint", () => client.getMidpoint(up), number("mid"));
    await rows.call("getMidpoints", () => client.getMidpoints(both), ofBoth);
    await rows.call("getSpread", () => client.getSpread(up), number("spread"));
    await rows.call("getSpreads", () => client.getSpreads(both), ofBoth);
    await rows.call("getLastTradePrice", () => client.getLastTradePrice(up), number("price"));
    await rows.call("getLastTradesPrices", () => client.getLastTradesPrices(both), {
        holds: (it) => it.every((one) => [up, down].includes(one.token_id)),
    });
    await rows.call("calculateMarketPrice", () => client.calculateMarketPrice(up, Side.BUY, 5), {
        holds: (it) => it > 0 && it < 1,
    });
    await rows.call(
        "getPricesHistory",
        () => client.getPricesHistory({ market: up, interval: "1h" }),
        { holds: (it) => it.history.every((point) => point.p > 0 && point.p < 1) },
    );
    await rows.call("getMarketTradesEvents", () => client.getMarketTradesEvents(condition), {
        holds: isList,
    });
    await rows.call("getCurrentRewards", () => client.getCurrentRewards(), { holds: isList });
    await rows.call("getRawRewardsForMarket", () => client.getRawRewardsForMarket(condition), {
        holds: isList,
    });
    await rows.call(
        "getBuilderTrades", () => client.getBuilderTrades({ builder_code: BUILDER }),
        { holds: (it) => it.trades.length === 0 },
    );
}

async function keyRows(rows, client) {
    const isKey = (it) => it.key.length === 36 && Boolean(it.secret && it.passphrase);
    const made = await rows.call("createApiKey", () => client.createApiKey(7), { holds: isKey });
    await rows.call("deriveApiKey", () => client.deriveApiKey(7), {
        holds: (it) => isKey(it) && it.key === made.key && it.secret === made.secret,
    });
    return rows.call("createOrDeriveApiKey", () => client.createOrDeriveApiKey(), { holds: isKey });
}

async function accountRows(rows, client, common, creds, { round }) {
    await rows.call("getApiKeys", () => client.getApiKeys(), {
        holds: (it) => it.apiKeys.includes(creds.key),
    });
    const wrong = new ClobClient({ ...common, creds: { ...creds, passphrase: "another" } });
    await rows.call("getApiKeys (wrong passphrase)", () => wrong.getApiKeys(), { refused: "401 " });
    await rows.call("getClosedOnlyMode", () => client.getClosedOnlyMode(), {
        holds: (it) => it.closed_only === false,
    });
    const lesser = await rows.call("createReadonlyApiKey", () => client.createReadonlyApiKey(), {
        holds: (it) => it.apiKey,
    });
    await rows.call("getReadonlyApiKeys", () => client.getReadonlyApiKeys(), {
        holds: (it) => JSON.stringify(it).includes(lesser.apiKey),
    });
    await rows.call("deleteReadonlyApiKey", () => client.deleteReadonlyApiKey(lesser.apiKey));
    const builder = await rows.call("createBuilderApiKey", () => client.createBuilderApiKey(), {
        holds: (it) => it.key,
    });
    await rows.call("getBuilderApiKeys", () => client.getBuilderApiKeys(), {
        holds: (it) => JSON.stringify(it).includes(builder.key),
    });
    await rows.call("revokeBuilderApiKey", () => client.revokeBuilderApiKey());
    const usd = { asset_type: AssetType.COLLATERAL };
    await rows.call("updateBalanceAllowance", () => client.updateBalanceAllowance(usd));
    await rows.call("getBalanceAllowance", () => client.getBalanceAllowance(usd), {
        holds: (it) => it.balance === "1000000000" && Object.keys(it.allowances).length > 0,
    });
    await rows.call(
        "getBalanceAllowance (shares)",
        () => client.getBalanceAllowance({ asset_type: round.is_v2 ? "CONDITIONAL-V2" : AssetType.CONDITIONAL, token_id: round.up }),
        { holds: (it) => it.balance === "0" },
    );
    const beat = await rows.call("postHeartbeat", () => client.postHeartbeat(), {
        holds: (it) => it.heartbeat_id,
    });
    await rows.call("postHeartbeat (wrong id)", () => client.postHeartbeat("not-the-last"), {
        refused: "400 ",
    });
    if (beat) await client.postHeartbeat(beat.heartbeat_id);
}

async function orderRows(rows, client, { round }) {
    const { up, condition_id: condition } = round;
    const how = round.is_v2 ? { version: 3 } : {}; // the exchange that positions are traded at
    const rest = (size, more = {}) =>
        client.createOrder({ tokenID: up, price: TINY, size, side: Side.BUY, ...more }, how);
    const isLive = { holds: (it) => it.success && it.status === "live" };
    const isMatched = { holds: (it) => it.success && it.status === "matched" && it.tradeIDs.length > 0 };

    const signed = await rows.call("createOrder", () => rest(10), { holds: (it) => it.signature });
    const posted = await rows.call("postOrder", () => client.postOrder(signed), isLive);
    await rows.call("postOrder (twice)", () => client.postOrder(signed), { refused: "Duplicated" });
    const orderID = posted ? posted.orderID : "";
    await rows.call("getOrder", () => client.getOrder(orderID), {
        holds: (it) => it.id === orderID && Number(it.original_size) === 10,
    });
    await rows.call("getOpenOrders", () => client.getOpenOrders({ market: condition }), {
        holds: (it) => it.length === 1 && it[0].id === orderID,
    });
    await rows.call("isOrderScoring", () => client.isOrderScoring({ order_id: orderID }), {
        holds: (it) => typeof it.scoring === "boolean",
    });
    await rows.call("areOrdersScoring", () => client.areOrdersScoring({ orderIds: [orderID] }), {
        holds: (it) => orderID in it,
    });
    await rows.call("cancelOrder", () => client.cancelOrder({ orderID }), {
        holds: (it) => it.canceled[0] === orderID,
    });
    const batch = await rows.call(
        "postOrders",
        async () => client.postOrders([
            { order: await rest(6), orderType: OrderType.GTC },
            { order: await rest(7), orderType: OrderType.GTC },
        ]),
        { holds: (it) => it.every((one) => one.status === "live") },
    );
    const ids = (batch || []).map((one) => one.orderID);
    await rows.call("cancelOrders", () => client.cancelOrders(ids), {
        holds: (it) => it.canceled.length === 2,
    });
    await rows.call(
        "createAndPostOrder",
        () => client.createAndPostOrder(
            { tokenID: up, price: TINY, size: 8, side: Side.BUY }, how, OrderType.GTC, true,
        ),
        isLive,
    );
    await rows.call(
        "createAndPostOrder (GTD)",
        () => client.createAndPostOrder(
            { tokenID: up, price: TINY, size: 9, side: Side.BUY, expiration: seconds() + 600 },
            how, OrderType.GTD,
        ),
        isLive,
    );
    await rows.call(
        "createAndPostOrder (too small)",
        () => client.createAndPostOrder({ tokenID: up, price: TINY, size: 3, side: Side.BUY }, how),
        { refused: "lower than the minimum: 5" },
    );
    await rows.call("cancelMarketOrders", () => client.cancelMarketOrders({ market: condition }), {
        holds: (it) => it.canceled.length === 2,
    });
    const amounts = { tokenID: up, side: Side.BUY, makerAmount: "100000", takerAmount: "10000000" };
    await rows.call(
        "createExchangeV3OrderFromAmounts",
        async () => client.postOrder(await client.createExchangeV3OrderFromAmounts(amounts)),
        round.is_v2 ? isLive : { refused: "order_version_mismatch" },
    );
    await client.cancelAll();
    const bought = await rows.call(
        "createAndPostMarketOrder",
        () => client.createAndPostMarketOrder(
            { tokenID: up, amount: 5, side: Side.BUY, orderType: OrderType.FAK }, how, OrderType.FAK,
        ),
        { holds: (it) => isMatched.holds(it) && it.transactionsHashes.length > 0 },
    );
    const market = await rows.call(
        "createMarketOrder",
        () => client.createMarketOrder({ tokenID: up, amount: 5, side: Side.SELL }, how),
        { holds: (it) => it.signature },
    );
    await rows.call("postOrder (FOK)", () => client.postOrder(market, OrderType.FOK), isMatched);
    await rows.call("getTrades", () => client.getTrades({ market: condition }), {
        holds: (it) => bought.tradeIDs.every((id) => it.some((one) => one.id === id)),
    });
    await rows.call("getTradesPaginated", () => client.getTradesPaginated(), {
        holds: (it) => it.trades.length > 0,
    });
    await rows.call("getPreMigrationOrders", () => client.getPreMigrationOrders(), {
        holds: (it) => it.length === 0,
    });
    const last = await rows.call(
        "postOrder (the last)", async () => client.postOrder(await rest(12)), isLive,
    );
    await rows.call("cancelAll", () => client.cancelAll(), {
        holds: (it) => it.canceled.length === 1 && it.canceled[0] === last.orderID,
    });
    const notes = await rows.call("getNotifications", () => client.getNotifications(), {
        holds: isList,
    });
    const some = (notes || []).map((one) => String(one.id));
    await rows.call("dropNotifications", () =>
        client.dropNotifications({ ids: some.length ? some : ["1"] }));
}

async function rewardRows(rows, client) {
    await rows.call("getEarningsForUserForDay", () => client.getEarningsForUserForDay(TODAY), {
        holds: isList,
    });
    await rows.call(
        "getTotalEarningsForUserForDay", () => client.getTotalEarningsForUserForDay(TODAY),
        { holds: isList },
    );
    await rows.call(
        "getUserEarningsAndMarketsConfig", () => client.getUserEarningsAndMarketsConfig(TODAY),
        { holds: isList },
    );
    await rows.call("getRewardPercentages", () => client.getRewardPercentages(), {
        holds: (it) => typeof it === "object" && !isList(it),
    });
}

main();
