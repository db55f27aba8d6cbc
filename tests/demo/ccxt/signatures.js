// signatures.js BASE_URL: private requests to the paper exchange, signed by node's own crypto: right ones, and
// ones that are wrong in one thing each.  Prints "ok ..." or "FAILED ...: why"; status 1 if any failed.
'use strict';

const crypto = require('crypto');
const { key, ask, binance, token, claims, upbit, bybit, okx, kraken, sha512 } = require('./signed.js');

let failed = 0;

async function check(name, answer, ...wanted) {
	const text = await answer;
	const missing = wanted.find((each) => !text.includes(each));
	if (missing !== undefined)
		failed++;
	console.log(missing === undefined ? `ok ${name}` : `FAILED ${name}: no '${missing}' in ${text.slice(0, 300)}`);
}

// The demo's key of docs/paper_exchange.md: its public half is what the server knows.
const ed25519 = crypto.createPrivateKey('-----BEGIN PRIVATE KEY-----\n' +
	'MC4CAQAwBQYDK2VwBCIEIDV9QNCQcFPjaVeWFjti0PUn3xgw6ac8tlq8DNtH9+H+\n-----END PRIVATE KEY-----\n');

async function checkEd25519() {
	const account = '/binance/api/v3/account', query = 'timestamp=NOW&recvWindow=5000';
	const by = (private_, encoding = 'base64') => ({
		key: 'paper-key-ed25519', sign: (text) => crypto.sign(null, Buffer.from(text), private_).toString(encoding),
	});
	await check('binance Ed25519', binance(account, query, by(ed25519)), '200 ', '"asset":"BTC"');
	await check('binance Ed25519, futures', binance('/binanceusdm/fapi/v3/positionRisk', query, by(ed25519)), '200 ',
		'"positionAmt":"-3.000"');
	let text;
	for (let n = 0; text === undefined || !by(ed25519).sign(text).includes('+'); n++)
		text = `timestamp=${Date.now()}&n=${n}`;
	await check('binance Ed25519: a plus sign that is not encoded is a blank', binance(account, text,
		{ ...by(ed25519), raw: true }), '400 ', '-1022');
	await check('binance Ed25519: encoded it is none', binance(account, text, by(ed25519)), '200 ');
	await check('binance Ed25519: another key', binance(account, query,
		by(crypto.generateKeyPairSync('ed25519').privateKey)), '400 ', '-1022');
	await check('binance Ed25519: hex', binance(account, query, by(ed25519, 'hex')), '400 ', '-1022');
	await check('binance Ed25519: in capitals', binance(account, query, { ...by(ed25519), upper: true }), '400 ', '-1022');
	await check('binance Ed25519: what is not signed', binance(account, query, { ...by(ed25519), after: '&x=1' }),
		'400 ', '-1022');
	await check('binance Ed25519: signed with the secret', binance(account, query, { key: 'paper-key-ed25519' }), '400 ',
		'-1022');
	await check('binance: the first key, signed with Ed25519', binance(account, query,
		{ ...by(ed25519), key: undefined }), '400 ', '-1022');
}

