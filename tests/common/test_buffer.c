#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text/buffer.h"
#include "tests/suite.h"

/* What holds at any moment. */
static void
assert_sane(const struct buffer *b)
{
	ck_assert_uint_le(b->length, b->capacity);
	ck_assert_uint_le(b->length, b->limit);
	ck_assert(b->text != NULL || b->capacity == 0);
}

START_TEST(pieces_of_all_sizes_add_up)
{
	static char expected[200000];
	struct buffer b;
	size_t length = 0;

	buffer_init(&b, sizeof(expected));
	for (size_t piece = 0; piece < 600; piece++) {
		char text[600];

		memset(text, 'a' + (int)(piece % 26), sizeof(text));
		buffer_append(&b, text, piece);
		memcpy(expected + length, text, piece);
		length += piece;
		assert_sane(&b);
	}
	ck_assert(!b.failed);
	ck_assert_uint_eq(b.length, length);
	ck_assert_mem_eq(b.text, expected, length);
	buffer_release(&b);
}
END_TEST

static const size_t limits[] = { 0, 1, 10, 1023, 1024, 1025, 3000, 4096, 100000 };

START_TEST(the_limit_is_exact)
{
	struct buffer b;

	buffer_init(&b, limits[_i]);
	for (size_t i = 0; i < limits[_i]; i++)
		buffer_append(&b, "x", 1);
	assert_sane(&b);
	ck_assert(!b.failed);
	ck_assert_uint_eq(b.length, limits[_i]);
	buffer_append(&b, "", 0);
	ck_assert_msg(!b.failed, "nothing at all is too much");
	buffer_append(&b, "y", 1);
	ck_assert_msg(b.failed, "%zu bytes fit into %zu", b.length, limits[_i]);
	ck_assert_uint_eq(b.length, limits[_i]);
	buffer_release(&b);
}
END_TEST

START_TEST(the_first_error_sticks)
{
	struct buffer b;

	buffer_init(&b, 8);
	buffer_string(&b, "12345");
	buffer_string(&b, "67890");
	ck_assert(b.failed);
	buffer_string(&b, "6");
	buffer_format(&b, "%d", 7);
	ck_assert_ptr_null(buffer_reserve(&b, 0));
	ck_assert(b.failed);
	ck_assert(slice_is(buffer_slice(&b), "12345"));
	buffer_release(&b);
	ck_assert_msg(!b.failed && b.limit == 8, "a released buffer can be used again");
	buffer_string(&b, "abc");
	ck_assert(slice_is(buffer_slice(&b), "abc"));
	buffer_release(&b);
}
END_TEST

START_TEST(a_size_that_would_overflow_is_refused)
{
	struct buffer b;

	buffer_init(&b, 100);
	buffer_string(&b, "abc");
	ck_assert_ptr_null(buffer_reserve(&b, (size_t)-1));
	ck_assert(b.failed);
	buffer_release(&b);
}
END_TEST

START_TEST(a_formatted_text_is_appended_whole_or_not_at_all)
{
	struct buffer b;
	char text[2000];

	buffer_init(&b, 100000);
	buffer_format(&b, "%s=%d", "a", 1);
	buffer_format(&b, "%s", "");
	ck_assert(slice_is(buffer_slice(&b), "a=1"));
	memset(text, 'x', sizeof(text) - 1);
	text[1023] = '\0';
	buffer_format(&b, "%s", text);
	ck_assert(!b.failed);
	ck_assert_uint_eq(b.length, 3 + 1023);
	text[1023] = 'x';
	text[1999] = '\0';
	buffer_format(&b, "%s", text);
	ck_assert_msg(b.failed, "1999 bytes in one format");
	ck_assert_uint_eq(b.length, 3 + 1023);
	buffer_release(&b);
}
END_TEST

START_TEST(a_zeroed_buffer_may_be_released)
{
	struct buffer b = { 0 };

	buffer_release(&b);
	buffer_release(&b);
	ck_assert_ptr_null(b.text);
	ck_assert_uint_eq(buffer_slice(&b).length, 0);
}
END_TEST

/* Whatever its size was said to be. */
static const size_t said[] = { 0, 1, 99999, 100000, 100001, 150000 };

START_TEST(all_that_is_in_a_file_is_read)
{
	static char text[100000];
	struct buffer b;
	FILE *file = tmpfile();

	memset(text, 'x', sizeof(text));
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text, 1, sizeof(text), file), sizeof(text));
	ck_assert_int_eq(fseek(file, 0, SEEK_SET), 0);
	buffer_init(&b, sizeof(text) + 2 * BUFFER_STEP);
	ck_assert_int_eq(buffer_fill(&b, fileno(file), said[_i]), 0);
	ck_assert_uint_eq(b.length, sizeof(text));
	ck_assert_int_eq(memcmp(b.text, text, sizeof(text)), 0);
	buffer_release(&b);
	(void)fclose(file);
}
END_TEST

START_TEST(a_file_past_the_limit_or_none_is_told)
{
	struct buffer b;
	FILE *file = fopen("/dev/zero", "re");

	ck_assert_ptr_nonnull(file);
	buffer_init(&b, 200000);
	ck_assert_int_eq(buffer_fill(&b, fileno(file), 10), -1);
	ck_assert_int_eq(errno, EFBIG);
	buffer_release(&b);
	(void)fclose(file);
	buffer_init(&b, 200000);
	ck_assert_int_eq(buffer_fill(&b, -1, 10), -1);
	ck_assert_int_eq(errno, EBADF);
	buffer_release(&b);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("buffer");
	TCase *buffers = tcase_create("buffers");

	tcase_add_test(buffers, pieces_of_all_sizes_add_up);
	tcase_add_loop_test(buffers, the_limit_is_exact, 0, LENGTH(limits));
	tcase_add_test(buffers, the_first_error_sticks);
	tcase_add_test(buffers, a_size_that_would_overflow_is_refused);
	tcase_add_test(buffers, a_formatted_text_is_appended_whole_or_not_at_all);
	tcase_add_test(buffers, a_zeroed_buffer_may_be_released);
	tcase_add_loop_test(buffers, all_that_is_in_a_file_is_read, 0, LENGTH(said));
	tcase_add_test(buffers, a_file_past_the_limit_or_none_is_told);
	suite_add_tcase(suite, buffers);
	return run_suite(suite);
}
