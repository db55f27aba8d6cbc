#!/bin/sh
# The textfile directory, as it should not be: the old file stays, the error says what is wrong, nothing is
# left behind, and a loop goes on and recovers.
# shellcheck source=tests/lib.sh

# What is mounted here is seen by this script alone, and gone with it.
if [ "${1:-}" != in-namespace ] && unshare --mount true 2>/dev/null; then
	exec unshare --mount sh "$0" in-namespace
fi
namespace=${1:-}
. "$(dirname "$0")/../lib.sh"

prom=$textfiles/redis_latency.prom
lock=$textfiles/.redis_latency.lock
runs='arbitrage_collector_runs_total{collector="redis_latency",env="paper"}'

redis_latency=$(for_all_users redis_latency)
start_redis
main=redis://127.0.0.1:$REDIS_PORT

# shellcheck disable=SC2120  # run calls it with arguments
collect() { "$redis_latency" --target "main=$main" --samples 3 "$@"; }
says() { grep -qF -- "$1" "$work/err"; }
left_behind() { find "$textfiles/" -name '*.tmp' | grep -q .; }

# fresh: one good run into an empty directory, kept for comparison.
fresh() {
	rm -rf "$textfiles"
	mkdir "$textfiles"
	run 0 collect
	cp "$prom" "$work/kept"
}

# fails WHAT TEXT COMMAND...: exit status 1, a clear error; the old file stays, and nothing is left behind.
fails() {
	what=$1 text=$2
	shift 2
	run 1 "$@"
	check "$what: a clear error" says "$text"
	check "$what: and no more than one" test "$(grep -c level=error "$work/err")" -eq 1
	check "$what: the old file stays" cmp "$work/kept" "$prom"
	refute "$what: no temporary file is left" left_behind
}

# recovers WHAT: the next run goes on from the old file.
recovers() {
	run 0 collect
	check "$1: the next run goes on" sample "$runs" 2 "$prom"
}

### Paths

fresh
fails "a missing directory" "cannot open the textfile directory '$work/none': No such file or directory" \
	collect --textfile.directory "$work/none"
fails "a file" "cannot open the textfile directory '$prom': Not a directory" \
	collect --textfile.directory "$prom"
ln -s "$textfiles" "$work/link"
run 0 collect --textfile.directory "$work/link"
check "a symlink to a directory is the directory" sample "$runs" 2 "$prom"
check "and stays a symlink" test -L "$work/link"
cd "$work" || exit 1
run 0 collect --textfile.directory textfiles/
check "a relative path" sample "$runs" 3 "$prom"
check "the file is for everybody to read" test "$(stat -c %a "$prom")" = 644
(umask 077 && collect 2>/dev/null)
check "whatever the umask says" test "$(stat -c %a "$prom")" = 644

### What has the file's name

fresh
mv "$prom" "$work/elsewhere"
ln -s "$work/elsewhere" "$prom"
run 0 collect
check "a symlink in the file's place is replaced" test ! -L "$prom"
check "its target is left alone" cmp "$work/kept" "$work/elsewhere"
check "and went on from it" sample "$runs" 2 "$prom"
rm "$prom"
ln -s "$work/nowhere" "$prom"
run 0 collect
check "a symlink to nowhere is replaced" test ! -L "$prom" -a -s "$prom"
check "what it names is not made" test ! -e "$work/nowhere"
rm "$prom"
mkfifo "$prom"
run 0 timeout 60 "$redis_latency" --target "main=$main"
check "a FIFO is replaced" test -f "$prom"
rm "$prom"
mkdir "$prom"
run 1 collect
check "a directory stays, with an error" says "cannot replace '$prom': Is a directory"
refute "a directory: no temporary file is left" left_behind

