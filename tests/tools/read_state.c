/*
 * read_state URL PREFIX [MAX_AGE [ENTRIES_MAX [ENV]]]: what engine_state's reader finds, as text: one line a
 * fact. With TIMES behind it, read that often, and print the time of each in seconds and nothing else.
 */

#include <stdio.h>
#include <stdlib.h>

#include "engine/state.h"

static void
print_kept(const struct engine_state *state)
{
	for (size_t i = 0; i < state->counts[ENTRY_FEED]; i++)
		printf("feed %s connected %d messages %g stale %d\n", state->feeds[i].exchange,
		    state->feeds[i].connected, state->feeds[i].messages, state->feeds[i].stale);
	for (size_t i = 0; i < state->counts[ENTRY_GUARD]; i++)
		printf("guard %s '%s' %s triggers %g reason '%s' stale %d\n",
		    guard_tier_names[state->guards[i].tier], state->guards[i].name,
		    guard_state_names[state->guards[i].state], state->guards[i].triggers,
		    state->guards[i].reason, state->guards[i].stale);
	for (size_t i = 0; i < state->counts[ENTRY_LIMIT]; i++)
		printf("limit %d %s '%s' %g of %g %s\n", (int)state->limits[i].kind,
		    guard_tier_names[state->limits[i].tier], state->limits[i].name, state->limits[i].value,
		    state->limits[i].limit, state->limits[i].currency);
	for (size_t i = 0; i < state->counts[ENTRY_ROUTE]; i++)
		printf("route %s score %g decision %d\n", state->routes[i].name, state->routes[i].score,
		    state->routes[i].decision);
	for (size_t i = 0; i < state->counts[ENTRY_SYMBOL]; i++)
		printf("symbol %s updated_at %.3f stale %d\n", state->symbols[i].name,
		    state->symbols[i].updated_at, state->symbols[i].stale);
	for (size_t i = 0; i < state->counts[ENTRY_ORDERS]; i++)
		printf("orders %s sent %g\n", state->orders[i].exchange, state->orders[i].counts[0]);
}

static void
print(const struct engine_state *state)
{
	printf("read %d\nalive %d\n", state->read, state->alive);
	if (!state->read)
		printf("failure %s: %s\n", failure_kind_name(state->failure.kind), state->failure.text);
	if (state->not_alive.kind != FAILURE_NONE)
		printf("not alive: %s\n", state->not_alive.text);
	printf("errors %g restarts %g run_state %d\n", state->errors, state->restarts, state->run_state);
	for (int kind = 0; kind < ENTRY_KINDS; kind++)
		printf("kind %s entries %llu dropped %llu stale %llu faulty %llu kept %zu\n",
		    entry_kind_names[kind], (unsigned long long)state->entries[kind],
		    (unsigned long long)state->dropped[kind], (unsigned long long)state->stale[kind],
		    (unsigned long long)state->faults[STATE_ENTRIES + kind].keys, state->counts[kind]);
	for (int kind = 0; kind < STATE_KINDS; kind++)
		if (state->faults[kind].keys > 0)
			printf("fault %s: %s\n", state->faults[kind].subject, state->faults[kind].why.text);
	print_kept(state);
}

int
main(int argc, char *argv[])
{
	struct engine_state_settings settings = { .env = argc > 5 ? argv[5] : "paper",
		.max_age_seconds = argc > 3 ? strtod(argv[3], NULL) : 30,
		.entries_max = argc > 4 ? strtoul(argv[4], NULL, 10) : 500 };
	long times = argc > 6 ? strtol(argv[6], NULL, 10) : 0;
	struct secrets secrets = { 0 };
	struct engine_state state = { 0 };
	struct failure why = { 0 };
	struct redis_target *target;
	bool read;

	if (argc < 3)
		return 2;
	target = redis_target_new(argv[1], NULL, NULL, &secrets, &why);
	settings.target = target;
	settings.prefix = argv[2];
	if (target == NULL || engine_state_check_prefix(settings.prefix, &why) != 0) {
		fprintf(stderr, "%s\n", why.text);
		return EXIT_FAILURE;
	}
	for (long i = 0; i < (times > 0 ? times : 1); i++) {
		int64_t began_ns = clock_now_ns();

		engine_state_release(&state);
		engine_state_read(&settings, deadline_in(INT64_C(60000000000)), &state);
		if (times > 0)
			printf("%.6f\n", clock_seconds_since(began_ns));
	}
	if (times == 0)
		print(&state);
	read = state.read;
	engine_state_release(&state);
	redis_target_free(target);
	secrets_release(&secrets);
	return read ? EXIT_SUCCESS : EXIT_FAILURE;
}
