#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo/paper_chat/markup.h"
#include "tests/suite.h"

/* What Telegram's own server says of such texts: text, and entities as "type offset length [argument]". */
static const struct {
	const char *sent, *text, *entities;
} good[] = {
	{ "", "", "" },
	{ "plain \xF0\x9F\x94\xB4", "plain \xF0\x9F\x94\xB4", "" },
	{ "<b>a</b>", "a", "bold 0 1;" },
	{ "<STRONG>a</Strong>", "a", "bold 0 1;" },
	{ "<em>a</em><i>b</i>", "ab", "italic 0 1;italic 1 1;" },
	{ "<u>a</u><ins>b</ins>", "ab", "underline 0 1;underline 1 1;" },
	{ "<s>a</s><del>b</del><strike>c</strike>", "abc",
	    "strikethrough 0 1;strikethrough 1 1;strikethrough 2 1;" },
	{ "<tg-spoiler>a</tg-spoiler><span class=\"tg-spoiler\">b</span>", "ab", "spoiler 0 1;spoiler 1 1;" },
	{ "<blockquote>a</blockquote><blockquote expandable>b</blockquote>", "ab",
	    "blockquote 0 1;blockquote 1 1;" },
	{ "<pre>a</pre><code>b</code>", "ab", "pre 0 1;code 1 1;" },
	{ "<pre><code class=\"language-c\">a</code></pre>", "a", "pre 0 1 c;" },
	{ "<code class=\"language-c\">a</code>", "a", "code 0 1;" },
	/* An entity that holds nothing is none; an end tag may leave out the name. */
	{ "x<b></b>", "x", "" },
	{ "<b>a</>", "a", "bold 0 1;" },
	{ "<b >a</b >", "a", "bold 0 1;" },
	{ "<b x=y z = 'q'>a</b>", "a", "bold 0 1;" },
	/* Offsets count UTF-16 units: two for what is past U+FFFF. */
	{ "\xF0\x9F\x94\xB4<b>\xED\x95\x9C\xF0\x9F\x94\xB4</b>",
	    "\xF0\x9F\x94\xB4\xED\x95\x9C\xF0\x9F\x94\xB4", "bold 2 3;" },
	/* The outer one first. */
	{ "<i>a<b>b</b></i>", "ab", "italic 0 2;bold 1 1;" },
	{ "&lt;&gt;&amp;&quot;&#60;&#x3c;&lt", "<>&\"<<<", "" },
	{ "&nbsp;&;&#0;&#99999999;& x", "&nbsp;&;&#0;&#99999999;& x", "" },
	{ "a > b", "a > b", "" },
	{ "<a href=\"https://a.b/?c&amp;d\">x</a>", "x", "text_link 0 1 https://a.b/?c&d;" },
	{ "<a href='a.b'>x</a>", "x", "text_link 0 1 http://a.b;" },
	{ "<a>a.b</a>", "a.b", "text_link 0 3 http://a.b;" },
	/* What is no link to Telegram is left as text. */
	{ "<a href=\"http://localhost/\">x</a>", "x", "" },
	{ "<a href=\"javascript:alert(1)\">x</a>", "x", "" },
	{ "<a>x</a>", "x", "" },
};

static void
describe(const json_t *entities, char out[512])
{
	const char *type, *url, *language;
	size_t i, used = 0;
	json_t *entity;

	*out = '\0';
	json_array_foreach(entities, i, entity)
	{
		json_int_t offset, length;

		url = language = NULL;
		ck_assert_int_eq(json_unpack(entity, "{s:s, s:I, s:I, s?s, s?s}", "type", &type, "offset",
				     &offset, "length", &length, "url", &url, "language", &language),
		    0);
		used += (size_t)snprintf(out + used, 512 - used, "%s %lld %lld%s%s;", type, (long long)offset,
		    (long long)length, url != NULL || language != NULL ? " " : "",
		    url != NULL        ? url
		    : language != NULL ? language
				       : "");
	}
}

START_TEST(a_good_text_has_the_entities_that_telegram_finds)
{
	char entities[512];
	struct markup m;

	ck_assert_msg(markup_parse(&m, good[_i].sent) == 0, "%s: %s", good[_i].sent, m.why);
	ck_assert_uint_eq(m.text.length, strlen(good[_i].text));
	ck_assert(m.text.length == 0 || memcmp(m.text.text, good[_i].text, m.text.length) == 0);
	describe(m.entities, entities);
	ck_assert_str_eq(entities, good[_i].entities);
	markup_release(&m);
}
END_TEST

