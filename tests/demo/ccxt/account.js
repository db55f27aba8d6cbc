// account.js BASE_URL: what the faults of the account do, as ccxt sees it where it can, and each refusal in the
// venue's own words.  The expected is what docs/paper_exchange.md says.
'use strict';

const { ccxt, venues, venue, check, same, equal, client, control, fails, finish } = require('./venues.js');
const { binance, bybit, okx, kraken, upbit, token, claims } = require('./signed.js');

const with_ = async (faults, run) => {
	for (const each of faults)
		await control('POST', each);
	try {
		return await run();
	} finally {
		for (const each of faults)
			await control('DELETE', each.split('?')[0]);
	}
};

let nonce = BigInt(Date.now()) * 1000000n;
function fresh(id) {
	const played = { ...venue(id), options: { ...venue(id).options } };
	if (id === 'bybit')
		played.options.fetchMarkets = { types: ['spot', 'linear', 'inverse'] };
	const exchange = client(played);
	if (id === 'kraken')  // it signs beside us, with the same key
		exchange.nonce = () => nonce += 1n;
	return exchange;
}

// One client a venue: its markets are read once.
const clients = {};
async function open(id) {
	if (clients[id] === undefined) {
		clients[id] = fresh(id);
		await clients[id].loadMarkets();
	}
	return clients[id];
}

const at = (found, symbol, side) => {
	const position = found.find((each) => each.symbol === symbol && each.side === side);
	if (position === undefined)
		throw new Error(`no ${side} ${symbol}: ${found.map((each) => `${each.side} ${each.symbol}`)}`);
	return position;
};
const size = (position) => position.contracts * (position.contractSize || 1);

// JSON of a signed answer with status 200.
async function body(answer) {
	const text = await answer;
	if (!text.startsWith('200 '))
		throw new Error(text.slice(0, 200));
	return JSON.parse(text.slice(4));
}
const says = (name, answer, ...wanted) => check(name, async () => {
	const text = await answer();
	for (const each of wanted)
		if (!text.includes(each))
			throw new Error(`no '${each}' in ${text.slice(0, 300)}`);
});

const signed = {
	binance: (path = '/api/v3/account') => binance(`/binance${path}`, 'timestamp=NOW'),
	binanceusdm: (path = '/fapi/v3/positionRisk') => binance(`/binanceusdm${path}`, 'timestamp=NOW'),
	upbit: (path = '/v1/accounts') => upbit('', token('HS512', claims()), path),
	bybit: (query = 'category=linear&settleCoin=USDT', path = undefined) => bybit(query, { path }),
	okx: (path = '/api/v5/account/positions') => okx(path),
	kraken: (method = 'OpenPositions') => kraken(String(nonce += 1n), { method }),
};

async function checkHedge() {
	for (const id of ['binanceusdm', 'bybit', 'okx'])
		await check(`${id} hedge: both sides of one symbol`, () => with_([`/${id}/hedge`], async () => {
			const found = await (await open(id)).fetchPositions();
			equal('count', found.length, 3);
			for (const [symbol, side, expected] of [['BTC/USDT:USDT', 'long', 0.5], ['BTC/USDT:USDT', 'short', 0.2],
				['ETH/USDT:USDT', 'short', 3]]) {
				same(`${side} ${symbol}`, size(at(found, symbol, side)), expected);
				equal(`${symbol} hedged`, at(found, symbol, side).hedged, true);
			}
		}));
	for (const id of ['binanceusdm', 'bybit', 'okx'])
		await check(`${id} without hedge: one-way`, async () => {
			for (const each of await (await open(id)).fetchPositions())
				equal(`${each.symbol} hedged`, each.hedged, false);
		});
}

