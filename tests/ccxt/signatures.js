// signatures.js BASE_URL: private requests to the paper exchange, signed by node's own crypto: right ones, and
// ones that are wrong in one thing each.  Prints "ok ..." or "FAILED ...: why"; status 1 if any failed.
'use strict';

const { createHash, createHmac, randomUUID } = require('crypto');

const base = process.argv[2];
const key = 'paper-key';
const secret = 'paper-secret-0123456789abcdef0123456789abcdef';
const krakenSecret = 'cGFwZXItc2VjcmV0LTAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVm';
let failed = 0;

const hmac = (hash, text, encoding, with_ = secret) => createHmac(hash, with_).update(text).digest(encoding);

// Status and, in one text, the body.
async function ask(path, headers, method = 'GET', body = undefined) {
	const response = await fetch(base + path, { method, headers, body });
	return `${response.status} ${await response.text()}`;
}

async function check(name, answer, ...wanted) {
	const text = await answer;
	const missing = wanted.find((each) => !text.includes(each));
	if (missing !== undefined)
		failed++;
	console.log(missing === undefined ? `ok ${name}` : `FAILED ${name}: no '${missing}' in ${text.slice(0, 300)}`);
}

function binance(path, query, change = {}) {
	const text = query.replace('NOW', String(Date.now() + (change.off || 0)));
	const signature = hmac('sha256', text, 'hex', change.secret);
	return ask(`${path}?${text}&signature=${change.upper ? signature.toUpperCase() : signature}${change.after || ''}`,
		{ 'X-MBX-APIKEY': change.key || key }, change.method);
}

function token(algorithm, claims, with_ = secret) {
	const part = (json) => Buffer.from(JSON.stringify(json)).toString('base64url');
	const text = `${part({ alg: algorithm, typ: 'JWT' })}.${part(claims)}`;
	return `${text}.${algorithm === 'none' ? '' : hmac(algorithm.replace('HS', 'sha'), text, 'base64url', with_)}`;
}
const sha512 = (text) => createHash('sha512').update(text).digest('hex');
const upbit = (query, bearer) => ask(`/upbit/v1/accounts${query}`, { Authorization: `Bearer ${bearer}` });
const claims = (more = {}) => ({ access_key: key, nonce: randomUUID(), ...more });

function bybit(query, change = {}) {
	const at = String(Date.now() + (change.off || 0));
	return ask(`/bybit/v5/position/list?${query}`, {
		'X-BAPI-API-KEY': change.key || key, 'X-BAPI-TIMESTAMP': at, 'X-BAPI-RECV-WINDOW': '5000',
		'X-BAPI-SIGN': hmac('sha256', `${at}${key}5000${change.signed || query}`, 'hex'),
	});
}

function okx(path, change = {}) {
	const at = change.at || new Date(Date.now() + (change.off || 0)).toISOString();
	const headers = {
		'OK-ACCESS-KEY': change.key || key, 'OK-ACCESS-PASSPHRASE': change.passphrase || 'paper-passphrase',
		'OK-ACCESS-TIMESTAMP': at, 'OK-ACCESS-SIGN': hmac('sha256', `${at}GET${path}`, 'base64', change.secret),
	};
	for (const name of change.without || [])
		delete headers[name];
	return ask(`/okx${path}`, headers);
}

function kraken(nonce, change = {}) {
	const path = `/0/private/${change.method || 'Balance'}`, body = `nonce=${nonce}${change.more || ''}`;
	const inner = createHash('sha256').update(nonce + body).digest();
	const with_ = Buffer.from(change.secret || krakenSecret, 'base64');
	return ask(`/kraken${path}`, {
		'API-Key': change.key || key, 'Content-Type': 'application/x-www-form-urlencoded',
		'API-Sign': hmac('sha512', Buffer.concat([Buffer.from(path), inner]), 'base64', with_),
	}, change.verb || 'POST', change.verb === 'GET' ? undefined : body);
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
	await check('kraken: a wrong signature uses up no nonce', kraken(String(nonce)), '200 ', '"result"');
	await check('kraken: unknown key', kraken(next(), { key: 'nobody' }), 'EAPI:Invalid key');
	await check('kraken positions', kraken(next(), { method: 'OpenPositions' }), '200 ', '"posstatus":"open"');
	await check('kraken positions by market', kraken(next(), { method: 'OpenPositions',
		more: '&docalcs=true&consolidation=market' }), '200 ', '"result":[{', '"net":');
	await check('kraken: a bad escape', kraken(next(), { more: '&x=%zz' }), 'EGeneral:Invalid arguments');
	await check('kraken: GET', kraken(next(), { verb: 'GET' }), '405 ');
}

(async () => {
	for (const run of [checkBinance, checkUpbit, checkBybit, checkOkx, checkKraken])
		await run();
	process.exit(failed > 0 ? 1 : 0);
})();
