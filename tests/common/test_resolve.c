/*
 * resolve(), connect_*(), parallel_each() and detached_run(), against the system's resolver
 * and sockets of our own.  A name server that never answers needs a network
 * namespace: tests/collectors/redis_latency.sh has it.
 */

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/net/connect.h"
#include "common/net/resolve.h"
#include "common/system/detached.h"
#include "common/system/parallel.h"
#include "tests/suite.h"

static const int64_t second_ns = 1000000000;

static const struct {
	const char *host;
	int family;
} numeric[] = {
	{ "127.0.0.1", AF_INET },
	{ "::1", AF_INET6 },
	{ "::ffff:127.0.0.1", AF_INET6 },
};

/* With no time left at all: so no name server was asked. */
START_TEST(numeric_addresses_need_no_time)
{
	struct addrinfo *found = NULL;
	struct failure why = { 0 };

	ck_assert_msg(resolve(numeric[_i].host, 6379, deadline_in(0), &found, &why) == 0, "%s", why.text);
	ck_assert_int_eq(found->ai_family, numeric[_i].family);
	/* sin6_port is at the same place. */
	ck_assert_int_eq(ntohs(((const struct sockaddr_in *)(const void *)found->ai_addr)->sin_port), 6379);
	ck_assert_ptr_null(found->ai_next);
	freeaddrinfo(found);
}
END_TEST

START_TEST(a_name_from_the_hosts_file_is_found)
{
	struct addrinfo *found = NULL;
	struct failure why = { 0 };

	ck_assert_msg(
	    resolve("localhost", 1, deadline_in(20 * second_ns), &found, &why) == 0, "%s", why.text);
	ck_assert_ptr_nonnull(found);
	freeaddrinfo(found);
}
END_TEST

/* A label of more than 63 bytes is no name to any resolver, with or without a network. */
START_TEST(a_name_that_cannot_exist_has_no_address)
{
	char name[71] = "";
	struct addrinfo *found = NULL;
	struct failure why = { 0 };

	memset(name, 'a', sizeof(name) - 1);
	ck_assert_int_eq(resolve(name, 1, deadline_in(20 * second_ns), &found, &why), -1);
	ck_assert_int_eq(why.kind, FAILURE_RESOLVE);
	ck_assert_ptr_nonnull(strstr(why.text, name));
	ck_assert_ptr_null(found);
}
END_TEST

START_TEST(a_name_is_not_asked_for_when_the_time_is_over)
{
	struct addrinfo *found = NULL;
	struct failure why = { 0 };

	ck_assert_int_eq(resolve("localhost", 1, deadline_in(0), &found, &why), -1);
	ck_assert_int_eq(why.kind, FAILURE_TIMEOUT);
}
END_TEST

static void
resolve_localhost(void *context, size_t index)
{
	struct addrinfo *found = NULL;
	struct failure why;

	(void)index;
	if (resolve("localhost", 1, deadline_in(20 * second_ns), &found, &why) == 0) {
		freeaddrinfo(found);
		atomic_fetch_add((atomic_int *)context, 1);
	}
}

START_TEST(hundreds_of_lookups_at_once_are_all_answered)
{
	atomic_int done = 0;

	parallel_each(300, resolve_localhost, &done);
	ck_assert_int_eq(done, 300);
}
END_TEST

/* A socket bound to a free port of 127.0.0.1, which listens when `backlog` is not negative. */
static int
bound(struct sockaddr_in *address, int backlog)
{
	socklen_t length = sizeof(*address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	*address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	ck_assert_int_eq(bind(fd, (struct sockaddr *)address, length), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)address, &length), 0);
	if (backlog >= 0)
		ck_assert_int_eq(listen(fd, backlog), 0);
	return fd;
}

static struct addrinfo
as_addrinfo(struct sockaddr_in *address, struct addrinfo *next)
{
	return (struct addrinfo){ .ai_family = AF_INET,
		.ai_socktype = SOCK_STREAM,
		.ai_addrlen = sizeof(*address),
		.ai_addr = (struct sockaddr *)address,
		.ai_next = next };
}

