// A table of calls, one JSON line a row; beside a client that knows nothing of it (see rows.py).
"use strict";

const LONGEST_WORDS = 300;

class Rows {
    // `refusalOf` turns what was returned or thrown into the venue's own words; "" where it is none.
    constructor(client, refusalOf) {
        this.client = client;
        this.refusalOf = refusalOf;
        this.called = new Set();
    }

    // One row; what the call returned, undefined where it was refused or failed.
    async call(method, call, { holds = undefined, refused = "" } = {}) {
        this.called.add(method.split(" ")[0]);
        let value;
        try {
            value = await call();
        } catch (error) {
            return this.#judged(method, this.refusalOf(error) || `${error}`, refused);
        }
        const words = this.refusalOf(value);
        if (words) return this.#judged(method, words, refused);
        if (refused) {
            this.#print(method, "fails", `it should be refused: ${refused}`);
            return value;
        }
        let sense;
        try {
            sense = holds === undefined || holds(value);
        } catch (error) {
            sense = false;
        }
        if (sense) this.#print(method, "works", "");
        else this.#print(method, "fails", `an answer without sense: ${JSON.stringify(value)}`);
        return value;
    }

    // A row that fails for every public method that no row has called.
    untried(kind) {
        for (const name of Object.getOwnPropertyNames(kind.prototype).sort()) {
            if (PRIVATE.has(name) || name.startsWith("_") || this.called.has(name)) continue;
            this.#print(name, "fails", "nobody called it");
        }
    }

    #judged(method, words, refused) {
        const meant = refused && words.toLowerCase().includes(refused.toLowerCase());
        this.#print(method, meant ? "refused" : "fails", words);
        return undefined;
    }

    #print(method, outcome, words) {
        words = words.split(/\s+/).join(" ").slice(0, LONGEST_WORDS);
        console.log(JSON.stringify({ client: this.client, method, outcome, words }));
    }
}

// Of ClobClient: what its declaration calls private; JavaScript shows it all the same.
const PRIVATE = new Set([
    "constructor", "waitForResolvedTrades", "resolveTransactionsHashes", "canL1Auth", "canL2Auth",
    "isBuilderOrder", "getBuilderTakerFeeRate", "adjustBuyAmountForBalance",
    "ensureBuilderFeeRateCached", "resolveVersion", "throwIfError", "get", "post", "del",
]);

// What the runner tells on standard input.
async function told() {
    let text = "";
    for await (const chunk of process.stdin) text += chunk;
    return JSON.parse(text);
}

// An order to the venue itself: `control(urls, "/faucet", {...})`.
async function control(urls, route, document) {
    const answer = await fetch(`${urls.control}${route}`, {
        method: "POST",
        headers: {
            "Authorization": `Bearer ${urls.control_token}`,
            "Content-Type": "application/json",
        },
        body: JSON.stringify(document),
    });
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
    return answer.json();
}

module.exports = { Rows, told, control };