async function checkInverse() {
	for (const [id, params] of [['bybit', { subType: 'inverse', type: 'swap' }], ['okx', {}]])
		await check(`${id} inverse: in contracts of USD`, () => with_([`/${id}/inverse`], async () => {
			const exchange = await open(id), found = await exchange.fetchPositions(undefined, params);
			const position = at(found, 'BTC/USD:BTC', 'short');
			equal('market', exchange.market('BTC/USD:BTC').inverse, true);
			same('USD', size(position), 5000);
			same('entry', position.entryPrice, 94000);
			same('profit', position.unrealizedPnl, Math.round(1e8 * -5000 * (1 / 94000 - 1 / position.markPrice)) / 1e8);
		}));
	await check('bybit inverse: not among the linear ones', () => with_(['/bybit/inverse'], async () =>
		equal('count', (await (await open('bybit')).fetchPositions()).length, 2)));
	await check('bybit inverse: without the fault there is none', async () =>
		equal('list', (await body(signed.bybit('category=inverse'))).result.list.length, 0));
}

async function checkDrift() {
	for (const id of ['binanceusdm', 'bybit', 'okx', 'kraken'])
		await check(`${id} drift: of the position`, () => with_([`/${id}/drift?value=-0.000000000000000001`], async () => {
			const text = await signed[id]();
			const expected = id === 'okx' ? '49.9999999999999999' : '0.499999999999999999';
			if (!text.includes(`"${expected}"`) || !text.includes(id === 'okx' ? '"-30.00"' : '3.000'))
				throw new Error(text.slice(0, 400));
		}));
	for (const id of ['binance', 'upbit'])
		await says(`${id} drift: of the balance`, () => with_([`/${id}/drift?value=0.1`], () => signed[id]()), '"1.35000000"',
			'"12.50000000"');
	await check('okx drift: to the other side', () => with_(['/okx/drift?value=-2'], async () =>
		same('size', size(at(await (await open('okx')).fetchPositions(), 'BTC/USDT:USDT', 'short')), 1.5)));
	await check('okx drift: closed', () => with_(['/okx/drift?value=-0.5'], async () =>
		equal('count', (await (await open('okx')).fetchPositions()).length, 1)));
}

// The nth made-up position is n and n hundred-thousandths, odd ones long.
function checkMany(found, count) {
	equal('count', found.length, count);
	equal('distinct', new Set(found.map(({ name }) => name)).size, count);
	for (const { name, text, isLong } of found) {
		const n = Number(/P?(\d{5})/.exec(name)[1]);
		const wanted = `${n}.${String(n).padStart(5, '0')}`.replace(/0+$/, '');
		if (Number(text) !== Number(wanted) || isLong !== (n % 2 === 1))
			throw new Error(`${name} is ${isLong ? 'long' : 'short'} ${text}, not ${wanted}`);
	}
}

async function checkPositions() {
	const read = {
		binanceusdm: async () => (await body(signed.binanceusdm())).map((each) =>
			({ name: each.symbol, text: each.positionAmt.replace('-', ''), isLong: each.positionAmt[0] !== '-' })),
		kraken: async () => Object.values((await body(signed.kraken())).result).map((each) =>
			({ name: each.pair, text: each.vol, isLong: each.type === 'buy' })),
	};
	for (const [id, list] of Object.entries(read))
		await check(`${id} positions`, () => with_([`/${id}/positions?value=3000`], async () =>
			checkMany(await list(), 3000)));
	await check('okx positions, in contracts of many sizes', () => with_(['/okx/positions?value=1000'], async () => {
		const exchange = fresh('okx');  // its markets are others now
		const found = await exchange.fetchPositions();
		checkMany(found.map((each) => ({ name: each.info.instId, isLong: each.side === 'long',
			text: size(each).toFixed(5) })), 1000);
		equal('sizes', new Set(found.map((each) => each.contractSize)).size, 5);
	}));
	await check('binanceusdm positions: 50,000 are a body of many MB', () => with_(['/binanceusdm/positions?value=50000'],
		async () => {
			const text = await signed.binanceusdm();
			if (text.length < 15e6 || JSON.parse(text.slice(4)).length !== 50000)
				throw new Error(`${text.length} bytes`);
		}));
	await check('positions of a hedger', () => with_(['/okx/positions?value=4', '/okx/hedge'], async () => {
		const { data } = await body(signed.okx());
		equal('sides', data.map((each) => each.posSide + Math.sign(each.pos)).join(), 'long1,short1,long1,short1');
	}));
}

