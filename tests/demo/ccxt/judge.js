// judge.js BASE_URL: ccxt, a client that knows nothing of this repository, uses the paper exchange as it uses
// the real ones.  Prints one line per check, "ok ..." or "FAILED ...: why", and ends with status 1 if any failed.
// ccxt is found through NODE_PATH.
//
// What is expected is what docs/paper_exchange.md says the account holds, and what the control endpoint says
// the books are; not what the venues' answers look like.
'use strict';

const { ccxt, venues, check, same, equal, client, control, fails, finish } = require('./venues.js');

const holdings = { BTC: [1.25, 0.25], ETH: [12.5, 0], XRP: [5000, 100], USDT: [25000.5, 1500] };
const positions = [{ base: 'BTC', side: 'long', size: 0.5, entry: 94000 },
	{ base: 'ETH', side: 'short', size: 3, entry: 3300 }];

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

// All tickers and some: as many as there are markets, and their prices are those of the books.
async function checkTickers(venue, exchange) {
	await control('POST', `/${venue.id}/frozen`);
	const books = (await control('GET', '/books'))[venue.id];
	const tickers = await exchange.fetchTickers();
	const [first, second] = Object.keys(tickers).slice(5);
	const some = await exchange.fetchTickers([first, second]);
	await control('DELETE', `/${venue.id}/frozen`);
	equal('tickers', Object.keys(tickers).length, Object.keys(books).length);
	equal('some', Object.keys(some).sort().join(), [first, second].sort().join());
	for (const [symbol, ticker] of Object.entries(tickers)) {
		const book = books[exchange.market(symbol).id];
		if (!(ticker.last > Number(book.bid) && ticker.last < Number(book.ask)))
			throw new Error(`${symbol}: ${ticker.last} is not within ${book.bid} to ${book.ask}`);
		if (!(ticker.quoteVolume > 0 && Math.abs(ticker.baseVolume * ticker.last / ticker.quoteVolume - 1) < 0.1))
			throw new Error(`${symbol}: ${ticker.baseVolume} for ${ticker.quoteVolume}`);
		if (!(ticker.low <= ticker.last && ticker.last <= ticker.high && Math.abs(ticker.percentage) < 10))
			throw new Error(`${symbol}: ${JSON.stringify(ticker)}`);
	}
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
	if (venue.tickers)
		await check(`${id} fetchTickers`, () => checkTickers(venue, exchange));
	if (id === 'upbit')
		await check('upbit fetchOrderBook of USDT/KRW', () =>
			checkBook({ id, symbol: 'USDT/KRW', native: 'KRW-USDT' }, exchange));
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
	finish();
})();
