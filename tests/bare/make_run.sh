#!/bin/sh
# make_run.sh: `make run` on a machine of its own (a pid namespace) until it answers, then ended with TERM, as an
# operator's kill does it; and once more, when everything is there and built.  Nothing may be left of either.

set -u
cd "$(dirname "$0")/../.." || exit 1
log=$(mktemp)

# Every process here but those of this script.
others() {
	for each in /proc/[0-9]*; do
		command=$(tr '\0' ' ' 2>/dev/null <"$each/cmdline")
		case $command in
		'' | *tests/bare/make_run.sh*) ;;
		*) echo "left: ${each#/proc/} $command" ;;
		esac
	done
}
answers() { curl -sf --noproxy '*' "$(sed -n 's/^ *the status page *//p' "$log")/health/ready"; }

run_once() {
	began=$(date +%s)
	make run >"$log" 2>&1 &
	make=$!
	until grep -q '^It works' "$log" || ! kill -0 $make 2>/dev/null; do
		sleep 0.1
	done
	grep '^It works' "$log" >/dev/null || { cat "$log" && exit 1; }
	echo "make run, $1: up after $(($(date +%s) - began)) s"
	answers || exit 1
	kill -TERM $make
	wait $make
	tries=0
	while left=$(others) && [ -n "$left" ] && [ "$tries" -lt 300 ]; do # what has been ended may need a moment for it
		tries=$((tries + 1))
		sleep 0.1
	done
	[ -z "$left" ] || { printf '%s\n' "$left" && exit 1; }
}

run_once "with nothing installed"
run_once "with everything there"
