#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text/utf8.h"
#include "tests/suite.h"

/* RFC 3629, section 4, written as arithmetic: decode, then look at the value. */
static size_t
oracle(const unsigned char *b, size_t length)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t width = b[0] < 0x80 ? 1 : b[0] >> 5 == 6 ? 2 : b[0] >> 4 == 14 ? 3 : b[0] >> 3 == 30 ? 4 : 0;
	uint32_t value = b[0];

	if (width < 2 || width > length)
		return width > length ? 0 : width;
	value &= 0xFFu >> (width + 1);
	for (size_t i = 1; i < width; i++) {
		if (b[i] >> 6 != 2)
			return 0;
		value = value << 6 | (b[i] & 63);
	}
	if (value < least[width] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
		return 0;
	return width;
}

START_TEST(every_start_of_three_bytes_is_judged_as_the_rfc_has_it)
{
	/* The fourth byte is one of those at the edges of its ranges. */
	static const unsigned char fourth[] = { 0x00, 0x7F, 0x80, 0xBF, 0xC0, 0xFF };
	unsigned char bytes[4] = { (unsigned char)_i };

	for (int second = 0; second < 256; second++)
		for (int third = 0; third < 256; third++)
			for (size_t i = 0; i < sizeof(fourth); i++)
				for (size_t length = 1; length <= 4; length++) {
					bytes[1] = (unsigned char)second;
					bytes[2] = (unsigned char)third;
					bytes[3] = fourth[i];
					if (utf8_character((const char *)bytes, length) !=
					    oracle(bytes, length))
						ck_abort_msg("%02x %02x %02x %02x, %zu bytes", bytes[0],
						    bytes[1], bytes[2], bytes[3], length);
				}
}
END_TEST

START_TEST(nothing_is_no_character_and_a_valid_text)
{
	ck_assert_uint_eq(utf8_character("", 0), 0);
	ck_assert(utf8_valid((struct slice){ "", 0 }));
	ck_assert(utf8_valid((struct slice){ NULL, 0 }));
}
END_TEST

/* The quick way through plain ASCII must see a fault at any place. */
START_TEST(a_bad_byte_is_found_at_every_place)
{
	for (size_t length = 1; length <= 40; length++)
		for (size_t at = 0; at < length; at++) {
			char *text = malloc(length);

			ck_assert_ptr_nonnull(text);
			memset(text, 'a', length);
			ck_assert(utf8_valid((struct slice){ text, length }));
			text[at] = (char)0xFF;
			ck_assert_msg(
			    !utf8_valid((struct slice){ text, length }), "at %zu of %zu", at, length);
			text[at] = (char)0xC3;
			ck_assert_msg(
			    !utf8_valid((struct slice){ text, length }), "cut at %zu of %zu", at, length);
			if (at + 1 < length) {
				text[at + 1] = (char)0xA9;
				ck_assert(utf8_valid((struct slice){ text, length }));
			}
			free(text);
		}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("utf8");
	TCase *characters = tcase_create("characters");

	tcase_add_loop_test(characters, every_start_of_three_bytes_is_judged_as_the_rfc_has_it, 0, 256);
	tcase_add_test(characters, nothing_is_no_character_and_a_valid_text);
	tcase_add_test(characters, a_bad_byte_is_found_at_every_place);
	tcase_set_timeout(characters, 60);
	suite_add_tcase(suite, characters);
	return run_suite(suite);
}