async function checkPages() {
	await check('a profit of nothing has no sign', () => with_(['/bybit/positions?value=2'], async () => {
		const text = await signed.bybit();
		if (text.includes('"-0') || !text.includes('"unrealisedPnl":"0.00000000"'))
			throw new Error(text.slice(0, 400));
	}));
	await check('kraken tells what a position is worth if asked', async () => {
		const told = async (more) => Object.values((await body(kraken(String(nonce += 1n),
			{ method: 'OpenPositions', more }))).result)[0];
		const without = await told(''), reckoned = await told('&docalcs=true');
		equal('net', without.net, undefined);
		equal('value', without.value, undefined);
		same('net', Number(reckoned.net), Math.round((Number(reckoned.value) - 47000) * 1e4) / 1e4);
	});
	await check('bybit: ccxt pages through 1,000 positions', () => with_(['/bybit/positions?value=1000'], async () => {
		const found = await (await open('bybit')).fetchPositions(undefined, { paginate: true, paginationCalls: 20 });
		checkMany(found.map((each) => ({ name: each.info.symbol, text: each.info.size,
			isLong: each.side === 'long' })), 1000);
	}));
	await check('bybit: a page has 20 rows unless told, and the last no cursor', () => with_(
		['/bybit/positions?value=50'], async () => {
			const query = 'category=linear&settleCoin=USDT', seen = [];
			let cursor = '', pages = 0;
			do {
				// As it came, and encoded once more: both are understood.
				const given = pages % 2 === 0 ? cursor : encodeURIComponent(cursor);
				const { result } = await body(signed.bybit(`${query}${cursor && `&cursor=${given}`}`));
				if (cursor === '' && !result.nextPageCursor.includes('%2C'))
					throw new Error(`the cursor '${result.nextPageCursor}' has nothing to trip over`);
				seen.push(...result.list.map((each) => each.symbol));
				cursor = result.nextPageCursor;
				pages++;
			} while (cursor !== '' && pages < 10);
			equal('pages', pages, 3);
			equal('distinct', new Set(seen).size, 50);
			equal('rows', seen.length, 50);
		}));
	await check('bybit endless', () => with_(['/bybit/endless'], async () => {
		let cursor = '';
		for (let page = 0; page < 30; page++) {
			const { result } = await body(signed.bybit(`category=linear&settleCoin=USDT&limit=2&cursor=${cursor}`));
			equal('rows', result.list.length, 2);
			if (result.nextPageCursor === '' || result.nextPageCursor === cursor)
				throw new Error(`page ${page} is the last one`);
			cursor = result.nextPageCursor;
		}
	}));
	await check('bybit page-fails: the third', () => with_(['/bybit/positions?value=50', '/bybit/page-fails?value=3'],
		async () => {
			const query = 'category=linear&settleCoin=USDT&limit=10';
			const first = await body(signed.bybit(query));
			const second = await body(signed.bybit(`${query}&cursor=${first.result.nextPageCursor}`));
			const third = await signed.bybit(`${query}&cursor=${second.result.nextPageCursor}`);
			if (!third.startsWith('500 '))
				throw new Error(third.slice(0, 100));
		}));
	await says('bybit: a cursor that is none', () => signed.bybit('category=linear&settleCoin=USDT&cursor=x'), '"retCode":10001');
	await says('bybit: neither symbol nor settleCoin', () => signed.bybit('category=linear'), '"retCode":10001');
	await says('bybit: another coin', () => signed.bybit('category=linear&settleCoin=USDC'), '"list":[]');
	await says('bybit: a symbol without a position has a row', () => signed.bybit('category=linear&symbol=XRPUSDT'),
		'"side":"","size":"0.000"');
	await says('bybit: the value is at the price of entry', () => signed.bybit(), '"positionValue":"47000.00000000"');
	await says('bybit: a symbol with one', () => signed.bybit('category=linear&symbol=BTCUSDT'), '"side":"Buy","size":"0.500"');
}

