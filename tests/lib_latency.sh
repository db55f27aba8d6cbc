# shellcheck shell=sh
# What the scenarios of redis_latency and postgres_latency share, besides lib.sh:
# both ask servers a number of times and publish the same families, under their
# own name.  Before sourcing this, set `system` ("redis", "postgres").

collector=$BUILD/${system:?}_latency
secret=s3cret-arbwatch

# probe ARGUMENT...: one run into an empty directory, with time for a busy machine unless it is about the timeout.
probe() {
	rm -f "$textfiles"/*.prom
	run 0 "$collector" --timeout 20s "$@"
}

up() {  # up NAME 0|1
	sample "arbitrage_${system}_up{target=\"$1\",env=\"paper\"}" "$2"
}

phase() {  # phase NAME PHASE: it has a time
	test -n "$(value "arbitrage_${system}_connect_duration_seconds{target=\"$1\",phase=\"$2\",env=\"paper\"}")"
}

failures() {  # failures NAME KIND COUNT
	sample "arbitrage_${system}_failures_total{target=\"$1\",kind=\"$2\",env=\"paper\"}" "$3"
}

# only_failure NAME KIND: of the eight kinds this one is 1 and the others are 0.
only_failure() {
	prom_text=''
	read_prom "$(only_prom)"
	for each in resolve connect tls auth timeout rejected protocol local; do
		count=0
		[ "$each" != "$2" ] || count=1
		in_prom "arbitrage_${system}_failures_total{target=\"$1\",kind=\"$each\",env=\"paper\"}" "$count" || return 1
	done
}

# peer MODE [ARGUMENT...]: a faulty peer; sets PEER_PORT.
peers=0
peer() {
	peers=$((peers + 1))
	spawn "peer-$peers" "$TOOLS/faulty_peer" "$@"
	await 30 test -s "$work/peer-$peers.log" || { echo "faulty_peer did not start"; exit 1; }
	PEER_PORT=$(head -n 1 "$work/peer-$peers.log")
}

# in_time MILLISECONDS COMMAND...: it ends by then, and `late_ms`.
in_time() {
	in_time_limit=$(($1 + late_ms))
	shift
	started=$(now_ns)
	"$@"
	took=$((($(now_ns) - started) / 1000000))
	check "$what: ends by its timeout ($took ms, limit $in_time_limit ms)" test "$took" -le "$in_time_limit"
}

answers() {  # answers NAME COUNT
	sample "arbitrage_${system}_latency_seconds_count{target=\"$1\",env=\"paper\"}" "$2"
}

logged() { grep -qF -- "$1" "$work/err"; }

# fails WHAT KIND TEXT TARGET [FLAG...]: one failure of that kind, with that text in the log.
fails() {
	what=$1 kind=$2 text=$3 asked=$4
	shift 4
	probe --target "t=$asked" "$@"
	check "$what: up is 0" up t 0
	check "$what: kind $kind" only_failure t "$kind"
	check "$what: the log says so" logged "$text"
	check "$what: the log has the kind" logged "kind=$kind"
	refute "$what: nothing else is told of it" grep -q "^arbitrage_${system}_connections" "$(only_prom)"
}

no_secret_in() { not grep -rqF -- "$secret" "$@"; }

argv_hides_secret() {
	await 30 test -s "$textfiles/${system}_latency.prom" || return 1
	tr '\0' ' ' <"/proc/$SPAWNED/cmdline" >"$work/cmdline"
	grep -q "${system}_latency" "$work/cmdline" && no_secret_in "$work/cmdline"
}

# hides WHAT COMMAND...: a loop is started; it can log in, and nothing that others may see holds the secret.
hides() {
	what=$1
	shift
	rm -f "$textfiles"/*.prom
	spawn hides "$@" --interval 1h --log.level debug
	check "$what: not in argv" argv_hides_secret
	check "$what: it can log in" up hidden 1
	check "$what: not in the log" no_secret_in "$work/hides.log"
	check "$what: not in the metrics" no_secret_in "$textfiles"
	stop "$SPAWNED"
}
