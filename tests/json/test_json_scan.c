#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/suite.h"
#include "json/scan.h"

static struct failure why;
static struct json_scan scan;

static const struct {
	const char *text;
	const char *error; /* NULL: it is right */
} texts[] = {
	{ "{}", NULL },
	{ " [ ] \n", NULL },
	{ "[1,-0,0.5,1e5,-1.25E-7,10000000000000000000000000000000000000001,true,false,null]", NULL },
	{ "{\"a\" : {\"b\":[{},[]]} , \"\":\"\"}", NULL },
	{ "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00 \xc3\xa9\xf0\x9f\x98\x80\"]", NULL },
	{ "", "empty" },
	{ " ", "neither an object nor a list" },
	{ "3", "neither an object nor a list" },
	{ "\"a\"", "neither an object nor a list" },
	{ "[", "not a number" },
	{ "[1", "neither ',' nor ']'" },
	{ "[1}", "neither ',' nor ']'" },
	{ "{\"a\":1]", "neither ',' nor '}'" },
	{ "[1,]", "not a number" },
	{ "[,1]", "not a number" },
	{ "{\"a\":1,}", "a key is missing" },
	{ "{a:1}", "a key is missing" },
	{ "{\"a\"}", "a ':' is missing" },
	{ "{\"a\" 1}", "a ':' is missing" },
	{ "{\"a\":}", "not a number" },
	{ "[1] 2", "behind the end" },
	{ "[]]", "behind the end" },
	{ "[01]", "begins with 0" },
	{ "[-]", "not a number" },
	{ "[1.]", "not a number" },
	{ "[.5]", "not a number" },
	{ "[1e]", "not a number" },
	{ "[+1]", "not a number" },
	{ "[0x10]", "neither ',' nor ']'" },
	{ "[NaN]", "not a number" },
	{ "[tru]", "not a value" },
	{ "[truefalse]", "neither ',' nor ']'" },
	{ "[\"a]", "a string without its end" },
	{ "[\"a\\\"]", "a string without its end" },
	{ "[\"\n\"]", "a control character" },
	{ "[\"\\x\"]", "escaped" },
	{ "[\"\\u12g4\"]", "escaped" },
	{ "[\"\\u0000\"]", "escaped" },
	{ "[\"\\ud83d\"]", "escaped" },
	{ "[\"\\ude00\"]", "escaped" },
	{ "[\"\\ud83d\\u0041\"]", "escaped" },
	{ "[\"\xff\"]", "byte 2: not UTF-8" },
	{ "[\"\xc0\x80\"]", "not UTF-8" },
	{ "[\"\xed\xa0\x80\"]", "not UTF-8" },
	{ "[\"\xc3", "not UTF-8" },
	{ "\xef\xbb\xbf[]", "neither an object nor a list" },
	{ "[1 2]", "neither ',' nor ']'" },
	{ "[/* */]", "not a number" },
};

START_TEST(a_text_is_json_or_it_is_not)
{
	/* In memory of its own size, so that a sanitizer sees a byte too many. */
	size_t length = strlen(texts[_i].text);
	char *copy = malloc(length > 0 ? length : 1);
	int result;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, texts[_i].text, length);
	result = json_scan_open(&scan, (struct slice){ copy, length }, &why);
	if (texts[_i].error == NULL) {
		ck_assert_msg(result == 0, "%s", why.text);
	} else {
		ck_assert_int_eq(result, -1);
		ck_assert_int_eq(why.kind, FAILURE_PROTOCOL);
		ck_assert_msg(strstr(why.text, texts[_i].error) != NULL, "%s", why.text);
	}
	free(copy);
}
END_TEST

