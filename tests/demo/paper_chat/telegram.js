// telegram.js BASE_URL: grammY, a client that knows nothing of this repository, uses paper_chat as it uses Telegram.
'use strict';

const { Api, Bot, GrammyError, HttpError, InlineKeyboard } = require('grammy');
const { base, check, same, error, control, faulty, messages, finish } = require('./checks.js');

const token = '110201543:paper-chat-token';
const api = new Api(token, { apiRoot: base });
const html = { parse_mode: 'HTML' };

// refused NAME CALL CODE DESCRIPTION: the client makes its own error of the answer.
function refused(name, call, code, description, parameters) {
	return check(name, async () => {
		const caught = await error(call);
		same('GrammyError', caught instanceof GrammyError, true);
		same('error_code', caught.error_code, code);
		same('description', caught.description, description);
		same('parameters', caught.parameters, parameters || {});
	});
}

async function sending() {
	await check('the bot knows itself', async () => {
		const me = await api.getMe();
		same('me', [me.id, me.is_bot, me.username], [110201543, true, 'paper_chat_bot']);
	});
	await check('a message with markup has entities in UTF-16 units', async () => {
		const text = '🔴 <b>P0 <i>down</i></b> <a href="https://example.com/a?b&amp;c">book</a> <code>1 &lt; 2</code>';
		const sent = await api.sendMessage(-1001, text, html);
		same('text', sent.text, '🔴 P0 down book 1 < 2');
		same('chat', [sent.chat.id, sent.chat.type], [-1001, 'supergroup']);
		same('entities', sent.entities, [{ type: 'bold', offset: 3, length: 7 }, { type: 'italic', offset: 6, length: 4 },
			{ type: 'text_link', offset: 11, length: 4, url: 'https://example.com/a?b&c' },
			{ type: 'code', offset: 16, length: 5 }]);
		same('kept', (await messages()).at(-1).text, sent.text);
	});
	await check('a reply shows what it replies to', async () => {
		const first = await api.sendMessage(42, 'first');
		const second = await api.sendMessage(42, 'second', { reply_parameters: { message_id: first.message_id } });
		same('reply', second.reply_to_message.text, 'first');
		same('person', second.chat.type, 'private');
		const third = { reply_parameters: { message_id: 999999, allow_sending_without_reply: true } };
		same('missing', (await api.sendMessage(42, 'third', third)).reply_to_message, undefined);
	});
	await check('an edit changes text, entities and buttons', async () => {
		const sent = await api.sendMessage(-1001, 'before', { reply_markup: new InlineKeyboard().text('Ack', 'ack:1') });
		const edited = await api.editMessageText(-1001, sent.message_id, '<b>after</b>', html);
		same('text', [edited.text, edited.entities.length, edited.edit_date > 0], ['after', 1, true]);
		same('buttons', [sent.reply_markup.inline_keyboard.length, edited.reply_markup], [1, undefined]);
		const buttons = { reply_markup: new InlineKeyboard().text('Again', 'ack:2') };
		const again = await api.editMessageReplyMarkup(-1001, sent.message_id, buttons);
		same('again', [again.text, again.reply_markup.inline_keyboard[0][0].callback_data], ['after', 'ack:2']);
		same('kept', (await messages()).at(-1).edits.map((edit) => edit.before), ['before']);
	});
	await check('4096 characters and 64 bytes of data fit, and tags do not count', async () => {
		const buttons = new InlineKeyboard().text('Ack', 'd'.repeat(64));
		const sent = await api.sendMessage(42, `<b>${'x'.repeat(4096)}</b>`, { ...html, reply_markup: buttons });
		same('length', sent.text.length, 4096);
	});
}

