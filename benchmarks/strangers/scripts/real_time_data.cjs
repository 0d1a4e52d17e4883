// Every method of @polymarket/real-time-data-client against the simulated venue's RTDS.
"use strict";

const { createRequire } = require("node:module");
const { Rows, told } = require("./rows.cjs");

const installed = createRequire(`${process.argv[2]}/package.json`);
const { RealTimeDataClient } = installed("@polymarket/real-time-data-client");

const WITHIN_MS = 30000;
const SYMBOL = (name) => JSON.stringify({ symbol: name });

// It prints what is not JSON, the venue's "pong" among it; the table is all that we print.
console.log = ((print) => (line) => String(line).startsWith("{") && print(line))(console.log);
console.error = () => undefined;
console.warn = () => undefined;

// What the client tells its user, and a way to wait for some of it.
class Heard {
    constructor() {
        this.messages = [];
        this.states = [];
        this.waiting = [];
    }

    add(message) {
        this.messages.push(message);
        this.waiting = this.waiting.filter(([fits, done]) => !(fits(message) && (done(message), true)));
    }

    next(fits) {
        return new Promise((done, fail) => {
            this.waiting.push([fits, done]);
            setTimeout(() => fail(new Error(`nothing within ${WITHIN_MS} ms`)), WITHIN_MS).unref();
        });
    }
}

const subscriptions = (topic, type, filters) => ({ subscriptions: [{ topic, type, filters }] });

async function main() {
    const { urls, brief } = await told();
    const rows = new Rows("@polymarket/real-time-data-client", () => "");
    const heard = new Heard();
    let client;
    await rows.call("connect", () => new Promise((done, fail) => {
        client = new RealTimeDataClient({
            host: urls.rtds_ws,
            pingInterval: 500,
            onConnect: done,
            onMessage: (_, message) => heard.add(message),
            onStatusChange: (state) => heard.states.push(state),
        });
        client.connect();
        setTimeout(() => fail(new Error("it did not connect")), WITHIN_MS).unref();
    }), { holds: () => heard.states.includes("CONNECTED") });

    for (const [name, topic, type, filters, fits] of [
        ["crypto_prices", "crypto_prices", "update", SYMBOL("btcusdt"),
            (it) => it.payload.value > 0 && it.payload.symbol === "btcusdt"],
        ["crypto_prices_chainlink", "crypto_prices_chainlink", "*", SYMBOL("btc/usd"),
            (it) => it.payload.value > 0 && /^\d{20,}$/.test(it.payload.full_accuracy_value)],
        ["crypto_prices_twap_sixty", "crypto_prices_twap_sixty", "update", SYMBOL("btc/usd"),
            (it) => it.payload.window_s === 60],
        ["activity trades", "activity", "trades", "", isTrade],
        ["activity orders_matched", "activity", "orders_matched",
            JSON.stringify({ event_slug: brief.slug }),
            (it) => isTrade(it) && it.payload.eventSlug === brief.slug],
    ]) {
        const coming = heard.next((it) => it.topic === topic && it.type !== "subscribe");
        await rows.call(`subscribe (${name})`, () => {
            client.subscribe(subscriptions(topic, type, filters));
            return coming;
        }, { holds: fits });
        client.unsubscribe(subscriptions(topic, type, filters));
    }
    await history(rows, client, heard);
    await refusals(rows, urls, client.ws.constructor);
    await silence(rows, client, heard);
    await rows.call("ping", () => client.ping());
    await rows.call("notifyStatusChange", () => client.notifyStatusChange("CONNECTED"));
    await rows.call("disconnect", () => new Promise((done) => {
        client.onStatusChange = (state) => done(state);
        client.disconnect();
    }), { holds: (state) => state === "DISCONNECTED" });
    rows.untried(RealTimeDataClient);
}

function isTrade(it) {
    const { payload } = it;
    return ["BUY", "SELL"].includes(payload.side) && payload.price > 0 && payload.price < 1
        && payload.size > 0 && payload.conditionId.startsWith("0x") && payload.asset.length > 60;
}

// A subscription with a symbol begins with the last minutes.
async function history(rows, client, heard) {
    const coming = heard.next((it) => it.type === "subscribe");
    await rows.call("subscribe (its history)", () => {
        client.subscribe(subscriptions("crypto_prices", "update", SYMBOL("btcusdt")));
        return coming;
    }, { holds: (it) => it.payload.data.length > 30 && it.payload.symbol === "btcusdt" });
}

// What the relay says to a topic that it does not have; the client keeps such frames for itself.
async function refusals(rows, urls, Socket) {
    await rows.call("subscribe (unknown topic)", () => new Promise((done, fail) => {
        const socket = new Socket(urls.rtds_ws);
        socket.onopen = () => socket.send(JSON.stringify(
            { action: "subscribe", ...subscriptions("no_topic", "*", "") }));
        socket.onmessage = ({ data }) => data && (socket.close(), done(JSON.parse(data)));
        setTimeout(() => fail(new Error("no answer")), WITHIN_MS).unref();
    }), { holds: (it) => it.statusCode === 401 && it.body.message.includes("no_topic not found") });
}

// After it has left everything nothing comes, though the socket stands.
async function silence(rows, client, heard) {
    await rows.call("unsubscribe", async () => {
        client.unsubscribe(subscriptions("crypto_prices", "update", SYMBOL("btcusdt")));
        await new Promise((done) => setTimeout(done, 500));
        const before = heard.messages.length;
        await new Promise((done) => setTimeout(done, 3000));
        return heard.messages.length - before;
    }, { holds: (count) => count === 0 });
}

main().then(() => process.exit(0), (error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
});
