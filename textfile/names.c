/*
 * Which names may be in a file, and a table from names to numbers.  Names come from outside, so the table
 * hashes them with a key of its own (hash.h): nobody can prepare names that collide.
 */

#include <stdlib.h>

#include "textfile/names.h"

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

struct slice
name_at_metric(const char *at)
{
	const char *end = at;

	while (is_letter(*end) || *end == ':' || (end > at && is_digit(*end)))
		end++;
	return (struct slice){ at, (size_t)(end - at) };
}

struct slice
name_at_label(const char *at)
{
	const char *end = at;

	while (is_letter(*end) || (end > at && is_digit(*end)))
		end++;
	return (struct slice){ at, (size_t)(end - at) };
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

/*
 * What its collectors write that are on by default and find something on each machine: the beginning of
 * names, and how they go on, each between blanks; NULL: in any way that begins with a capital letter, as the
 * kernel has it in /proc/meminfo and the like.
 */
static const struct {
	const char *start, *ends;
} collected[] = {
	{ "node_memory_", NULL },
	{ "node_netstat_", NULL },
	{ "node_sockstat_", NULL },
	{ "node_cpu_", " guest_seconds_total info seconds_total " },
	{ "node_disk_", " discard_time_seconds_total discarded_sectors_total discards_completed_total "
			"discards_merged_total flush_requests_time_seconds_total flush_requests_total info "
			"io_now io_time_seconds_total io_time_weighted_seconds_total read_bytes_total "
			"read_time_seconds_total reads_completed_total reads_merged_total "
			"write_time_seconds_total writes_completed_total writes_merged_total "
			"written_bytes_total " },
	{ "node_entropy_", " available_bits pool_size_bits " },
	{ "node_filefd_", " allocated maximum " },
	{ "node_filesystem_", " avail_bytes device_error files files_free free_bytes readonly size_bytes " },
	{ "node_load", " 1 15 5 " },
	{ "node_network_receive_",
	    " bytes_total compressed_total drop_total errs_total fifo_total frame_total "
	    "multicast_total nohandler_total packets_total " },
	{ "node_network_transmit_",
	    " bytes_total carrier_total colls_total compressed_total drop_total errs_total "
	    "fifo_total packets_total queue_length " },
	{ "node_network_",
	    " address_assign_type carrier carrier_changes_total carrier_down_changes_total "
	    "carrier_up_changes_total device_id dormant flags iface_id iface_link iface_link_mode "
	    "info mtu_bytes name_assign_type net_dev_group protocol_type speed_bytes up " },
	{ "node_pressure_", " cpu_waiting_seconds_total io_stalled_seconds_total io_waiting_seconds_total "
			    "memory_stalled_seconds_total memory_waiting_seconds_total " },
	{ "node_procs_", " blocked running " },
	{ "node_softnet_", " dropped_total processed_total times_squeezed_total " },
	{ "node_time_", " clocksource_available_info clocksource_current_info seconds zone_offset_seconds " },
	{ "node_timex_pps_", " calibration_total error_total frequency_hertz jitter_seconds jitter_total "
			     "shift_seconds stability_exceeded_total stability_hertz " },
	{ "node_timex_",
	    " estimated_error_seconds frequency_adjustment_ratio loop_time_constant "
	    "maxerror_seconds offset_seconds status sync_status tai_offset_seconds tick_seconds " },
	{ "node_vmstat_", " oom_kill pgfault pgmajfault pgpgin pgpgout pswpin pswpout " },
	{ "node_", " arp_entries boot_time_seconds context_switches_total forks_total intr_total "
		   "nf_conntrack_entries nf_conntrack_entries_limit os_info os_version "
		   "schedstat_running_seconds_total schedstat_timeslices_total "
		   "schedstat_waiting_seconds_total selinux_enabled sockstat_sockets_used udp_queues "
		   "uname_info " },
};

static bool
is_collected(struct slice name)
{
	for (size_t i = 0; i < sizeof(collected) / sizeof(collected[0]); i++) {
		const char *start = collected[i].start, *ends = collected[i].ends, *found = ends;
		size_t length = strlen(start);
		struct slice rest = { name.at + length, name.length - length };

		if (name.length <= length || memcmp(name.at, start, length) != 0)
			continue;
		if (ends == NULL && rest.at[0] >= 'A' && rest.at[0] <= 'Z')
			return true;
		while (
		    found != NULL && (found = memmem(found, strlen(found), rest.at, rest.length)) != NULL) {
			if (found[-1] == ' ' && found[rest.length] == ' ')
				return true;
			found++;
		}
	}
	return false;
}

bool
name_written_by_prometheus(struct slice name)
{
	static const char *const own[] = { "up", "scrape_duration_seconds", "scrape_samples_scraped",
		"scrape_samples_post_metric_relabeling", "scrape_series_added", "scrape_timeout_seconds",
		"scrape_sample_limit", "scrape_body_size_bytes" };

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (slice_is(name, own[i]))
			return true;
	return false;
}

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
	return name.length > 0 && (bsearch(&name, taken, sizeof(taken) / sizeof(taken[0]), sizeof(taken[0]),
				       compare_name) != NULL ||
				      is_collected(name));
}

/* The table ------------------------------------------------------------ */

enum { LEAST_CAPACITY = 64 };

void
names_init(struct names *names)
{
	*names = (struct names){ .key = hash_key_new() };
}

void
names_release(struct names *names)
{
	free(names->entries);
	names->entries = NULL;
	names->capacity = names->count = 0;
}

/* Where `name` is, or the free place where it belongs. */
static struct names_entry *
place_of(const struct names *names, struct slice name, uint32_t hash)
{
	for (size_t i = hash;; i++) {
		struct names_entry *entry = &names->entries[i & (names->capacity - 1)];

		if (entry->name.length == 0 || (entry->hash == hash && slice_equal(entry->name, name)))
			return entry;
	}
}

static uint32_t
hash_of(const struct names *names, struct slice name)
{
	return (uint32_t)hash_text(names->key, name.at, name.length);
}

const struct names_entry *
names_find(const struct names *names, struct slice name)
{
	const struct names_entry *entry;

	if (names->count == 0 || name.length == 0)
		return NULL;
	entry = place_of(names, name, hash_of(names, name));
	return entry->name.length > 0 ? entry : NULL;
}

/* Twice as large; at most half of it is ever used. */
static int
grow(struct names *names)
{
	struct names_entry *old = names->entries, *entries;
	size_t old_capacity = names->capacity,
	       capacity = old_capacity > 0 ? old_capacity * 2 : LEAST_CAPACITY;

	entries = calloc(capacity, sizeof(*entries));
	if (entries == NULL)
		return -1;
	names->entries = entries;
	names->capacity = capacity;
	for (size_t i = 0; i < old_capacity; i++)
		if (old[i].name.length > 0)
			*place_of(names, old[i].name, old[i].hash) = old[i];
	free(old);
	return 0;
}

int
names_add(struct names *names, struct slice name, uint32_t number, uint8_t tag)
{
	uint32_t hash = hash_of(names, name);

	if (names->count >= names->capacity / 2 && grow(names) != 0)
		return -1;
	*place_of(names, name, hash) = (struct names_entry){ name, hash, number, tag };
	names->count++;
	return 0;
}