async function checkBalances() {
	for (const { id, margin } of venues)
		await check(`${id} balances: 1,000 assets`, () => with_([`/${id}/balances?value=1000`], async () => {
			const balance = await (await open(id)).fetchBalance();
			const names = Object.keys(balance.total).filter((name) => /^A\d{5}$/.test(name));
			equal('count', names.length, 1000);
			equal('others', Object.keys(balance.total).length, 1000);
			for (const name of margin ? [] : names) {
				const n = Number(name.slice(1));
				same(`${name} free`, balance[name].free, n + n / 1e8);
				same(`${name} used`, balance[name].used, n % 10 === 0 ? 0.5 : 0);
			}
		}));
	for (const { id } of venues) {
		await check(`${id} dust`, () => with_([`/${id}/dust`], async () => {
			const balance = await (await open(id)).fetchBalance();
			same('DOGE', balance.DOGE.total, 1e-8);
			same('SHIB', balance.SHIB.total, 1.23e-6);
			same('PEPE', balance.PEPE.total, 2e-8);
			if (!(balance.USDT || balance.KRW).total > 0)
				throw new Error('nothing else is left');
		}));
		await check(`${id} flat`, () => with_([`/${id}/flat`], async () => {
			const exchange = await open(id);
			equal('assets', Object.keys((await exchange.fetchBalance()).total).length, 0);
			if (venue(id).positions)
				equal('positions', (await exchange.fetchPositions()).length, 0);
		}));
	}
}

// Where the list is of each answer, and one without it.
async function checkNoList() {
	const lists = [
		['binance', () => signed.binance(), (b) => b.balances],
		['binanceusdm', () => signed.binanceusdm(), (b) => (Array.isArray(b) ? b : undefined)],
		['binanceusdm', () => signed.binanceusdm('/fapi/v3/account'), (b) => b.assets],
		['binanceusdm', () => signed.binanceusdm('/fapi/v3/balance'), (b) => (Array.isArray(b) ? b : undefined)],
		['upbit', () => signed.upbit(), (b) => (Array.isArray(b) ? b : undefined)],
		['bybit', () => signed.bybit(), (b) => b.result.list],
		['bybit', () => signed.bybit('accountType=UNIFIED', '/v5/account/wallet-balance'), (b) => b.result.list],
		['okx', () => signed.okx(), (b) => b.data],
		['okx', () => signed.okx('/api/v5/account/balance'), (b) => b.data],
		['kraken', () => signed.kraken(), (b) => b.result],
		['kraken', () => signed.kraken('BalanceEx'), (b) => b.result],
	];
	for (const [index, [id, answer, list]] of lists.entries())
		await check(`${id} no-list, ${index}`, async () => {
			equal('with it', typeof list(await body(answer())), 'object');
			equal('without it', await with_([`/${id}/no-list`], async () => list(await body(answer()))), undefined);
		});
}

async function checkRefusals() {
	const refusals = {
		permission: { binance: ['401', '-2015'], binanceusdm: ['401', '-2015'], upbit: ['401', 'out_of_scope'],
			bybit: ['200', '10005', 'Permission denied'], okx: ['401', '50120'], kraken: ['200', 'EGeneral:Permission denied'] },
		'wrong-ip': { binance: ['401', '-2015'], binanceusdm: ['401', '-2015'], upbit: ['401', 'no_authorization_i_p'],
			bybit: ['200', '10010', 'Unmatched IP'], okx: ['401', '50110', 'IP whitelist'] },
		'expired-key': { binance: ['401', '-2015'], binanceusdm: ['401', '-2015'], upbit: ['401', 'expired_access_key'],
			bybit: ['200', '33004', 'expired'], okx: ['401', '50119'], kraken: ['200', 'EAPI:Invalid key'] },
	};
	for (const [fault, ids] of Object.entries(refusals))
		for (const [id, words] of Object.entries(ids)) {
			await says(`${id} ${fault}`, () => with_([`/${id}/${fault}`], () => signed[id]()), ...words);
			// ccxt has no class for some of these words, and one that knows the key from before takes -2015
			// for something else.
			if (id === 'upbit' ? fault === 'permission' : id !== 'okx' || fault === 'wrong-ip')
				await check(`${id} ${fault}: ccxt knows it`, () => with_([`/${id}/${fault}`], async () =>
					fails(() => fresh(id).fetchBalance(), ccxt.AuthenticationError)));
		}
	await says('a wrong secret is told before that', () => with_(['/okx/permission'], () => okx('/api/v5/account/balance',
		{ secret: 'x' })), '50113');
	await says('what a key may do it may ask', () => with_(['/bybit/permission'], () => signed.bybit('', '/v5/user/query-api')),
		'"retCode":0');
}

