// slack.js BASE_URL: Slack's own clients use paper_chat as they use Slack.
'use strict';

const { WebClient, ErrorCode } = require('@slack/web-api');
const { IncomingWebhook, ErrorCode: HookError } = require('@slack/webhook');
const { base, check, same, error, faulty, messages, finish } = require('./checks.js');

const options = {
	slackApiUrl: `${base}/api/`, retryConfig: { retries: 0 }, rejectRateLimitedCalls: true,
	logger: { debug() {}, info() {}, warn() {}, error() {}, setLevel() {}, setName() {}, getLevel: () => 'error' },
};
const client = new WebClient('xoxb-paper-chat-token', options);
const post = (text, other) => client.chat.postMessage({ channel: 'C0OPS', text, ...other });
const webhook = (path) => new IncomingWebhook(`${base}/services/${path || 'T0PAPER/B0OPS/secret'}`);
const blocks = [{ type: 'section', text: { type: 'mrkdwn', text: '*bold*' } }];

function refused(name, call, wanted) {
	return check(name, async () => {
		const caught = await error(call);
		same('code', [caught.code, caught.data && caught.data.error], [ErrorCode.PlatformError, wanted]);
	});
}
function hookRefused(name, message, status, body, path) {
	return check(name, async () => {
		const caught = await error(() => webhook(path).send(message));
		same('error', [caught.code, caught.statusCode, caught.body], [HookError.HTTPError, status, body]);
	});
}

async function api() {
	await check('the bot knows itself', async () => same('team', (await client.auth.test()).team, 'Paper'));
	await check('a message, a reply in its thread, an update', async () => {
		const first = await post('*P1* <https://example.com|book>', { blocks });
		same('answer', [first.channel, first.message.text], ['C0OPS', '*P1* <https://example.com|book>']);
		const reply = await post('resolved', { thread_ts: first.ts });
		same('thread', reply.message.thread_ts, first.ts);
		same('order', Number(reply.ts) > Number(first.ts), true);
		const updated = await client.chat.update({ channel: 'C0OPS', ts: first.ts, text: 'acknowledged' });
		same('update', [updated.ts, updated.text], [first.ts, 'acknowledged']);
		const kept = await messages();
		same('kept', kept.map((each) => [each.text, each.thread]), [['acknowledged', null], ['resolved', first.ts]]);
	});
	await refused('wrong token', () => new WebClient('xoxb-other', options).auth.test(), 'invalid_auth');
	await refused('no token', () => new WebClient(undefined, options).auth.test(), 'not_authed');
	await refused('no channel', () => client.chat.postMessage({ channel: '', text: 'x' }), 'channel_not_found');
	await refused('no text', () => post(''), 'no_text');
	await refused('40,001 characters', () => post('x'.repeat(40001)), 'msg_too_long');
	await refused('a section of 3,001 characters',
		() => post('x', { blocks: [{ type: 'section', text: { type: 'mrkdwn', text: 'x'.repeat(3001) } }] }), 'invalid_blocks');
	await refused('an update of nothing', () => client.chat.update({ channel: 'C0OPS', ts: '1.1', text: 'x' }),
		'message_not_found');
	await refused('unknown method', () => client.apiCall('chat.whisper', {}), 'unknown_method');
	await faulty('/fail?status=200&error=not_in_channel', () => refused('not in the channel', () => post('x'), 'not_in_channel'));
	await check('the fault 429', () => faulty('/429?retry_after=3', async () => {
		const caught = await error(() => post('x'));
		same('error', [caught.code, caught.retryAfter], [ErrorCode.RateLimitedError, 3]);
	}));
	await check('the fault fail', () => faulty('/fail?status=503', async () => {
		const caught = await error(() => post('x'));
		same('error', [caught.code, caught.statusCode], [ErrorCode.HTTPError, 503]);
	}));
	await check('a lost answer is no lost message', () => faulty('/drop', async () => {
		same('error', (await error(() => post('lost answer'))).code, ErrorCode.RequestError);
		same('kept', (await messages()).at(-1).text, 'lost answer');
	}));
}

async function hooks() {
	await check('a webhook takes a message', async () => {
		same('answer', (await webhook().send({ text: 'hello', blocks })).text, 'ok');
		const kept = (await messages()).at(-1);
		same('kept', [kept.chat, kept.text, kept.blocks], ['B0OPS', 'hello', blocks]);
	});
	await hookRefused('no text', { text: '' }, 400, 'no_text');
	await hookRefused('wrong blocks', { text: 'x', blocks: [{ type: 'header' }] }, 400, 'invalid_blocks');
	await hookRefused('no such webhook', 'x', 404, 'no_service', 'T0PAPER/none');
	await faulty('/fail?status=410', () => hookRefused('archived', 'x', 410, 'channel_is_archived'));
	await check('the fault 429', () => faulty('/429?retry_after=3', async () => {
		const answer = await fetch(`${base}/services/T0PAPER/B0OPS/secret`, { method: 'POST', body: '{"text":"x"}' });
		same('answer', [answer.status, answer.headers.get('retry-after'), await answer.text()], [429, '3', 'rate_limited']);
		const caught = await error(() => webhook().send('x'));
		same('error', [caught.code, caught.statusCode], [HookError.HTTPError, 429]);
	}));
}

(async () => {
	await api();
	await hooks();
	finish();
})();
