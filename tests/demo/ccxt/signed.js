// Private requests to the paper exchange, signed by node's own crypto: status and body as one text.  Each takes
// what is to be wrong or different in `change`.
'use strict';

const { createHash, createHmac, randomUUID } = require('crypto');

const base = process.argv[2];
const key = 'paper-key';
const secret = 'paper-secret-0123456789abcdef0123456789abcdef';
const krakenSecret = 'cGFwZXItc2VjcmV0LTAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVm';

const hmac = (hash, text, encoding, with_ = secret) => createHmac(hash, with_).update(text).digest(encoding);

// Status and, in one text, the body.
async function ask(path, headers, method = 'GET', body = undefined) {
	const response = await fetch(base + path, { method, headers, body });
	return `${response.status} ${await response.text()}`;
}

function binance(path, query, change = {}) {
	const text = query.replace('NOW', String(Date.now() + (change.off || 0)));
	const made = change.sign ? change.sign(text) :
		hmac('sha256', text, change.encoding || 'hex', change.secret);
	const signature = change.upper ? made.toUpperCase() : made;
	return ask(`${path}?${text}&signature=${change.raw ? signature : encodeURIComponent(signature)}${change.after || ''}`,
		{ 'X-MBX-APIKEY': change.key || key }, change.method);
}

function token(algorithm, claims, with_ = secret) {
	const part = (json) => Buffer.from(JSON.stringify(json)).toString('base64url');
	const text = `${part({ alg: algorithm, typ: 'JWT' })}.${part(claims)}`;
	return `${text}.${algorithm === 'none' ? '' : hmac(algorithm.replace('HS', 'sha'), text, 'base64url', with_)}`;
}
const sha512 = (text) => createHash('sha512').update(text).digest('hex');
const upbit = (query, bearer, path = '/v1/accounts') =>
	ask(`/upbit${path}${query}`, { Authorization: `Bearer ${bearer}` });
const claims = (more = {}) => ({ access_key: key, nonce: randomUUID(), ...more });

function bybit(query, change = {}) {
	const at = String(Date.now() + (change.off || 0));
	return ask(`/bybit${change.path || '/v5/position/list'}?${query}`, {
		'X-BAPI-API-KEY': change.key || key, 'X-BAPI-TIMESTAMP': at, 'X-BAPI-RECV-WINDOW': '5000',
		'X-BAPI-SIGN': hmac('sha256', `${at}${key}5000${change.signed || query}`, change.encoding || 'hex',
			change.secret),
	});
}

function okx(path, change = {}) {
	const at = change.at || new Date(Date.now() + (change.off || 0)).toISOString();
	const headers = {
		'OK-ACCESS-KEY': change.key || key, 'OK-ACCESS-PASSPHRASE': change.passphrase || 'paper-passphrase',
		'OK-ACCESS-TIMESTAMP': at, 'OK-ACCESS-SIGN': hmac('sha256', `${at}GET${path}`, change.encoding || 'base64',
			change.secret),
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
		'API-Sign': hmac('sha512', Buffer.concat([Buffer.from(path), inner]), change.encoding || 'base64', with_),
	}, change.verb || 'POST', change.verb === 'GET' ? undefined : body);
}

module.exports = { base, key, secret, hmac, sha512, ask, binance, token, claims, upbit, bybit, okx, kraken };
