// What the ccxt scripts share: the venues as ccxt knows them, the control endpoint, and checks that print one line
// each, "ok ..." or "FAILED ...: why".  ccxt is found through NODE_PATH.
'use strict';

const ccxt = require('ccxt');

const base = process.argv[2];
const key = 'paper-key';
const secret = 'paper-secret-0123456789abcdef0123456789abcdef';
const passphrase = 'paper-passphrase';

// How each venue is reached, and what ccxt knows of it.  Lists of markets that the paper exchange does not have
// (options, inverse contracts) and of coins' networks are not asked for.
const venues = [
	{
		id: 'binance', symbol: 'BTC/USDT', native: 'BTCUSDT', methods: ['fetchTime', 'fetchStatus'],
		api: (url) => ({ public: `${url}/api/v3`, private: `${url}/api/v3`, sapi: `${url}/sapi/v1` }),
		options: { fetchMarkets: { types: ['spot'] }, fetchMargins: false }, tickers: true,
	},
	{
		// It has no status endpoint of its own: clients ask the spot venue's.
		id: 'binanceusdm', symbol: 'BTC/USDT:USDT', native: 'BTCUSDT', methods: ['fetchTime', 'fetchStatus'],
		api: (url) => ({
			fapiPublic: `${url}/fapi/v1`, fapiPrivate: `${url}/fapi/v1`, fapiPrivateV3: `${url}/fapi/v3`,
			sapi: `${base}/binance/sapi/v1`,
		}),
		positions: true, margin: true,
	},
	{
		id: 'upbit', symbol: 'BTC/KRW', native: 'KRW-BTC', methods: [],
		api: (url) => ({ public: url, private: url }), also: { KRW: [10000000, 250000] }, tickers: true,
	},
	{
		id: 'bybit', symbol: 'BTC/USDT', native: 'BTCUSDT', methods: ['fetchTime', 'fetchStatus'],
		api: (url) => ({ public: url, private: url }), positions: true,
		options: { fetchMarkets: { types: ['spot', 'linear'] } },
	},
	{
		id: 'okx', symbol: 'BTC/USDT', native: 'BTC-USDT', methods: ['fetchTime', 'fetchStatus'],
		api: (url) => ({ rest: url }), positions: true, contracts: { BTC: 0.01, ETH: 0.1 },
		options: { fetchMarkets: { types: ['spot', 'swap'] } },
	},
	{
		id: 'kraken', symbol: 'BTC/USDT', native: 'XBTUSDT', methods: ['fetchTime', 'fetchStatus'],
		api: (url) => ({ public: url, private: url }), positions: true, spotOnly: true,
		secret: Buffer.from(secret).toString('base64'),
		// ccxt has no class of its own for the words Kraken has for a wrong signature; for a wrong key it has.
		wrongSecret: 'EAPI:Invalid signature',
	},
];

let failed = 0;

async function check(name, run) {
	try {
		await run();
		console.log(`ok ${name}`);
	} catch (error) {
		failed++;
		console.log(`FAILED ${name}: ${String(error && error.message || error).split('\n')[0].slice(0, 400)}`);
	}
}

function same(what, actual, expected) {
	if (typeof actual !== 'number' || Math.abs(actual - expected) > 1e-9 * Math.max(1, Math.abs(expected)))
		throw new Error(`${what} is ${actual}, not ${expected}`);
}

function equal(what, actual, expected) {
	if (actual !== expected)
		throw new Error(`${what} is ${actual}, not ${expected}`);
}

function client(venue, credentials) {
	const exchange = new ccxt[venue.id]({
		enableRateLimit: false, timeout: 20000, apiKey: key, secret: venue.secret || secret, password: passphrase,
		...credentials, options: { fetchCurrencies: false, ...(venue.options || {}) },
	});
	Object.assign(exchange.urls.api, venue.api(`${base}/${venue.id}`));
	if (venue.id !== 'kraken')  // there, they are what names the assets
		exchange.has.fetchCurrencies = false;
	return exchange;
}

async function control(method, path) {
	const response = await fetch(`${base}/control${path}`, { method });
	if (response.status !== 200)
		throw new Error(`control ${method} ${path}: ${response.status}`);
	return response.json();
}

async function fails(call, kind, words) {
	try {
		await call();
	} catch (error) {
		if (!(error instanceof kind))
			throw new Error(`${error.constructor.name} in place of ${kind.name}: ${error.message}`);
		if (words !== undefined && !error.message.includes(words))
			throw new Error(`without '${words}': ${error.message}`);
		return;
	}
	throw new Error('succeeded');
}

function venue(id) {
	return venues.find((each) => each.id === id);
}

function finish() {
	process.exit(failed > 0 ? 1 : 0);
}

module.exports = { ccxt, base, secret, venues, venue, check, same, equal, client, control, fails, finish };