async function refusals() {
	const send = (text, other) => () => api.sendMessage(-1001, text, other);
	const sent = await api.sendMessage(-1001, 'same');
	const button = (data) => ({ reply_markup: new InlineKeyboard().text('Ack', data) });
	const link = (url) => ({ reply_markup: new InlineKeyboard().url('Open', url) });
	const parse = 'Bad Request: can\'t parse entities: ';

	await refused('wrong token', () => new Api('110201543:other', { apiRoot: base }).getMe(), 401, 'Unauthorized');
	await refused('no token', () => new Api('other', { apiRoot: base }).getMe(), 401, 'Unauthorized: invalid token specified');
	await refused('unknown method', () => api.raw.sendPigeon(), 404, 'Not Found: method not found');
	await refused('unknown chat', () => api.sendMessage('@nowhere', 'x'), 400, 'Bad Request: chat not found');
	await refused('no text', send(''), 400, 'Bad Request: message text is empty');
	await refused('blanks', send(' \n '), 400, 'Bad Request: text must be non-empty');
	await refused('4097 characters', send('x'.repeat(4097)), 400, 'Bad Request: message is too long');
	await refused('an unclosed tag', send('a <b>b', html), 400,
		`${parse}Can't find end tag corresponding to start tag "b"`);
	await refused('an unknown tag', send('😀 <table>', html), 400, `${parse}Unsupported start tag "table" at byte offset 5`);
	await refused('tags that cross', send('<b>a<i>b</b></i>', html), 400,
		`${parse}Unmatched end tag at byte offset 8, expected "</i>", found "</b>"`);
	await refused('an end without a start', send('a</b>', html), 400, `${parse}Unexpected end tag at byte offset 1`);
	await refused('65 bytes of data', send('x', button('d'.repeat(65))), 400, 'Bad Request: BUTTON_DATA_INVALID');
	await refused('a button to localhost', send('x', link('http://localhost:9110/')), 400,
		'Bad Request: inline keyboard button URL \'http://localhost:9110/\' is invalid: Wrong HTTP URL');
	await refused('a reply to nothing', send('x', { reply_parameters: { message_id: 999999 } }), 400,
		'Bad Request: message to be replied not found');
	await refused('an edit of nothing', () => api.editMessageText(-1001, 999999, 'x'), 400,
		'Bad Request: message to edit not found');
	await refused('an edit that changes nothing', () => api.editMessageText(-1001, sent.message_id, 'same'), 400,
		'Bad Request: message is not modified: specified new message content and reply markup are exactly the same as ' +
		'a current content and reply markup of the message');
	await refused('an answer to no button', () => api.answerCallbackQuery('1'), 400,
		'Bad Request: query is too old and response timeout expired or query ID is invalid');
}