# What somebody else put where ours go.
fresh
ln -s "$work/elsewhere" "$textfiles/.redis_latency.tmp"
echo untouched >"$work/elsewhere"
recovers "a symlink for a temporary file"
check "what it names is left alone" grep -qx untouched "$work/elsewhere"
fresh
mkdir "$textfiles/.redis_latency.tmp"
run 1 collect
check "a directory for a temporary file is an error" says "cannot write '$textfiles/.redis_latency.tmp'"
check "and the old file stays" cmp "$work/kept" "$prom"
fresh
rm "$lock"
ln -s "$work/elsewhere" "$lock"
run 1 collect
check "a symlink for a lock is an error" says "cannot open '$lock'"
check "its target is left alone" grep -qx untouched "$work/elsewhere"

### Permissions

fresh
if [ "$(id -u)" -eq 0 ]; then
	as_nobody() { setpriv --reuid nobody --clear-groups "$@"; }
	fails "not writable" "cannot open '$lock': it belongs to user 0 (root), as whom this ran before, and this" \
		as_nobody "$redis_latency" --target "main=$main"
	chmod 700 "$textfiles"
	fails "not readable" "cannot open the textfile directory '$textfiles': Permission denied" \
		as_nobody "$redis_latency" --target "main=$main"
	chmod 755 "$textfiles"
	chown -R nobody "$textfiles"
	chmod 555 "$textfiles"
	fails "its own, but not writable" "cannot write '$textfiles/.redis_latency.tmp': Permission denied" \
		as_nobody "$redis_latency" --target "main=$main"
	chmod 755 "$textfiles"
	run 0 as_nobody "$redis_latency" --target "main=$main"
	check "another user goes on where it may" sample "$runs" 2 "$prom"

	rm "$lock"
	run 0 "$redis_latency" --target "main=$main"
	check "a run as root gives the lock to the user of the directory" test "$(stat -c %U "$lock")" = nobody
	run 0 as_nobody "$redis_latency" --target "main=$main"
	check "who goes on" sample "$runs" 4 "$prom"
	chown root "$lock"
	cp "$prom" "$work/kept"
	fails "a lock of root" "cannot open '$lock': it belongs to user 0 (root)" as_nobody "$redis_latency" --target "main=$main"
	check "with what to do" says "remove the file, or run as that user"
else
	skip "permissions" "only root can become another user"
fi

### Disks

if [ -n "$namespace" ]; then
	fresh
	mount --bind "$textfiles" "$textfiles"
	mount -o remount,bind,ro "$textfiles"
	fails "read-only" "cannot open '$lock': Read-only file system" collect
	umount "$textfiles"
	recovers "writable again"

	rm -rf "$textfiles"
	mkdir "$textfiles"
	mount -t tmpfs -o size=128k,mode=755 none "$textfiles"
	run 0 collect
	cp "$prom" "$work/kept"
	dd if=/dev/zero of="$textfiles/fill" bs=1k 2>/dev/null
	fails "a full disk" "cannot write '$textfiles/.redis_latency.tmp': No space left on device" collect
	fails "still full" "No space left on device" collect
	rm "$textfiles/fill"
	recovers "space again"
	umount "$textfiles"
else
	skip "read-only and full file systems" "unshare --mount is not permitted here"
fi

fresh
fails "a limit on the size of files" "cannot write '$textfiles/.redis_latency.tmp': File too large" \
	sh -c 'ulimit -f 4 && exec "$@"' sh "$redis_latency" --target "main=$main" --log.level error
recovers "without the limit"

### The lock

# In one process: what holds it ends with its process id.
hold_lock() {
	# shellcheck disable=SC2016  # for the shell that is started
	spawn holder sh -c 'exec 9>>"$1" && flock -x 9 && echo held && exec sleep 1000' sh "$lock"
	HOLDER=$SPAWNED
	await 30 grep -q held "$work/holder.log"
}
fresh
check "somebody else holds the lock" hold_lock
began=$(now_ns)
fails "held by another" "another run holds '$lock': not given back in time" collect --timeout 500ms
took=$((($(now_ns) - began) / 1000000))
check "the deadline holds for the lock too ($took ms)" test "$took" -lt $((500 + late_ms))
check "and it did wait ($took ms)" test "$took" -ge 500
kill -KILL "$HOLDER"
wait "$HOLDER" 2>/dev/null
recovers "the holder was killed"

