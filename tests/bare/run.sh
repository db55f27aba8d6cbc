#!/bin/sh
# make bare: README's two commands on machines that have nothing: a fresh minimal
# Debian 12 and 13, a clone in root's home, which nobody else may enter, and one in
# an ordinary user's.  What must be installed by hand is what README names.
# One of the two runs `make check`: it is most of the time, and CI runs it as root
# on its own Debian 12, too.  The user leaves out what takes long and asks for no rights.
#
#	BUILD          the tree to work in (default: build)
#	BARE_MACHINES  SUITE:WHO, where WHO (root, user or both) runs `make check` (default: bookworm:user trixie:root)
#	BARE_PACKAGES  a directory that keeps what apt downloads for the next time (default: nothing is kept)

set -u
cd "$(dirname "$0")/../.." || exit 1
export BUILD="${BUILD:-build}"
mkdir -p "$BUILD"
# shellcheck source=tests/lib.sh
. tests/lib.sh
machines=${BARE_MACHINES:-bookworm:user trixie:root}
by_hand=$(sed -n 's/^apt-get update && apt-get install \(.*\)$/\1/p' README.md)

if ! unshare --mount --pid --ipc --fork true 2>/dev/null || ! command -v debootstrap >/dev/null; then
	skip "bare machines" "that takes root, namespaces (unshare), and debootstrap: packaging/install-dependencies.sh bare"
	finish
fi
trap 'cleanup; rm -rf "${BUILD:?}/bare"' EXIT

# in_machine COMMAND...: in namespaces of its own, so that all it starts ends with it.  Network and processors are ours.
# In the background, because the shell would otherwise not see a signal before it has ended.
in_machine() {
	env --default-signal=INT unshare --mount --pid --ipc --fork --kill-child sh -euc '
		root=$1 packages=$2
		shift 2
		mount --bind "$root" "$root"
		mount -t proc proc "$root/proc"
		mount --rbind /dev "$root/dev"
		mount -t sysfs -o ro sysfs "$root/sys"
		[ -z "$packages" ] || mount --bind "$packages" "$root/var/cache/apt/archives"
		cp /etc/resolv.conf "$root/etc/resolv.conf"
		cd "$root"
		pivot_root . mnt
		exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
			sh -c "umount -l /mnt; exec \"\$@\"" sh "$@"
	' sh "${root:?}" "${BARE_PACKAGES-}" "$@" </dev/null &
	echo $! >>"$work/pids"
	wait $!
}
# What the ordinary user does there.
as_user() { in_machine setpriv --reuid 1000 --regid 1000 --init-groups env HOME=/home/trader "$@"; }

make_machine() {
	base=$(tests/bare/root.sh "$suite") || return 1
	rm -rf "${BUILD:?}/bare/$suite"
	mkdir -p "$BUILD/bare"
	cp -a "$base" "$BUILD/bare/$suite" || return 1
	root=$(cd "$BUILD/bare/$suite" && pwd) || return 1
	# Nobody needs this machine after a crash.
	echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/unsafe-io"
}
clone() {  # clone HOME OWNER: without anything that was not committed
	# The repository may be somebody else's; what git starts here believes only a file.
	HOME=$work git config --global safe.directory '*' &&
		HOME=$work git clone -q --no-local . "${root:?}/$1/arbwatch" && chown -R "$2" "$root/$1/arbwatch"
}

step() { printf '== %s, %s (%s s)\n' "$suite" "$1" "$(($(date +%s) - began))"; }

# said TEXT LOG: with the end of the log where it was not.
said() { grep -qF -- "$1" "$2" || { tail -n 30 "$2" && false; }; }

# What our programs and scripts say, while next to nothing is there.
nothing_installed() {
	# shellcheck disable=SC2086 # one word each
	in_machine sh -c 'apt-get update -q && apt-get install -q -y --no-install-recommends "$@"' sh $by_hand \
		>"$work/apt.log" 2>&1 || cat "$work/apt.log"
	in_machine make -C /root/arbwatch >"$work/make.log" 2>&1
	check "$suite: make alone fails" test $? -eq 2
	check "$suite: make alone says what to run" said 'Run: sudo packaging/install-dependencies.sh build' "$work/make.log"
	for target in run check; do
		as_user make -C /home/trader/arbwatch "$target" >"$work/make.log" 2>&1
		check "$suite: make $target as a user says what to run" said '  sudo packaging/install-dependencies.sh build' \
			"$work/make.log"
	done
}