START_TEST(a_text_is_at_most_32_levels_deep)
{
	char text[2 * (SCAN_DEPTH + 1)];

	memset(text, '[', sizeof(text) / 2);
	memset(text + sizeof(text) / 2, ']', sizeof(text) / 2);
	ck_assert_int_eq(json_scan_open(&scan, (struct slice){ text + 1, sizeof(text) - 2 }, &why), 0);
	ck_assert_int_eq(json_scan_open(&scan, (struct slice){ text, sizeof(text) }, &why), -1);
	ck_assert_msg(strstr(why.text, "32 levels") != NULL, "%s", why.text);
}
END_TEST

static const char document[] =
    " {\"a\": 1 ,\"b\":[\"x\",{\"c\":null}],\"d\":{\"PAIR\":{\"e\":7},\"last\":{\"e\":8}},\"sl/ash\":2,"
    "\"ti~lde\":3,\"\":4,\"esc\\u0061ped\":5,\"0\":6,\"quo\\\"te\":[\"]\",\"}\\\\\"]} ";

static const struct {
	const char *pointer;
	const char *found; /* NULL: nothing */
} pointers[] = {
	{ "/a", "1" },
	{ "/b/0", "\"x\"" },
	{ "/b/1/c", "null" },
	{ "/b/*", "\"x\"" },
	{ "/*", "1" },
	{ "/d/*/e", "7" },
	{ "/d/last/e", "8" },
	{ "/sl~1ash", "2" },
	{ "/ti~0lde", "3" },
	{ "/", "4" },
	{ "/escaped", "5" },
	{ "/0", "6" },
	{ "/quo\"te/1", "\"}\\\\\"" },
	{ "/b/2", NULL },
	{ "/b/00", NULL },
	{ "/b/-1", NULL },
	{ "/b/x", NULL },
	{ "/b/99999999999999999999", NULL },
	{ "/a/b", NULL },
	{ "/none", NULL },
	{ "/d/*/e/*", NULL },
	{ "/1", NULL },
};

START_TEST(a_pointer_finds_what_it_names)
{
	struct slice found;

	ck_assert_int_eq(json_scan_open(&scan, SLICE(document), &why), 0);
	ck_assert(json_pointer_valid(pointers[_i].pointer));
	found = json_scan_get(&scan, scan.text, pointers[_i].pointer);
	ck_assert_int_eq(json_scan_check(&scan, &why), 0);
	if (pointers[_i].found == NULL)
		ck_assert_ptr_null(found.at);
	else
		ck_assert_msg(slice_is(found, pointers[_i].found), "%.*s", SLICE_ARGS(found));
}
END_TEST

static const struct {
	const char *text, *pointer;
} twice[] = {
	{ "{\"a\":1,\"a\":1}", "/a" },
	{ "{\"a\":1,\"\\u0061\":1}", "/a" },
	{ "{\"l\":[],\"x\":[{\"a\":1,\"b\":2,\"a\":1}],\"y\":0}", "/x/0/a" },
	{ "{\"x\":{\"a\":1},\"x\":{}}", "/x/a" },
};

START_TEST(a_key_that_is_there_twice_is_a_failure)
{
	ck_assert_int_eq(json_scan_open(&scan, SLICE(twice[_i].text), &why), 0);
	ck_assert_ptr_null(json_scan_get(&scan, scan.text, twice[_i].pointer).at);
	ck_assert_int_eq(json_scan_check(&scan, &why), -1);
	ck_assert_int_eq(why.kind, FAILURE_PROTOCOL);
	ck_assert_msg(strstr(why.text, "twice") != NULL, "%s", why.text);
	/* Another text begins anew. */
	ck_assert_int_eq(json_scan_open(&scan, SLICE("{}"), &why), 0);
	ck_assert_int_eq(json_scan_check(&scan, &why), 0);
}
END_TEST