static const struct {
	const char *sent, *why;
} bad[] = {
	{ "ab<c", "Unclosed start tag at byte offset 2" },
	{ "ab<", "Unclosed start tag at byte offset 2" },
	{ "<b x=\"y", "Unclosed start tag at byte offset 0" },
	{ "<b x=", "Unclosed start tag \"b\" at byte offset 0" },
	{ "ab<br>", "Unsupported start tag \"br\" at byte offset 2" },
	{ "ab<br/>", "Unsupported start tag \"br/\" at byte offset 2" },
	{ "1 < 2 > 1", "Unsupported start tag \"\" at byte offset 2" },
	{ "<script>x</script>", "Unsupported start tag \"script\" at byte offset 0" },
	{ "<b =x>y</b>", "Empty attribute name in the tag \"b\" at byte offset 0" },
	{ "<b x>y</b>",
	    "Expected equal sign in declaration of an attribute of the tag \"b\" at byte offset 0" },
	{ "<b x=a,b>y</b>", "Unexpected end of name token at byte offset 5" },
	{ "<span>x</span>", "Tag \"span\" must have class \"tg-spoiler\" at byte offset 0" },
	{ "x</b>", "Unexpected end tag at byte offset 1" },
	{ "x</", "Unexpected end tag at byte offset 1" },
	{ "<b>x</b", "Unclosed end tag at byte offset 4" },
	{ "<b>x</i>", "Unmatched end tag at byte offset 4, expected \"</b>\", found \"</i>\"" },
	{ "<b><i>x</b></i>", "Unmatched end tag at byte offset 7, expected \"</i>\", found \"</b>\"" },
	{ "<i><b>x", "Can't find end tag corresponding to start tag \"b\"" },
	{ "&#xDFDF;",
	    "Text contains invalid Unicode characters after decoding HTML entities, check for unmatched "
	    "surrogate code units" },
	/* Offsets are of bytes, in what was sent. */
	{ "\xED\x95\x9C&lt;<x>", "Unsupported start tag \"x\" at byte offset 7" },
};

START_TEST(a_bad_text_is_refused_in_telegrams_words)
{
	struct markup m;

	ck_assert_msg(markup_parse(&m, bad[_i].sent) != 0, "%s was taken", bad[_i].sent);
	ck_assert_str_eq(m.why, bad[_i].why);
	markup_release(&m);
}
END_TEST

START_TEST(deep_nesting_has_an_end)
{
	char text[3 * 1000 + 1];
	struct markup m;

	for (size_t i = 0; i < 1000; i++)
		memcpy(text + 3 * i, "<b>", 4);
	ck_assert_int_ne(markup_parse(&m, text), 0);
	markup_release(&m);
}
END_TEST

/* The first bytes of every good text: a crash would be one of the sanitizers' findings. */
START_TEST(a_cut_text_is_read_to_its_end)
{
	char *text = strdup(good[_i].sent);
	struct markup m;

	for (size_t length = strlen(text); length > 0; length--) {
		text[length - 1] = '\0';
		(void)markup_parse(&m, text);
		markup_release(&m);
	}
	free(text);
}
END_TEST

static const struct {
	const char *sent, *html;
} shown[] = {
	{ "<b>a</b> &lt;i&gt; \"'&amp;", "<b>a</b> &lt;i&gt; &quot;&#39;&amp;" },
	{ "<a href=\"http://a.b/&quot;&gt;\">x</a>",
	    "<a rel=noreferrer target=_blank href=\"http://a.b/&quot;&gt;\">x</a>" },
	{ "<a href=\"javascript:alert(1)\">x</a>", "<a>x</a>" },
};

START_TEST(a_browser_gets_tags_of_our_own_alone)
{
	struct markup m;

	ck_assert_int_eq(markup_parse(&m, shown[_i].sent), 0);
	buffer_append(&m.html, "", 1);
	ck_assert_str_eq(m.html.text, shown[_i].html);
	markup_release(&m);
}
END_TEST

static const struct {
	const char *sent, *html;
} slack[] = {
	{ "plain", "plain" },
	{ "*a* _b_ ~c~ `d*e*`", "<b>a</b> <i>b</i> <s>c</s> <code>d*e*</code>" },
	{ "*a _b_*", "<b>a <i>b</i></b>" },
	{ "snake_case_name 2*3*4 * x *", "snake_case_name 2*3*4 * x *" },
	{ "*a\nb*", "*a\nb*" },
	{ "```x *y* <z>```", "<pre>x *y* &lt;z&gt;</pre>" },
	{ "<https://a.b/?c&amp;d|text>",
	    "<a rel=noreferrer target=_blank href=\"https://a.b/?c&amp;d\">text</a>" },
	{ "<javascript:x|text> <!here> <@U1|Ann>", "text @here @Ann" },
	{ "&lt;b&gt; & \"q\" <", "&lt;b&gt; &amp; &quot;q&quot; &lt;" },
	{ "<https://a.b/\"onclick=x>", "<a rel=noreferrer target=_blank href=\"https://a.b/&quot;onclick=x\">"
				       "https://a.b/&quot;onclick=x</a>" },
};

START_TEST(slacks_markup_is_shown)
{
	struct buffer out;

	buffer_init(&out, 1024);
	markup_slack(&out, SLICE(slack[_i].sent));
	buffer_append(&out, "", 1);
	ck_assert_str_eq(out.text, slack[_i].html);
	buffer_release(&out);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("chat_markup");
	TCase *tests = tcase_create("chat_markup");

	tcase_add_loop_test(tests, a_good_text_has_the_entities_that_telegram_finds, 0, LENGTH(good));
	tcase_add_loop_test(tests, a_bad_text_is_refused_in_telegrams_words, 0, LENGTH(bad));
	tcase_add_test(tests, deep_nesting_has_an_end);
	tcase_add_loop_test(tests, a_cut_text_is_read_to_its_end, 0, LENGTH(good));
	tcase_add_loop_test(tests, a_browser_gets_tags_of_our_own_alone, 0, LENGTH(shown));
	tcase_add_loop_test(tests, slacks_markup_is_shown, 0, LENGTH(slack));
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