async function checkBinance() {
	const account = '/binance/api/v3/account', query = 'timestamp=NOW&recvWindow=5000';
	await check('binance account', binance(account, query), '200 ', '"asset":"BTC","free":"1.25000000"');
	await check('binance: hex in capitals is as good', binance(account, query, { upper: true }), '200 ');
	await check('binance key restrictions', binance('/binance/sapi/v1/account/apiRestrictions', query), '200 ',
		'"enableWithdrawals":false');
	await check('binance positions', binance('/binanceusdm/fapi/v3/positionRisk', query), '200 ',
		'"positionAmt":"-3.000"');
	await check('binance: no key', ask(account, {}), '401 ', '-2014');
	await check('binance: unknown key', binance(account, query, { key: 'nobody' }), '401 ', '-2015');
	await check('binance: wrong secret', binance(account, query, { secret: 'x' }), '400 ', '-1022');
	await check('binance: base64', binance(account, query, { encoding: 'base64' }), '400 ', '-1022');
	await check('binance: what is not signed', binance(account, query, { after: '&asset=BTC' }), '400 ', '-1022');
	await check('binance: slow clock', binance(account, query, { off: -6000 }), '400 ', '-1021');
	await check('binance: slow clock, longer window', binance(account, 'timestamp=NOW&recvWindow=60000',
		{ off: -6000 }), '200 ');
	await check('binance: fast clock, whatever the window', binance(account, 'timestamp=NOW&recvWindow=60000',
		{ off: 3000 }), '400 ', '-1021');
	await check('binance: window too long', binance(account, 'timestamp=NOW&recvWindow=60001'), '400 ', '-1131');
	await check('binance: no timestamp', binance(account, 'recvWindow=5000'), '400 ', '-1102');
	await check('binance: no signature', ask(`${account}?timestamp=1`, { 'X-MBX-APIKEY': key }), '400 ', '-1102');
	await check('binance: another method', binance(account, query, { method: 'DELETE' }), '405 ');
}

async function checkUpbit() {
	const query = 'a%5B%5D=1&a%5B%5D=2', hash = { query_hash: sha512('a[]=1&a[]=2'), query_hash_alg: 'SHA512' };
	const once = token('HS512', claims());
	await check('upbit HS256', upbit('', token('HS256', claims())), '200 ', '"currency":"KRW"');
	await check('upbit HS512', upbit('', once), '200 ', '"balance":"1.25000000"');
	await check('upbit: the same nonce again', upbit('', once), '401 ', 'nonce_used');
	await check('upbit: the same nonce, other hash', (async () => {
		const same = claims();
		await upbit('', token('HS512', same));
		return upbit('', token('HS256', same));
	})(), '401 ', 'nonce_used');
	await check('upbit: hash of the decoded query', upbit(`?${query}`, token('HS512', claims(hash))), '200 ');
	await check('upbit: hash of the encoded query', upbit(`?${query}`, token('HS512',
		claims({ ...hash, query_hash: sha512(query) }))), '401 ', 'invalid_query_payload');
	await check('upbit: query without hash', upbit(`?${query}`, token('HS512', claims())), '401 ',
		'invalid_query_payload');
	await check('upbit: algorithm none', upbit('', token('none', claims())), '401 ', 'jwt_verification');
	await check('upbit: wrong secret', upbit('', token('HS512', claims(), 'x')), '401 ', 'jwt_verification');
	const [head, body, mark] = token('HS512', claims()).split('.');
	await check('upbit: a signature in hex', upbit('', `${head}.${body}.${Buffer.from(mark, 'base64url').toString('hex')}`),
		'401 ', 'jwt_verification');
	await check('upbit: unknown key', upbit('', token('HS512', claims({ access_key: 'nobody' }))), '401 ',
		'invalid_access_key');
	await check('upbit: no nonce', upbit('', token('HS512', { access_key: key })), '401 ', 'jwt_verification');
	for (const bad of ['', '.', '..', 'a.b', 'a.b.c', '%%.%%.%%', `${'A'.repeat(9000)}.e30.x`, 'bnVsbA.bnVsbA.x'])
		await check(`upbit: no token: ${bad.slice(0, 20)}`, upbit('', bad), '401 ', 'jwt_verification');
	await check('upbit: no authorization', ask('/upbit/v1/accounts', {}), '401 ', 'jwt_verification');
	await check('upbit api_keys', ask('/upbit/v1/api_keys', { Authorization: `Bearer ${token('HS512', claims())}` }),
		'200 ', '"access_key":"paper-key"', '+09:00');
}