const days = (until) => Math.round((until - Date.now()) / 864e5 * 100) / 100;

async function checkKey() {
	const ask = {
		binance: async () => {
			const told = await body(signed.binance('/sapi/v1/account/apiRestrictions'));
			return { withdraw: told.enableWithdrawals, ip: told.ipRestrict, until: told.tradingAuthorityExpirationTime };
		},
		upbit: async () => ({ until: Date.parse((await body(signed.upbit('/v1/api_keys')))[0].expire_at) }),
		bybit: async () => {
			const { result } = await body(signed.bybit('', '/v5/user/query-api'));
			return { withdraw: result.permissions.Wallet.includes('Withdraw'), ip: result.ips.join() !== '*',
				until: Date.parse(result.expiredAt) };
		},
		okx: async () => {
			const [told] = (await body(signed.okx('/api/v5/account/config'))).data;
			return { withdraw: told.perm.split(',').includes('withdraw'), ip: told.ip !== '' };
		},
		kraken: async () => {
			const { result } = await body(signed.kraken('GetApiKeyInfo'));
			return { withdraw: result.permissions.includes('withdraw-funds'), ip: result.ipAllowlist.length > 0,
				until: Number(result.validUntil) * 1000 };
		},
	};
	for (const id of ['binance', 'bybit', 'okx', 'kraken'])
		await check(`${id} withdraw, no-ip`, async () => {
			const well = await ask[id]();
			equal('withdraw', well.withdraw, false);
			equal('ip', well.ip, true);
			equal('withdraw', (await with_([`/${id}/withdraw`], ask[id])).withdraw, true);
			equal('ip', (await with_([`/${id}/no-ip`], ask[id])).ip, false);
		});
	for (const id of ['binance', 'upbit', 'bybit', 'kraken'])
		await check(`${id} expiry`, async () => {
			for (const value of [3, -2])
				same('days', Math.round(days((await with_([`/${id}/expiry?value=${value}`], ask[id])).until)), value);
		});
	await check('kraken: a key without an end', async () => equal('until', (await ask.kraken()).until, 0));
	await check('okx: ccxt reads the account', async () =>
		equal('uid', (await (await open('okx')).fetchAccounts())[0].id, '44705892343619584'));
	await check('binance locked', async () => {
		const path = '/sapi/v1/account/apiTradingStatus';
		const well = (await body(signed.binance(path))).data;
		equal('isLocked', well.isLocked, false);
		equal('plannedRecoverTime', well.plannedRecoverTime, 0);
		const locked = await with_(['/binance/locked'], async () => (await body(signed.binance(path))).data);
		equal('isLocked', locked.isLocked, true);
		equal('recovers later', locked.plannedRecoverTime > Date.now(), true);
	});
}

(async () => {
	for (const run of [checkHedge, checkInverse, checkDrift, checkPositions, checkPages, checkBalances, checkNoList,
		checkRefusals, checkKey])
		await run();
	await check('all faults are off again', async () => {
		for (const [id, on] of Object.entries(await control('GET', '')))
			equal(id, JSON.stringify(on), '{}');
	});
	finish();
})();