/* The pointer "" names the whole value, and "/" the member whose key is "". */
START_TEST(a_key_that_nobody_asks_for_may_be_there_twice)
{
	struct slice found;

	ck_assert_int_eq(json_scan_open(&scan, SLICE("{\"\":1,\"\":2,\"b\":1,\"b\":2,\"a\":3}"), &why), 0);
	ck_assert_ptr_eq(json_scan_get(&scan, scan.text, "").at, scan.text.at);
	found = json_scan_get(&scan, scan.text, "/a");
	ck_assert(slice_is(found, "3"));
	ck_assert_ptr_null(json_scan_get(&scan, scan.text, NULL).at);
	ck_assert_int_eq(json_scan_check(&scan, &why), 0);
	ck_assert_ptr_null(json_scan_get(&scan, scan.text, "/").at);
	ck_assert_int_eq(json_scan_check(&scan, &why), -1);
}
END_TEST

START_TEST(rows_come_in_their_order_with_their_keys)
{
	struct json_rows rows;
	struct slice key, value;

	ck_assert_int_eq(
	    json_scan_open(&scan, SLICE("{ \"a\" : [1, 2] ,\"b\\n\":\"x,}\" , \"c\":-1e3 }"), &why), 0);
	ck_assert(json_rows_begin(scan.text, &rows));
	ck_assert(json_rows_next(&rows, &key, &value));
	ck_assert(slice_is(key, "a") && slice_is(value, "[1, 2]"));
	ck_assert(json_rows_next(&rows, &key, &value));
	ck_assert(slice_is(key, "b\\n") && slice_is(value, "\"x,}\""));
	ck_assert(json_rows_next(&rows, &key, &value));
	ck_assert(slice_is(key, "c") && slice_is(value, "-1e3"));
	ck_assert(!json_rows_next(&rows, &key, &value));
	ck_assert(!json_rows_next(&rows, &key, &value));
	ck_assert(!json_rows_begin(value, &rows));
}
END_TEST

static const struct {
	const char *value, *text; /* NULL: it does not fit, or is no text */
} strings[] = {
	{ "\"plain\"", "plain" },
	{ "\"\"", "" },
	{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
	{ "\"\\u00e9\\u20ac\\ud83d\\ude00\"", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" },
	{ "\"as long as it likes without escapes\"", "as long as it likes without escapes" },
	{ "\"\\n23456789012345\"", "\n23456789012345" },
	{ "\"\\n234567890123456\"", "\n234567890123456" },
	{ "\"\\n2345678901234567\"", NULL },
	{ "\"12345678901234\\u20ac\"", NULL },
	{ "-1.50", "-1.50" },
	{ "true", "true" },
	{ "false", "false" },
	{ "null", NULL },
	{ "[]", NULL },
	{ "{}", NULL },
};

START_TEST(a_text_is_what_its_escapes_mean)
{
	char wrapped[64], buffer[16];
	struct slice value, text;
	bool told;

	(void)snprintf(wrapped, sizeof(wrapped), "[%s]", strings[_i].value);
	ck_assert_int_eq(json_scan_open(&scan, SLICE(wrapped), &why), 0);
	value = json_scan_get(&scan, scan.text, "/0");
	told = json_scan_text(value, buffer, sizeof(buffer), &text);
	ck_assert_int_eq(told, strings[_i].text != NULL);
	if (told)
		ck_assert_msg(slice_is(text, strings[_i].text), "%.*s", SLICE_ARGS(text));
	ck_assert_int_eq(
	    json_scan_string(value, buffer, sizeof(buffer), &text), told && *strings[_i].value == '"');
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("json_scan");
	TCase *all = tcase_create("all");

	tcase_add_loop_test(all, a_text_is_json_or_it_is_not, 0, LENGTH(texts));
	tcase_add_test(all, a_text_is_at_most_32_levels_deep);
	tcase_add_loop_test(all, a_pointer_finds_what_it_names, 0, LENGTH(pointers));
	tcase_add_loop_test(all, a_key_that_is_there_twice_is_a_failure, 0, LENGTH(twice));
	tcase_add_test(all, a_key_that_nobody_asks_for_may_be_there_twice);
	tcase_add_test(all, rows_come_in_their_order_with_their_keys);
	tcase_add_loop_test(all, a_text_is_what_its_escapes_mean, 0, LENGTH(strings));
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
