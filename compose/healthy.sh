#!/bin/sh
# healthy: did the collector that this container runs (process 1) publish within three of its intervals, and 30 s?
# A program that hangs, a full disk and a directory that cannot be written to all look the same from here: no new file.

set -u
program=$(tr '\0' '\n' </proc/1/cmdline | head -n 1)
file=${ARBWATCH_TEXTFILE_DIRECTORY:?}/${ARBWATCH_NAME:-${program##*/}}.prom
[ -r "$file" ] || {
	echo "$file is not there"
	exit 1
}
interval=$(sed -n 's/^arbitrage_collector_interval_seconds{.*} \([0-9]*\).*/\1/p' "$file")
age=$(($(date +%s) - $(stat -c %Y "$file")))
echo "published $age s ago"
[ "$age" -le $((${interval:-0} * 3 + 30)) ]