fresh
check "the lock is held again" hold_lock
spawn waiting "$redis_latency" --target "main=$main" --timeout 20s --log.level debug
check "a run waits for it" await 30 grep -q 'run ended' "$work/waiting.log"
stop "$HOLDER"
status=0
wait "$SPAWNED" || status=$?
check "and goes on when it is given back" test "$status" -eq 0
check "with what it measured" sample "$runs" 2 "$prom"

### A loop

# What a loop has published in the end is all of its runs, those too that could not be published at once.
loops=0
loop() {
	loops=$((loops + 1))
	spawn "loop-$loops" "$redis_latency" --target "main=$main" --samples 3 --interval 200ms \
		--log.level debug
	LOOP=$SPAWNED log=$work/loop-$loops.log
}
logged() { [ "$(grep -cF -- "$1" "$log")" -ge "$2" ]; }
running() { [ "$(value "$runs" "$prom")" -ge "$1" ]; }
resets='arbitrage_collector_state_resets_total{collector="redis_latency",env="paper"}'

between() { [ "$1" -le "$2" ] && [ "$2" -le "$3" ]; }

# all_counted WHAT: every run since the start is in the file, but perhaps the last, which was just ending.
all_counted() {
	stop "$LOOP"
	ended=$(grep -c 'msg="run ended"' "$log") counted=$(value "$runs" "$prom")
	pings=$(value 'arbitrage_redis_latency_seconds_count{target="main",env="paper"}' "$prom")
	check "$1: no run is lost ($counted of $ended)" test "$counted" -ge $((ended - 1))
	check "$1: and none is counted twice" test "$counted" -le "$ended"
	# On a machine that is held up a run may not get all its answers in its 200 ms; then its log says so.
	late=$(grep -c 'kind=timeout' "$log")
	check "$1: nor any of their PINGs" between $(((counted - late) * 3)) "$pings" $((counted * 3))
	refute "$1: no temporary file is left" left_behind
}

# survives WHAT ERROR: after break_it and mend_it.
survives() {
	rm -rf "$textfiles"
	mkdir "$textfiles"
	loop
	check "$1: the loop publishes" await 30 running 3
	break_it
	check "$1: five runs tell the error" await 30 logged "$2" 5
	kill -HUP "$LOOP"
	check "$1: the config is read again" await 30 logged 'configuration reloaded' 1
	check "$1: and the error is logged again" await 30 logged "$2" 8
	mend_it
	before=$(grep -c 'msg="run ended"' "$log")
	check "$1: it recovers" await 30 running $((before + 3))
	all_counted "$1"
	check "$1: the state was never lost" test "$(value "$resets" "$prom")" -le 1
}

break_it() { until rm -rf "$textfiles" 2>"$work/rm.err"; do :; done; } # the loop may write into it meanwhile
mend_it() { mkdir "$textfiles"; }
survives "removed and made again" "cannot open the textfile directory '$textfiles': No such file or directory"
break_it() { mv "$textfiles" "$work/away"; }
mend_it() { mv "$work/away" "$textfiles"; }
survives "moved away and back" "cannot open the textfile directory '$textfiles': No such file or directory"
break_it() { until rm -f "$prom" && mkdir "$prom" 2>"$work/mkdir.err"; do :; done; }  # the loop may be quicker than mkdir
mend_it() { rmdir "$prom"; }
survives "a directory in the file's place" "cannot replace '$prom'"
break_it() { hold_lock; }
mend_it() { kill -KILL "$HOLDER"; }
survives "the lock held for some time" "another run holds '$lock'"
if [ -n "$namespace" ]; then
	break_it() {
		mount --bind "$textfiles" "$textfiles"
		await 30 mount -o remount,bind,ro "$textfiles" # busy while a run writes
	}
	mend_it() { await 30 umount "$textfiles"; }
	survives "read-only for some time" "Read-only file system"
fi

finish