START_TEST(the_first_address_that_accepts_is_taken)
{
	struct sockaddr_in refusing, listening, peer;
	int closed = bound(&refusing, -1), listener = bound(&listening, 1), fd, no_delay = 0;
	socklen_t length = sizeof(peer);
	struct addrinfo second = as_addrinfo(&listening, NULL), first = as_addrinfo(&refusing, &second);
	struct failure why = { 0 };

	fd = connect_tcp(&first, deadline_in(20 * second_ns), &why);
	ck_assert_msg(fd >= 0, "%s", why.text);
	/* As "localhost" is ::1 first, and the server is on 127.0.0.1 alone: that is no failure. */
	ck_assert_int_eq(why.kind, FAILURE_NONE);
	ck_assert_int_eq(getpeername(fd, (struct sockaddr *)&peer, &length), 0);
	ck_assert_int_eq(peer.sin_port, listening.sin_port);
	ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	length = sizeof(no_delay);
	ck_assert_int_eq(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &length), 0);
	ck_assert_int_ne(no_delay, 0);
	close(fd);
	close(listener);
	close(closed);
}
END_TEST

START_TEST(a_refused_connection_is_told_with_its_address)
{
	struct sockaddr_in refusing;
	int closed = bound(&refusing, -1);
	struct addrinfo only = as_addrinfo(&refusing, NULL);
	struct failure why = { 0 };
	char place[32];

	snprintf(place, sizeof(place), "127.0.0.1:%d", ntohs(refusing.sin_port));
	ck_assert_int_eq(connect_tcp(&only, deadline_in(20 * second_ns), &why), -1);
	ck_assert_int_eq(why.kind, FAILURE_CONNECT);
	ck_assert_ptr_nonnull(strstr(why.text, place));
	close(closed);
}
END_TEST

/* The kernel completes one connection more than the backlog, and lets the next ones wait. */
START_TEST(a_full_backlog_ends_at_the_deadline)
{
	struct sockaddr_in full;
	int listener = bound(&full, 0), fd = -1;
	struct addrinfo only = as_addrinfo(&full, NULL);
	int fds[8], count = 0;
	struct failure why = { 0 };

	while (count < LENGTH(fds) && (fd = connect_tcp(&only, deadline_in(second_ns), &why)) >= 0)
		fds[count++] = fd;
	ck_assert_int_lt(fd, 0);
	ck_assert_int_eq(why.kind, FAILURE_TIMEOUT);
	while (count > 0)
		close(fds[--count]);
	close(listener);
}
END_TEST

START_TEST(an_address_that_hangs_leaves_time_for_the_next)
{
	struct sockaddr_in full, listening, peer;
	int hanging = bound(&full, 0), listener = bound(&listening, 1), fds[8], count = 0, fd;
	struct addrinfo second = as_addrinfo(&listening, NULL), first = as_addrinfo(&full, &second);
	struct addrinfo only = as_addrinfo(&full, NULL);
	socklen_t length = sizeof(peer);
	struct failure why = { 0 };

	while (count < LENGTH(fds) && (fd = connect_tcp(&only, deadline_in(second_ns), &why)) >= 0)
		fds[count++] = fd;
	fd = connect_tcp(&first, deadline_in(4 * second_ns), &why);
	ck_assert_msg(fd >= 0, "%s", why.text);
	ck_assert_int_eq(getpeername(fd, (struct sockaddr *)&peer, &length), 0);
	ck_assert_int_eq(peer.sin_port, listening.sin_port);
	close(fd);
	while (count > 0)
		close(fds[--count]);
	close(listener);
	close(hanging);
}
END_TEST

static int
unix_listener(const char *path, int backlog)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, backlog), 0);
	return fd;
}

START_TEST(unix_sockets_connect_wait_and_fail_like_tcp)
{
	char directory[] = "/tmp/arbwatch-unit.XXXXXX", path[64];
	int listener, fds[8], count = 0, fd = -1;
	struct failure why = { 0 };

	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/socket", directory);
	ck_assert_int_eq(connect_unix(path, deadline_in(20 * second_ns), &why), -1);
	ck_assert_int_eq(why.kind, FAILURE_CONNECT);
	ck_assert_ptr_nonnull(strstr(why.text, path));
	listener = unix_listener(path, 0);
	while (count < LENGTH(fds) && (fd = connect_unix(path, deadline_in(second_ns), &why)) >= 0) {
		ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
		fds[count++] = fd;
	}
	ck_assert_int_gt(count, 0);
	ck_assert_int_lt(fd, 0);
	ck_assert_int_eq(why.kind, FAILURE_TIMEOUT);
	while (count > 0)
		close(fds[--count]);
	close(listener);
	unlink(path);
	rmdir(directory);
}
END_TEST