async function checkBybit() {
	const query = 'category=linear&settleCoin=USDT';
	await check('bybit positions', bybit(query), '200 ', '"retCode":0', '"side":"Sell","size":"3.000"');
	await check('bybit: another query', bybit(query, { signed: 'category=linear' }), '200 ', '"retCode":10004');
	await check('bybit: wrong secret', bybit(query, { secret: 'x' }), '200 ', '"retCode":10004', 'error sign');
	await check('bybit: base64', bybit(query, { encoding: 'base64' }), '200 ', '"retCode":10004');
	await check('bybit: unknown key', bybit(query, { key: 'nobody' }), '200 ', '"retCode":10003');
	await check('bybit: slow clock', bybit(query, { off: -8000 }), '200 ', '"retCode":10002');
	await check('bybit: fast clock', bybit(query, { off: 4000 }), '200 ', '"retCode":10002');
	await check('bybit: no headers', ask(`/bybit/v5/position/list?${query}`, {}), '401 ');
}

async function checkOkx() {
	const path = '/api/v5/account/positions?instType=SWAP';
	await check('okx positions', okx(path), '200 ', '"code":"0"', '"pos":"50.00"', '"pos":"-30.00"');
	await check('okx balance', okx('/api/v5/account/balance'), '200 ', '"cashBal":"1.50000000"');
	await check('okx: wrong secret', okx(path, { secret: 'x' }), '401 ', '50113');
	await check('okx: hex', okx(path, { encoding: 'hex' }), '401 ', '50113', 'Invalid Sign');
	await check('okx: unknown key', okx(path, { key: 'nobody' }), '401 ', '50111');
	await check('okx: wrong passphrase', okx(path, { passphrase: 'x' }), '401 ', '50105');
	await check('okx: slow clock', okx(path, { off: -40000 }), '401 ', '50102');
	await check('okx: fast clock', okx(path, { off: 40000 }), '401 ', '50102');
	await check('okx: no time', okx(path, { at: 'yesterday' }), '401 ', '50112');
	for (const [name, code] of [['KEY', '50103'], ['PASSPHRASE', '50104'], ['SIGN', '50106'], ['TIMESTAMP', '50107']])
		await check(`okx: no ${name}`, okx(path, { without: [`OK-ACCESS-${name}`] }), '401 ', code);
}

async function checkKraken() {
	let nonce = BigInt(Date.now()) * 1000000n;  // in nanoseconds, as some clients have it
	const next = () => String(nonce += 1n);
	const last = next();
	await check('kraken balance', kraken(last), '200 ', '"XXBT":"1.5000000000"');
	await check('kraken: the same nonce again', kraken(last), 'EAPI:Invalid nonce');
	await check('kraken: a smaller nonce', kraken(String(nonce - 5n)), 'EAPI:Invalid nonce');
	await check('kraken: no nonce', kraken(''), 'EAPI:Invalid nonce');
	await check('kraken: a nonce too large', kraken('99999999999999999999'), 'EAPI:Invalid nonce');
	await check('kraken: wrong secret', kraken(next(), { secret: 'AAAA' }), 'EAPI:Invalid signature');
	await check('kraken: hex', kraken(next(), { encoding: 'hex' }), 'EAPI:Invalid signature');
	await check('kraken: a secret that is not decoded', kraken(next(), { secret: Buffer.from(
		'cGFwZXItc2VjcmV0LTAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVm').toString('base64') }), 'EAPI:Invalid signature');
	await check('kraken: a wrong signature uses up no nonce', kraken(String(nonce)), '200 ', '"result"');
	await check('kraken: unknown key', kraken(next(), { key: 'nobody' }), 'EAPI:Invalid key');
	await check('kraken positions', kraken(next(), { method: 'OpenPositions' }), '200 ', '"posstatus":"open"');
	await check('kraken positions by market', kraken(next(), { method: 'OpenPositions',
		more: '&docalcs=true&consolidation=market' }), '200 ', '"result":[{', '"net":');
	await check('kraken: a bad escape', kraken(next(), { more: '&x=%zz' }), 'EGeneral:Invalid arguments');
	await check('kraken: GET', kraken(next(), { verb: 'GET' }), '405 ');
}

(async () => {
	for (const run of [checkBinance, checkEd25519, checkUpbit, checkBybit, checkOkx, checkKraken])
		await run();
	process.exit(failed > 0 ? 1 : 0);
})();
