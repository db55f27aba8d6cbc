#include "common/net/address.h"
#include "tests/suite.h"

static const struct {
	const char *text;
	bool private, loopback;
} addresses[] = {
	{ "127.0.0.1", true, true },
	{ "127.255.255.254", true, true },
	{ "128.0.0.1", false, false },
	{ "126.255.255.255", false, false },
	{ "10.0.0.0", true, false },
	{ "10.255.255.255", true, false },
	{ "11.0.0.0", false, false },
	{ "9.255.255.255", false, false },
	{ "172.16.0.1", true, false },
	{ "172.31.255.255", true, false },
	{ "172.15.255.255", false, false },
	{ "172.32.0.0", false, false },
	{ "192.168.0.1", true, false },
	{ "192.167.255.255", false, false },
	{ "192.169.0.0", false, false },
	{ "169.254.1.1", true, false },
	{ "169.255.0.0", false, false },
	{ "100.64.0.1", true, false },
	{ "100.127.255.255", true, false },
	{ "100.63.255.255", false, false },
	{ "100.128.0.0", false, false },
	{ "0.0.0.0", false, false },
	{ "203.0.113.7", false, false },
	{ "255.255.255.255", false, false },
	{ "::1", true, true },
	{ "::", false, false },
	{ "::2", false, false },
	{ "fe80::1", true, false },
	{ "fe80::1%eth0", true, false },
	{ "febf::1", true, false },
	{ "fec0::1", false, false },
	{ "fc00::1", true, false },
	{ "fdff:ffff::1", true, false },
	{ "fe00::1", false, false },
	{ "fbff::1", false, false },
	{ "2001:db8::1", false, false },
	{ "::ffff:10.0.0.1", true, false },
	{ "::ffff:203.0.113.7", false, false },
	{ "64:ff9b::10.0.0.1", false, false }, /* NAT64 goes wherever it likes */
	{ "localhost", false, true },
	{ "localhost.example.org", false, false },
	{ "10.0.0.1.example.org", false, false },
	{ "10.1", false, false },
	{ "10.0.0.1%eth0", false, false },
	{ "0x7f.0.0.1", false, false },
	{ "", false, false },
	{ "%eth0", false, false },
	{ "fe80:0000:0000:0000:0000:0000:0000:0001:0000:0000:0000:0000", false, false },
};

START_TEST(an_address_is_private_or_it_is_not)
{
	ck_assert_msg(
	    address_is_private(addresses[_i].text) == addresses[_i].private, "%s", addresses[_i].text);
	ck_assert_msg(
	    address_is_loopback(addresses[_i].text) == addresses[_i].loopback, "%s", addresses[_i].text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("address");
	TCase *all = tcase_create("all");

	tcase_add_loop_test(all, an_address_is_private_or_it_is_not, 0, LENGTH(addresses));
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