START_TEST(a_unix_path_that_is_too_long_is_our_own_mistake)
{
	char path[200] = "/";
	struct failure why = { 0 };

	memset(path + 1, 'x', sizeof(path) - 2);
	ck_assert_int_eq(connect_unix(path, deadline_in(second_ns), &why), -1);
	ck_assert_int_eq(why.kind, FAILURE_LOCAL);
}
END_TEST

struct batch {
	pthread_barrier_t all_here;
	atomic_int seen[8];
	pthread_t threads[8];
};

static void
meet_the_others(void *context, size_t index)
{
	struct batch *batch = context;

	batch->threads[index] = pthread_self();
	atomic_fetch_add(&batch->seen[index], 1);
	(void)pthread_barrier_wait(&batch->all_here);
}

/* The barrier lets nobody go before all are there: one after another would hang until libcheck's timeout. */
START_TEST(jobs_run_at_once_and_each_index_once)
{
	struct batch batch = { 0 };

	ck_assert_int_eq(pthread_barrier_init(&batch.all_here, NULL, 8), 0);
	parallel_each(8, meet_the_others, &batch);
	for (int i = 0; i < 8; i++)
		ck_assert_int_eq(batch.seen[i], 1);
	ck_assert(pthread_equal(batch.threads[0], pthread_self()));
	pthread_barrier_destroy(&batch.all_here);
}
END_TEST

START_TEST(no_job_and_one_job_start_no_thread)
{
	struct batch batch = { 0 };

	ck_assert_int_eq(pthread_barrier_init(&batch.all_here, NULL, 1), 0);
	parallel_each(0, meet_the_others, &batch);
	ck_assert_int_eq(batch.seen[0], 0);
	parallel_each(1, meet_the_others, &batch);
	ck_assert_int_eq(batch.seen[0], 1);
	ck_assert(pthread_equal(batch.threads[0], pthread_self()));
	pthread_barrier_destroy(&batch.all_here);
}
END_TEST

/* Work that ends when it is told to. */
struct stubborn {
	char key[16];
	pthread_mutex_t *may_end;
	atomic_int *released;
	int result;
};

static void
wait_to_end(void *work)
{
	struct stubborn *stubborn = work;

	(void)pthread_mutex_lock(stubborn->may_end);
	stubborn->result = 1;
	(void)pthread_mutex_unlock(stubborn->may_end);
}

static void
release_stubborn(void *work)
{
	atomic_fetch_add(((struct stubborn *)work)->released, 1);
	free(work);
}

static enum detached_end
run_stubborn(const char *key, pthread_mutex_t *may_end, atomic_int *released, int64_t ns)
{
	static const struct detached task = { wait_to_end, release_stubborn };
	struct stubborn *stubborn = calloc(1, sizeof(*stubborn));
	enum detached_end end;

	snprintf(stubborn->key, sizeof(stubborn->key), "%s", key);
	stubborn->may_end = may_end;
	stubborn->released = released;
	end = detached_run(&task, stubborn->key, stubborn, deadline_in(ns));
	if (end == DETACHED_DONE) {
		ck_assert_int_eq(stubborn->result, 1);
		free(stubborn);
	}
	return end;
}

/* It is begun, and late.  A busy machine may let the short time pass before a thread is started: that try
 * does not count. */
static void
leave_behind(const char *key, pthread_mutex_t *may_end, atomic_int *released)
{
	int before = atomic_load(released);

	ck_assert_int_eq(run_stubborn(key, may_end, released, second_ns / 1000), DETACHED_LATE);
	while (atomic_load(released) > before) {
		atomic_store(released, before);
		ck_assert_int_eq(run_stubborn(key, may_end, released, second_ns / 1000), DETACHED_LATE);
	}
}