# totals LOG: the last line of the test runner.
totals() { grep -E '^[0-9]+ passed, [0-9]+ failed' "$1" | tail -n 1; }

all_passed() { totals "$1" | grep -q ', 0 failed' || { tail -n 30 "$1" && false; }; }

# Each test and how much of it passed, for the comparison of machines.
counts() { sed -nE 's/^(ok|FAILED) +([a-z_0-9.]+) +([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped.*/\2 \3 \5/p' "$1" | sort; }

# The tests that a user runs: all but those that take long and are the same without root's rights.
with_rights() {
	for each in $(tests/run_all.sh --list); do
		case $each in
		alerts_page | boards | channel_mail | channels | dashboards | docs | documented_commands | exchange_faults) ;;
		exchange_health | incidents | kill | loop | node_exporter | open_positions | open_positions_faults | paper_chat) ;;
		paper_exchange | preflight_alerts | preflight_output | recorded | relay_api | relay_chaos | relay_history) ;;
		relay_history_faults | routes | rules | run | signing | status_page | templates | textfile_lint | verdict) ;;
		*) printf '%s ' "$each" ;;
		esac
	done
}

# Of two machines one has all tests of the other, and where one of them passed less, it says in words what it skipped.
differ_in_words() {
	join "$1" "$2" >"$work/both"
	least=$(for each in "$1" "$2"; do wc -l <"$each"; done | sort -n | head -n 1)
	[ "$least" -gt 0 ] && [ "$(wc -l <"$work/both")" -eq "$least" ] && awk '
		$2 != $4 && ($2 < $4 ? $3 : $5) == 0 { print "nothing skipped:", $0; bad = 1 } END { exit bad }' "$work/both"
}

# check_as WHO COMMAND...: what the test runner in there counted is counted here, too.
check_as() {
	log=$work/$suite.$1
	who=$1
	shift
	"$@" >"$log" 2>&1
	grep -E '^(FAILED|    |       SKIPPED)' "$log"
	printf '%s, as %s: %s\n' "$suite" "$who" "$(totals "$log")"
	check "$suite: make check passes as $who" all_passed "$log"
	counts "$log" >"$log.counts"
	compared="$compared $log.counts"
	step "make check as $who"
}

began=$(date +%s)
check "README names what make itself needs" test "$by_hand" = 'git make ca-certificates'
compared=''
for machine in $machines; do
	suite=${machine%:*} root=''
	check "$suite: a machine" make_machine
	[ -n "$root" ] || continue
	in_machine useradd --uid 1000 --user-group --create-home --shell /bin/sh trader
	check "$suite: a clone of root's" clone root 0:0
	check "$suite: a clone of a user's" clone home/trader 1000:1000
	step "made"
	nothing_installed
	check "$suite: make run" in_machine sh /root/arbwatch/tests/bare/make_run.sh
	cat "$work/check.out"
	step "make run"
	case $machine in
	*:root | *:both) check_as root in_machine make -C /root/arbwatch check ;;
	esac
	case $machine in
	*:user | *:both)
		# What the user was told that root has to run.
		in_machine sh -c 'cd /root/arbwatch && packaging/install-dependencies.sh build test' >"$work/apt.log" 2>&1 ||
			cat "$work/apt.log"
		check_as user as_user make -C /home/trader/arbwatch check TESTS="$(with_rights)"
		;;
	esac
	in_machine make -s -C /root/arbwatch install >"$work/install.log" 2>&1
	check "$suite: what is installed runs" as_user sh /home/trader/arbwatch/tests/bare/installed.sh
	cat "$work/check.out"
	check "$suite: no server starts at the next boot" test -z "$(find "$root"/etc/systemd/system/*.wants \
		"$root"/etc/rc2.d -name '*redis*.service' -o -name '*postgres*.service' -o -name '*prometheus*.service' -o \
		-name 'nginx.service' -o -name 'S*redis*' -o -name 'S*postgres*' -o -name 'S*prometheus*' -o -name 'S*nginx*')"
	rm -rf "$root"
	step "done"
done
# shellcheck disable=SC2086 # one word each
set -- $compared
while [ $# -ge 2 ]; do
	check "${2##*/}: its tests differ from those of ${1##*/} only by what they say" differ_in_words "$1" "$2"
	shift
done
finish
