#include <stdlib.h>

#include "textfile/name.h"

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool
name_valid_metric(struct slice name)
{
	for (size_t i = 0; i < name.length; i++)
		if (!is_letter(name.at[i]) && name.at[i] != ':' && (i == 0 || !is_digit(name.at[i])))
			return false;
	return name.length > 0;
}

bool
name_valid_label(struct slice name)
{
	return name_valid_metric(name) && memchr(name.at, ':', name.length) == NULL;
}

bool
name_reserved_label(struct slice name)
{
	return name.length >= 2 && name.at[0] == '_' && name.at[1] == '_';
}

/*
 * What node_exporter 1.5 to 1.12 write about themselves, sorted.  The two
 * parts of go_gc_duration_seconds are in it because a summary takes their
 * names too.
 */
static const char *const taken[] = {
	"go_gc_duration_seconds",
	"go_gc_duration_seconds_count",
	"go_gc_duration_seconds_sum",
	"go_gc_gogc_percent",
	"go_gc_gomemlimit_bytes",
	"go_goroutines",
	"go_info",
	"go_memstats_alloc_bytes",
	"go_memstats_alloc_bytes_total",
	"go_memstats_buck_hash_sys_bytes",
	"go_memstats_frees_total",
	"go_memstats_gc_sys_bytes",
	"go_memstats_heap_alloc_bytes",
	"go_memstats_heap_idle_bytes",
	"go_memstats_heap_inuse_bytes",
	"go_memstats_heap_objects",
	"go_memstats_heap_released_bytes",
	"go_memstats_heap_sys_bytes",
	"go_memstats_last_gc_time_seconds",
	"go_memstats_lookups_total",
	"go_memstats_mallocs_total",
	"go_memstats_mcache_inuse_bytes",
	"go_memstats_mcache_sys_bytes",
	"go_memstats_mspan_inuse_bytes",
	"go_memstats_mspan_sys_bytes",
	"go_memstats_next_gc_bytes",
	"go_memstats_other_sys_bytes",
	"go_memstats_stack_inuse_bytes",
	"go_memstats_stack_sys_bytes",
	"go_memstats_sys_bytes",
	"go_sched_gomaxprocs_threads",
	"go_threads",
	"node_exporter_build_info",
	"node_scrape_collector_duration_seconds",
	"node_scrape_collector_success",
	"node_textfile_mtime_seconds",
	"node_textfile_scrape_error",
	"process_cpu_seconds_total",
	"process_max_fds",
	"process_network_receive_bytes_total",
	"process_network_transmit_bytes_total",
	"process_open_fds",
	"process_resident_memory_bytes",
	"process_start_time_seconds",
	"process_virtual_memory_bytes",
	"process_virtual_memory_max_bytes",
	"promhttp_metric_handler_errors_total",
	"promhttp_metric_handler_requests_in_flight",
	"promhttp_metric_handler_requests_total",
};

static int
compare_name(const void *key, const void *element)
{
	const struct slice *name = key;
	struct slice other = SLICE(*(const char *const *)element);
	int order = memcmp(name->at, other.at, name->length < other.length ? name->length : other.length);

	if (order == 0 && name->length != other.length)
		order = name->length < other.length ? -1 : 1;
	return order;
}

bool
name_taken_by_node_exporter(struct slice name)
{
	return name.length > 0 && bsearch(&name, taken, sizeof(taken) / sizeof(taken[0]), sizeof(taken[0]),
				      compare_name) != NULL;
}
