#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/suite.h"
#include "textfile/hash.h"

enum { TEXTS = 20000 };

static int
compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* "s1" and "s10" had one hash with every key: the length was mixed with the last bytes. */
START_TEST(texts_of_other_lengths_have_other_hashes)
{
	static uint64_t hashes[TEXTS];
	struct hash_key key = hash_key_new();

	for (int i = 0; i < TEXTS; i++) {
		char text[16];
		int length = snprintf(text, sizeof(text), "s%d", i);

		hashes[i] = hash_text(key, text, (size_t)length);
	}
	qsort(hashes, TEXTS, sizeof(hashes[0]), compare);
	for (int i = 1; i < TEXTS; i++)
		ck_assert_uint_ne(hashes[i], hashes[i - 1]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hash");
	TCase *all = tcase_create("all");

	tcase_add_test(all, texts_of_other_lengths_have_other_hashes);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