START_TEST(work_that_is_late_is_left_behind_and_not_begun_again_until_it_ends)
{
	pthread_mutex_t may_end = PTHREAD_MUTEX_INITIALIZER;
	atomic_int released = 0;

	ck_assert_int_eq(run_stubborn("a", &may_end, &released, 20 * second_ns), DETACHED_DONE);
	ck_assert_int_eq(run_stubborn("a", &may_end, &released, 0), DETACHED_LATE);
	ck_assert_int_eq(released, 1);
	(void)pthread_mutex_lock(&may_end);
	leave_behind("a", &may_end, &released);
	ck_assert_int_eq(run_stubborn("a", &may_end, &released, 20 * second_ns), DETACHED_BUSY);
	leave_behind("b", &may_end, &released);
	ck_assert_int_eq(released, 2);
	(void)pthread_mutex_unlock(&may_end);
	while (atomic_load(&released) < 4)
		usleep(1000);
	ck_assert_int_eq(run_stubborn("a", &may_end, &released, 20 * second_ns), DETACHED_DONE);
}
END_TEST

START_TEST(no_more_than_256_threads_are_left_behind)
{
	pthread_mutex_t may_end = PTHREAD_MUTEX_INITIALIZER;
	atomic_int released = 0;
	char key[16];

	(void)pthread_mutex_lock(&may_end);
	for (int i = 0; i < 256; i++) {
		snprintf(key, sizeof(key), "%d", i);
		leave_behind(key, &may_end, &released);
	}
	ck_assert_int_eq(run_stubborn("more", &may_end, &released, 20 * second_ns), DETACHED_BUSY);
	(void)pthread_mutex_unlock(&may_end);
	while (atomic_load(&released) < 257)
		usleep(1000);
}
END_TEST

struct reader {
	char key[8];
	FILE *file;
};

/* As a library that reads a file from a file system that does not answer: it holds the file's lock. */
static void
read_for_ever(void *work)
{
	flockfile(((struct reader *)work)->file);
	for (;;)
		(void)pause();
}

START_TEST(a_file_that_is_being_read_does_not_hold_up_the_end)
{
	static const struct detached task = { read_for_ever, free };
	char text[8] = "";
	int ends[2], status;
	pid_t child;

	ck_assert_int_eq(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		struct reader *reader = calloc(1, sizeof(*reader));

		(void)alarm(120);
		(void)dup2(ends[1], STDOUT_FILENO);
		reader->file = tmpfile();
		(void)detached_run(&task, reader->key, reader, deadline_in(second_ns / 100));
		printf("told");
		exit(7);
	}
	(void)close(ends[1]);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 7, "%x", (unsigned)status);
	ck_assert_int_eq(read(ends[0], text, sizeof(text) - 1), 4);
	ck_assert_str_eq(text, "told");
	(void)close(ends[0]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("resolve");
	TCase *names = tcase_create("names"), *sockets = tcase_create("sockets"),
	      *jobs = tcase_create("jobs");

	tcase_set_timeout(names, 60);
	tcase_add_loop_test(names, numeric_addresses_need_no_time, 0, LENGTH(numeric));
	tcase_add_test(names, a_name_from_the_hosts_file_is_found);
	tcase_add_test(names, a_name_that_cannot_exist_has_no_address);
	tcase_add_test(names, a_name_is_not_asked_for_when_the_time_is_over);
	tcase_add_test(names, hundreds_of_lookups_at_once_are_all_answered);
	tcase_set_timeout(sockets, 60);
	tcase_add_test(sockets, the_first_address_that_accepts_is_taken);
	tcase_add_test(sockets, a_refused_connection_is_told_with_its_address);
	tcase_add_test(sockets, a_full_backlog_ends_at_the_deadline);
	tcase_add_test(sockets, an_address_that_hangs_leaves_time_for_the_next);
	tcase_add_test(sockets, unix_sockets_connect_wait_and_fail_like_tcp);
	tcase_add_test(sockets, a_unix_path_that_is_too_long_is_our_own_mistake);
	tcase_set_timeout(jobs, 300);
	tcase_add_test(jobs, jobs_run_at_once_and_each_index_once);
	tcase_add_test(jobs, work_that_is_late_is_left_behind_and_not_begun_again_until_it_ends);
	tcase_add_test(jobs, no_more_than_256_threads_are_left_behind);
	tcase_add_test(jobs, a_file_that_is_being_read_does_not_hold_up_the_end);
	tcase_add_test(jobs, no_job_and_one_job_start_no_thread);
	suite_add_tcase(suite, names);
	suite_add_tcase(suite, sockets);
	suite_add_tcase(suite, jobs);
	return run_suite(suite);
}
