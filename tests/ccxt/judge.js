// judge.js BASE_URL: ccxt, a client that knows nothing of this repository, uses the paper exchange as it uses
// the real ones.  Prints one line per check, "ok ..." or "FAILED ...: why", and ends with status 1 if any failed.
// ccxt is found through NODE_PATH.
//
// What is expected is what docs/paper_exchange.md says the account holds, and what the control endpoint says
// the books are; not what the venues' answers look like.
'use strict';

const ccxt = require('ccxt');

const base = process.argv[2];
const key = 'paper-key';
const secret = 'paper-secret-0123456789abcdef0123456789abcdef';
const passphrase = 'paper-passphrase';

const holdings = { BTC: [1.25, 0.25], ETH: [12.5, 0], XRP: [5000, 100], USDT: [25000.5, 1500] };
const positions = [{ base: 'BTC', side: 'long', size: 0.5, entry: 94000 },
	{ base: 'ETH', side: 'short', size: 3, entry: 3300 }];

// How each venue is reached, and what ccxt knows of it.  Lists of markets that the paper exchange does not have
// (options, inverse contracts) and of coins' networks are not asked for.
const venues = [
	{
		id: 'binance', symbol: 'BTC/USDT', native: 'BTCUSDT', methods: ['fetchTime', 'fetchStatus'],
		api: (url) => ({ public: `${url}/api/v3`, private: `${url}/api/v3`, sapi: `${url}/sapi/v1` }),
		options: { fetchMarkets: { types: ['spot'] }, fetchMargins: false },
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
		api: (url) => ({ public: url, private: url }), also: { KRW: [10000000, 250000] },
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

async function checkBook(venue, exchange) {
	await control('POST', `/${venue.id}/frozen`);
	const expected = (await control('GET', '/books'))[venue.id][venue.native];
	const book = await exchange.fetchOrderBook(venue.symbol, 5);
	await control('DELETE', `/${venue.id}/frozen`);
	same('best bid', book.bids[0][0], Number(expected.bid));
	same('best ask', book.asks[0][0], Number(expected.ask));
	equal('levels', book.bids.length, 5);
	// What ccxt takes from Bybit is when the answer was written: not before the book, and not after now.
	const written = exchange.id === 'bybit' && book.timestamp >= expected.time && book.timestamp <= Date.now() + 10;
	if (book.timestamp !== undefined && !written && Math.abs(book.timestamp - expected.time) > 10)
		throw new Error(`timestamp is ${book.timestamp}, not ${expected.time}`);
	if (!(book.bids[0][1] > 0 && book.bids[0][0] > book.bids[1][0] && book.asks[0][0] < book.asks[1][0]))
		throw new Error('levels are out of order');
}

async function checkMoves(venue, exchange) {
	const text = async () => {
		const book = await exchange.fetchOrderBook(venue.symbol, 20);
		return JSON.stringify([book.bids, book.asks]);
	};
	const first = await text();
	const until = Date.now() + 10000;
	while (await text() === first)
		if (Date.now() > until)
			throw new Error('the book has not moved for 10 s');
}

async function checkBalance(venue, exchange) {
	const balance = await exchange.fetchBalance();
	if (venue.margin) {  // one wallet, and the profit of the positions on top
		const account = await exchange.fetchPositions();
		const profit = account.reduce((sum, each) => sum + each.unrealizedPnl, 0);
		const slack = Math.abs(balance.USDT.total - (25000.5 + 1500 + profit));
		if (!(slack < 500))  // the price has moved between the two
			throw new Error(`USDT ${balance.USDT.total}, off by ${slack}`);
		return;
	}
	for (const [asset, [free, locked]] of Object.entries({ ...holdings, ...(venue.also || {}) })) {
		same(`${asset} free`, balance[asset].free, free);
		same(`${asset} used`, balance[asset].used, locked);
		same(`${asset} total`, balance[asset].total, free + locked);
	}
}

async function checkPositions(venue, exchange) {
	const found = await exchange.fetchPositions();
	equal('count', found.length, positions.length);
	for (const expected of positions) {
		const symbol = venue.spotOnly ? `${expected.base}/USDT` : `${expected.base}/USDT:USDT`;
		const position = found.find((each) => each.symbol === symbol);
		if (position === undefined)
			throw new Error(`no position of ${symbol}: ${found.map((each) => each.symbol)}`);
		equal(`${symbol} side`, position.side, expected.side);
		const size = venue.spotOnly ? 1 : position.contractSize;
		if (venue.contracts)
			same(`${symbol} contract size`, size, venue.contracts[expected.base]);
		same(`${symbol} size`, position.contracts * size, expected.size);
		if (!venue.spotOnly)
			same(`${symbol} entry`, position.entryPrice, expected.entry);
		if (typeof position.unrealizedPnl !== 'number')
			throw new Error(`${symbol} has no profit`);
	}
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

async function checkStatus(venue, exchange) {
	const at = venue.id === 'binanceusdm' ? 'binance' : venue.id;
	equal('status', (await exchange.fetchStatus()).status, 'ok');
	await control('POST', `/${at}/maintenance`);
	equal('status in maintenance', (await exchange.fetchStatus()).status, 'maintenance');
	await control('DELETE', `/${at}/maintenance`);
	equal('status afterwards', (await exchange.fetchStatus()).status, 'ok');
}

async function checkNoOrders(venue, exchange) {
	await control('DELETE', '');
	await fails(() => exchange.createOrder(venue.symbol, 'limit', 'buy', 100, 1), ccxt.BaseError);
	const { requests } = await control('GET', '/requests');
	if (!requests.some((each) => each.exchange === venue.id && each.method === 'POST' &&
		(each.status === 404 || each.status === 405)))
		throw new Error(`not recorded: ${JSON.stringify(requests)}`);
}

async function judge(venue) {
	const exchange = client(venue);
	const id = venue.id;

	await check(`${id} loadMarkets`, async () => {
		await exchange.loadMarkets();
		equal('active', exchange.market(venue.symbol).active, true);
	});
	for (const method of ['fetchTime', 'fetchStatus'])
		await check(`${id} ${method} is there if ccxt says so`, async () =>
			equal(method, Boolean(exchange.has[method]), venue.methods.includes(method)));
	if (venue.methods.includes('fetchTime'))
		await check(`${id} fetchTime`, async () => {
			const off = Math.abs(await exchange.fetchTime() - Date.now());
			if (!(off < 5000))  // Kraken tells whole seconds
				throw new Error(`off by ${off} ms`);
		});
	if (venue.methods.includes('fetchStatus'))
		await check(`${id} fetchStatus`, () => checkStatus(venue, exchange));
	await check(`${id} fetchOrderBook`, () => checkBook(venue, exchange));
	await check(`${id} fetchOrderBook moves`, () => checkMoves(venue, exchange));
	await check(`${id} fetchBalance`, () => checkBalance(venue, exchange));
	if (venue.positions)
		await check(`${id} fetchPositions`, () => checkPositions(venue, exchange));
	const wrong = Buffer.from('not the secret').toString('base64');
	await check(`${id} wrong secret`, () => fails(() => client(venue, { secret: wrong }).fetchBalance(),
		venue.wrongSecret ? ccxt.ExchangeError : ccxt.AuthenticationError, venue.wrongSecret));
	await check(`${id} wrong key`, () => fails(() => client(venue, { apiKey: 'nobody' }).fetchBalance(),
		ccxt.AuthenticationError));
	await check(`${id} takes no orders`, () => checkNoOrders(venue, exchange));
}

(async () => {
	for (const venue of venues)
		await judge(venue);
	process.exit(failed > 0 ? 1 : 0);
})();