// A bot as people write it: it polls, answers the button, and edits the message.
async function buttons() {
	const bot = new Bot(token, { client: { apiRoot: base } });
	let pressed;
	const handled = new Promise((resolve) => {
		bot.callbackQuery(/^ack:/, async (context) => {
			pressed = [context.from.id, context.from.first_name, context.callbackQuery.data,
				context.callbackQuery.message.text];
			await context.answerCallbackQuery({ text: 'Acknowledged' });
			await context.editMessageText('taken by Mina');
			resolve();
		});
	});
	const sent = await api.sendMessage(-1001, 'who takes it?', { reply_markup: new InlineKeyboard().text('Ack', 'ack:7') });

	await check('a bot that polls gets the press of a button, once', async () => {
		const polling = bot.start({ allowed_updates: ['callback_query'] });
		await control('POST', `/press?message=${sent.message_id}&user=1001&name=Mina`);
		await handled;
		await bot.stop();
		await polling;
		same('pressed', pressed, [1001, 'Mina', 'ack:7', 'who takes it?']);
		const kept = (await messages()).find((message) => message.id === String(sent.message_id));
		same('answer', [kept.text, kept.answers[0].text], ['taken by Mina', 'Acknowledged']);
		same('left', await api.getUpdates(), []);
	});
	await check('an update comes again until a later offset confirms it', async () => {
		const other = { reply_markup: new InlineKeyboard().text('Ack', 'ack:8') };
		const { message_id: id } = await api.sendMessage(-1001, 'again', other);
		await control('POST', `/press?message=${id}`);
		const [first] = await api.getUpdates();
		same('again', (await api.getUpdates({ offset: first.update_id })).map((each) => each.update_id), [first.update_id]);
		same('confirmed', await api.getUpdates({ offset: first.update_id + 1 }), []);
	});
	await check('a long poll ends with the press, and another getUpdates ends it with 409', async () => {
		const other = { reply_markup: new InlineKeyboard().text('Ack', 'ack:9') };
		const { message_id: id } = await api.sendMessage(-1001, 'poll', other);
		const poll = error(() => api.getUpdates({ offset: 1000, timeout: 50 }));
		for (;;) {
			await api.getUpdates({ offset: 1000 });
			const ended = await Promise.race([poll, new Promise((resolve) => setTimeout(resolve, 50))]);
			if (ended === undefined)
				continue;
			same('error', [ended.error_code, ended.description], [409, 'Conflict: terminated by other getUpdates ' +
				'request; make sure that only one bot instance is running']);
			break;
		}
		const long = api.getUpdates({ timeout: 50 });
		await control('POST', `/press?message=${id}`);
		same('update', (await long)[0].callback_query.data, 'ack:9');
	});
	await check('a bot that asks for no presses gets none', async () => {
		await api.getUpdates({ offset: -1, allowed_updates: ['message'] });
		same('press', (await fetch(`${base}/control/press?message=${sent.message_id}`, { method: 'POST' })).status, 400);
		await api.getUpdates({ allowed_updates: [] });
	});
}

async function limits() {
	await check('a chat takes 20 messages in a minute', async () => {
		for (let i = 0; i < 20; i++)
			await api.sendMessage(-77, `${i}`);
		const caught = await error(() => api.sendMessage(-77, '20'));
		const wait = caught.parameters.retry_after;
		same('429', [caught.error_code, caught.description], [429, `Too Many Requests: retry after ${wait}`]);
		same('wait', wait >= 1 && wait <= 60, true);
		await api.sendMessage(-78, 'another chat');
	});
	await faulty('/429?retry_after=3&path=sendMessage', () => refused('the fault 429', () => api.sendMessage(1, 'x'), 429,
		'Too Many Requests: retry after 3', { retry_after: 3 }));
	await faulty('/fail?status=502&count=1', async () => {
		await refused('the fault fail', () => api.getMe(), 502, 'Bad Gateway');
		await check('and its end', () => api.getMe());
	});
	await check('a share of the requests fails', () => faulty('/fail?share=50', async () => {
		const all = await Promise.allSettled(Array.from({ length: 60 }, () => api.getMe()));
		const bad = all.filter((each) => each.status === 'rejected').length;
		same('failed', bad > 10 && bad < 50, true);
	}));
	await check('a lost answer is no lost message', () => faulty('/drop?path=sendMessage', async () => {
		const caught = await error(() => api.sendMessage(5, 'lost answer'));
		same('HttpError', caught instanceof HttpError, true);
		same('kept', (await messages()).at(-1).text, 'lost answer');
		same('request', (await control('GET', '/requests')).requests.at(-1).status, 0);
	}));
	await check('a server that hangs', () => faulty('/hang', async () => {
		const caught = await error(() => new Api(token, { apiRoot: base, timeoutSeconds: 1 }).sendMessage(6, 'hung'));
		same('HttpError', caught instanceof HttpError, true);
		same('kept', (await messages()).some((each) => each.text === 'hung'), false);
	}));
	await check('a slow server', () => faulty('/slow?ms=300', async () => {
		const begun = Date.now();
		await api.getMe();
		same('slow', Date.now() - begun >= 300, true);
	}));
}

(async () => {
	await sending();
	await refusals();
	await buttons();
	await limits();
	finish();
})();
