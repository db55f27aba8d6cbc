/* alert_relay: makes sure that alerts arrive, and remembers them. */

int
main(void)
{
	return 1;
}
