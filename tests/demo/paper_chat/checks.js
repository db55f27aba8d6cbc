// What the scripts share: checks that print one line each, "ok ..." or "FAILED ...: why", and the control endpoint.
'use strict';

const base = process.argv[2];
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

function same(what, got, wanted) {
	const [g, w] = [JSON.stringify(got), JSON.stringify(wanted)];
	if (g !== w)
		throw new Error(`${what} is ${g}, not ${w}`);
}

// The error that the call ends with.
async function error(call) {
	let result;
	try {
		result = await call();
	} catch (caught) {
		return caught;
	}
	throw new Error(`no error, but ${JSON.stringify(result)}`);
}

async function control(method, path) {
	const answer = await fetch(`${base}/control${path}`, { method });
	if (answer.status !== 200)
		throw new Error(`${method} /control${path}: ${answer.status} ${await answer.text()}`);
	return answer.json();
}

// With a fault, which is off again afterwards.
async function faulty(fault, run) {
	await control('POST', fault);
	try {
		return await run();
	} finally {
		await control('DELETE', '');
	}
}

const messages = async () => (await control('GET', '/messages')).messages;

module.exports = { base, check, same, error, control, faulty, messages, finish: () => process.exit(failed > 0 ? 1 : 0) };
