#!/bin/sh
# The command lines of the documentation are run as they are written, by what `make install` installs, against real
# servers at their own ports.  For that this script has a network, an /etc, a /var/lib and the like of its own.

if [ -z "${ARBWATCH_NAMESPACES-}" ]; then
	if unshare --mount --net sh -c 'mount -t tmpfs tmpfs /run && ip link set lo up' 2>/dev/null; then
		ARBWATCH_NAMESPACES=own exec unshare --mount --net sh "$0"
	fi
	ARBWATCH_NAMESPACES=none
fi
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/lib_docs.sh
. "$repository/tests/lib_docs.sh"
# shellcheck source=tests/lib_machine.sh
. "$repository/tests/lib_machine.sh"

cd "$repository" || exit 1

# Lines that cannot run here: how they begin, and why.
cannot_run='apt-get |it changes this machine; make bare runs it on a bare one
docker compose |there is no Docker engine here; make e2e runs them
docker run |there is no Docker engine here
make |this is one of its tests; the installation is what everything below is run from'

programs='redis_latency|postgres_latency|exchange_health|open_positions|engine_state|preflight|textfile_lint|arbwatch_exporter'

# A copy of what the lines name, and what is looked at when the repository is out of sight.
tree=$work/tree
mkdir "$tree"
cp -r Makefile README.md alertmanager compose.yaml compose.live.yaml compose docs examples exchanges prometheus sql "$tree/"
cp tests/fixtures/bots/*.sql "$work/"
unset MAKEFLAGS MAKELEVEL MFLAGS
check "make install" make -s -o all install "BUILD=$BUILD" "DESTDIR=$work/installed" prefix=/usr/local
cd "$tree" || exit 1

# Without running: what make and Docker Compose are asked for is there ---------

# cannot PAGE:LINE LINE: look at one that does not run.
cannot() {
	case $2 in
	make*) check "$1: make has: $2" make_targets "$2" ;;
	'docker compose'*) check "$1: the stack has: $2" compose_words "$2" ;;
	esac
}

# why_not LINE: print the reason of the table, if it is in there.
why_not() {
	printf '%s\n' "$cannot_run" | while IFS='|' read -r beginning why; do
		case $1 in
		"$beginning"*) printf '%s\n' "$beginning" >>"$work/cannot" && printf '%s\n' "$why" ;;
		esac
	done | grep .
}

# shellcheck disable=SC2046 # one page per word
spans $(pages) | while IFS='	' read -r place line; do
	case $line in
	'make '*[a-z] | 'docker compose '*) printf '%s\t%s\n' "$place" "$line" ;;
	esac
done >"$work/inline"

while IFS='	' read -r place line; do
	cannot "$place" "$line"
done <"$work/inline"
: >"$work/cannot"
case $ARBWATCH_NAMESPACES:$work in
own:/etc/* | own:/run/* | own:/srv/* | own:/usr/local/* | own:/var/lib/*)
	skip "the documented commands are run" "this directory of temporary files would be out of sight: $work"
	finish
	;;
own:*) ;;
*)
	skip "the documented commands are run" "that takes root, and namespaces (unshare --mount --net)"
	finish
	;;
esac
before=$failed
check "there is a machine for them" own_machine
check "with servers" own_servers
check "and the bot's tables" own_tables
[ "$failed" -eq "$before" ] || finish

# Running -----------------------------------------------------------------------

# outcome PLACE LINE PROGRAM STATUS: a run that has ended.
outcome() {
	if [ "$3" = preflight ]; then
		check "$1: not ready, as no exchange is reached: $2" test "$4" -eq 1
		check "$1: for no other reason" evidence "$(printf '%s\n' "$2" | sed -n 's/.*--output \([^ ]*\).*/\1/p' |
			grep . || echo /var/lib/arbwatch/preflight.json)"
		check "$1: the bot is not started" test ! -e started
	else
		check "$1: exit status 0: $2" test "$4" -eq 0
	fi
	[ -z "$3" ] || check "$1: it publishes what is true here: $2" found "$3"
	case $2 in
	curl*) check "$1: it is done: $2" grep -q '"done"' "$work/out" ;;
	redis-cli*) check "$1: Redis does it: $2" not grep ERR "$work/out" ;;
	esac
}

# goes_on PLACE LINE PROGRAM COMMAND...: one that runs until it is asked to end.
goes_on() {
	goes_on_place=$1 goes_on_line=$2 goes_on_program=$3
	shift 3
	spawn goes_on "$@"
	check "$goes_on_place: it publishes what is true here: $goes_on_line" await 30 found "$goes_on_program"
	kill "$SPAWNED"
	got=0
	wait "$SPAWNED" || got=$?
	check "$goes_on_place: it ends when it is asked to: $goes_on_line" test "$got" -eq 0
}

# program_of LINE: the program of ours that it begins with.
program_of() { printf '%s\n' "$1" | sed -nE "s#^(/usr/local/bin/)?($programs)( .*|\$)#\2#p"; }

# forget PROGRAM: what it has published.
forget() { rm -f "${directory:?}/${1:-none}.prom" preflight.json /var/lib/arbwatch/preflight.json; }

run_line() {  # run_line PLACE LINE
	if why_not "$2" >"$work/why"; then
		cannot "$1" "$2"
		# What runs inside of a container of the paper exchange or of the bot runs beside it as well.
		case $2 in
		*' exec paper-exchange '*) set -- "$1" "${2#* exec paper-exchange }" ;;
		*' exec bot '*) set -- "$1" "${2#* exec bot }" ;;
		*) return ;;
		esac
	fi
	program=$(program_of "$2")
	forget "$program"
	case $2 in
	*' --interval '* | arbwatch_exporter*)
		goes_on "$1" "$2" "$program" logged_in sh -c "exec $2"
		return
		;;
	esac
	set -- "$1" "$2" "$([ -n "$program" ] || echo REDIS_PASSWORD=PASSWORD)"
	got=0
	as_arbwatch ${3:+"$3"} sh -c "$2" </dev/null >"$work/out" 2>"$work/err" || got=$?
	outcome "$1" "$2" "$program" "$got"
}

run_cron() {  # run_cron PLACE LINE: as cron does, whose environment is small
	case $2 in
	[A-Z]*=*)
		echo "$2" >>"$work/cron"
		return
		;;
	esac
	command=$(printf '%s\n' "$2" | sed -nE 's#^([0-9*/,-]+ +){5}arbwatch +([^%]*)$#\2#p')
	program=$(program_of "$command")
	check "$1: five times, the user, and a program of ours: $2" test -n "$program"
	forget "$program"
	got=0
	# shellcheck disable=SC2046 # a variable per word
	(cd / && become_arbwatch PATH=/usr/bin:/bin HOME=/ LOGNAME=arbwatch SHELL=/bin/sh $(cat "$work/cron") \
		sh -c "$command") </dev/null >"$work/out" 2>"$work/err" || got=$?
	outcome "$1" "$2" "$program" "$got"
}

run_unit() {  # run_unit PLACE: the service of a block, as systemd starts it
	command=$(block "$1" | sed -n 's/^ExecStart=//p')
	check "$1: the path is whole: $command" test -x "${command%% *}"
	check "$1: the user is that of the collectors" sh -c 'echo "$1" | grep -qx User=arbwatch' - "$(block "$1")"
	program=$(program_of "$command")
	forget "$program"
	# shellcheck disable=SC2086 # systemd knows words, and no shell
	goes_on "$1" "$command" "$program" become_arbwatch PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin $command
}

each_line() {  # each_line PLACE FUNCTION: of a block, but for remarks
	block "$1" | grep -v '^ *#' | grep . >"$work/lines"
	while read -r line <&3; do
		"$2" "$1" "$line"
	done 3<"$work/lines"
}

run_sql() {  # run_sql PLACE: a view takes the place of the one in the file, as the text says; the rest runs as it is
	block "$1" >"$work/block.sql"
	chmod 644 "$work/block.sql"
	if grep -q '^CREATE OR REPLACE VIEW' "$work/block.sql"; then
		awk -v view="$work/block.sql" '/^CREATE OR REPLACE VIEW/ { while ((getline line < view) > 0) print line; out = 1 }
			!out; /;$/ { out = 0 }' sql/open_positions.sql >"$work/view.sql"
		check "$1: the file with that view" as_arbwatch psql -v ON_ERROR_STOP=1 -d other -f "$work/view.sql"
		as_arbwatch psql -qAtX -d other -c "SELECT exchange, side, quantity, updated_at > now() - interval '1 day'
			FROM arbwatch.open_positions" >"$work/rows"
		check "$1: it has the bot's position" grep -qxF 'okx|short|0.5|t' "$work/rows"
	else
		check "$1: SQL" as_arbwatch psql -v ON_ERROR_STOP=1 -d bot -f "$work/block.sql"
	fi
}

run_redis() {  # run_redis PLACE
	block "$1" | redis-cli >"$work/out"
	check "$1: Redis takes it: $(paste -sd ' ' "$work/out")" not grep -iE 'ERR|unknown|^$' "$work/out"
}

# settings PAGE: /etc/arbwatch.yml is the configuration that the page shows, or means.
settings() {
	case $1 in
	docs/configuration.md) section=redis_latency ;;
	*) section=preflight ;;
	esac
	for place in $(fenced yaml docs/configuration.md docs/preflight.md); do
		block "$place" >"$work/settings"
		! grep -q "^$section:" "$work/settings" || cat "$work/settings" >/etc/arbwatch.yml
	done
}

# The user and the view of stack.md and engine.md are what the other pages take for granted.
for page in docs/stack.md docs/engine.md $(pages | grep -vx -e docs/stack.md -e docs/engine.md -e "$followed"); do
	settings "$page"
	for each in $(fences "$page" | sed 's/ /|/'); do
		place=${each%|*}
		: >"$work/cron"
		case ${each#*|} in
		sh) each_line "$place" run_line ;;
		cron) each_line "$place" run_cron ;;
		ini) run_unit "$place" ;;
		sql) run_sql "$place" ;;
		redis) run_redis "$place" ;;
		esac
	done
done

# The table has no entry for lines that are not there.
printf '%s\n' "$cannot_run" | cut -d'|' -f1 | sort >"$work/table"
sort -u "$work/cannot" | diff - "$work/table" >"$work/stale"
check "each kind of line that cannot run here is in the documentation" test ! -s "$work/stale"
finish
