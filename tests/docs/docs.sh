#!/bin/sh
# The documentation says what the programs do: metrics, flags, files, settings, and when a collector has stopped.
# Its command lines are run by documented_commands.sh, its PromQL is asked by dashboards.sh.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/lib_docs.sh
. "$repository/tests/lib_docs.sh"

cd "$repository" || exit 1

# The parts that the programs know themselves are as the programs are now.
check "tables of metrics, manual pages and completions are up to date, or 'make docs' makes them so" packaging/docs.sh --check
mkdir -p "$work/tree/collectors"
cp -r packaging docs "$work/tree/"
cp collectors/*.c "$work/tree/collectors/"
sed -i 's/^| `arbitrage_redis_up`.*/| `arbitrage_redis_down` | gauge | | Gone. |/' "$work/tree/docs/metrics.md"
run 1 "$work/tree/packaging/docs.sh" --check
check "a table that tells of another metric is found, with what to do" grep -qF 'docs/metrics.md is out of date: run make docs' "$work/out"
run 0 "$work/tree/packaging/docs.sh"
check "and written anew" cmp docs/metrics.md "$work/tree/docs/metrics.md"

# What is written is all there, and nothing else.
for program in collectors/*.c; do
	"$BUILD/$(basename "$program" .c)" --list-metrics
done | cut -f1 | sort -u >"$work/written"
sed -n 's/^| `\(arbitrage_[a-z0-9_]*\)`.*/\1/p' docs/metrics.md | sort -u >"$work/told"
check "the metrics that are documented are those that are written" cmp "$work/written" "$work/told"
for program in collectors/*.c arbwatch_exporter alert_relay paper_exchange paper_engine paper_chat textfile_lint; do
	program=$(basename "$program" .c)
	check "$program has a manual page" test -f "packaging/man/$program.1"
	# In a manual page a dash is written as \-.
	"$BUILD/$program" --help | sed -n 's/^  --\([a-z._-]*\).*/--\1/p' | sed 's/-/\\-/g' | while read -r flag; do
		grep -qF -- "$flag" "packaging/man/$program.1" || echo "$flag"
	done >"$work/missing"
	check "the manual page of $program has all its flags" test ! -s "$work/missing"
done

# completes WORDS...: what bash offers for the last one.
completes() {
	bash -c '. packaging/completions/arbwatch
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_arbwatch "$1"
		printf "%s\n" "${COMPREPLY[@]}"' bash "$@" | paste -sd ' '
}
check "bash completes a flag" test "$(completes redis_latency --ti)" = --timeout
check "and a value from a closed set" test "$(completes preflight --env l)" = live
check "and a file" test "$(completes open_positions --config.file READ)" = README.md
check "and nothing for a value that it cannot know" test -z "$(completes redis_latency --target '')"

# The exporter's metrics: those it tells of are those it has.
spawn exporter "$BUILD/arbwatch_exporter" --web.listen-address 127.0.0.1:0 --textfile.serve
await 30 grep -q msg=started "$work/exporter.log"
port=$(sed -n 's/.*address=127.0.0.1:\([0-9]*\).*/\1/p' "$work/exporter.log")
curl -sf --noproxy '*' "http://127.0.0.1:$port/metrics" | sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' | sort -u >"$work/written"
grep -E '^\| `(process|arbwatch_exporter)_' docs/arbwatch_exporter.md | grep -oE '`(process|arbwatch_exporter)_[a-z_]*`' |
	tr -d '`' | sort -u >"$work/told"
check "docs/arbwatch_exporter.md has the exporter's metrics, and no others" diff "$work/written" "$work/told"

# So are those of alert_relay, but for the ones that it has in common with the exporter.
mkdir "$work/relay"
printf 'alert_relay:\n  webhook.url: http://127.0.0.1:9/\n  history.postgres: host=127.0.0.1 port=9 user=x\n' >"$work/relay.yml"
spawn relay "$BUILD/alert_relay" --config.file "$work/relay.yml" --web.listen-address 127.0.0.1:0 --relay.directory "$work/relay" \
	--alertmanager.url http://127.0.0.1:9
await 30 grep -q msg=started "$work/relay.log"
relay=http://127.0.0.1:$(sed -n 's/.*address=127.0.0.1:\([0-9]*\).*/\1/p' "$work/relay.log")
# Some are known only when something has happened: a heartbeat, and an attempt.
post() { curl -sf -o "$work/answer" --noproxy '*' -H 'Content-Type: application/json' -d "$2" "$relay$1"; }
alert='"status":"firing","labels":{"alertname":"Watchdog","severity":"none"},"startsAt":"2026-11-20T12:00:00Z"'
post /webhook/heartbeat "{\"version\":\"4\",\"alerts\":[{$alert}]}"
post /api/v2/alerts '[{"labels":{"alertname":"A","severity":"P0","env":"live"}}]'
served() { curl -sf --noproxy '*' "$relay/metrics" | sed -n 's/^# TYPE \(.*\) .*/\1/p' | sort -u; }
attempted() { served | grep -q alert_relay_channel_up; }
await 30 attempted
served | grep ^alert_relay_ | grep -v _http_ >"$work/written"
grep -E '^\| `alert_relay_' docs/alerting.md | grep -oE '`alert_relay_[a-z_]*`' | tr -d '`' | sort -u >"$work/told"
check "docs/alerting.md has the metrics of alert_relay, and no others" diff "$work/written" "$work/told"
"$BUILD/alert_relay" --help | sed -n 's/^  --\([a-z._-]*\).*/\1/p' | while read -r flag; do
	grep -q -- "${flag}[\` ]" docs/alerting.md docs/configuration.md || echo "$flag"
done >"$work/missing"
check "and every setting of it: $(paste -sd ' ' "$work/missing")" test ! -s "$work/missing"

# Links of the documentation lead somewhere.
for page in README.md docs/*.md; do
	sed -n 's/.*](\([^)#]*\)).*/\1/p' "$page" | grep -v '^http' | while read -r link; do
		test -e "$(dirname "$page")/$link" || echo "$page: $link"
	done
done >"$work/broken"
check "no link of the documentation is broken" test ! -s "$work/broken"

# Blocks: each says what it is, and is that -----------------------------------

# shellcheck disable=SC2046 # one page per word
set -- $(pages)
fences "$@" >"$work/fences" 2>"$work/endless"
check "every block of the documentation ends" test ! -s "$work/endless"
sed 's/^[^ ]* //' "$work/fences" | grep -vxE 'sh|c|cron|ini|yaml|json|pem|promql|redis|sql|text' >"$work/unknown"
check "every block of the documentation says what it is: $(paste -sd ' ' "$work/unknown")" test ! -s "$work/unknown"

for each in $(fenced json "$@"); do
	block "$each" >"$work/block"
	check "$each is JSON" "$PYTHON" -m json.tool "$work/block"
	case $each in
	docs/health.md:*)
		check "$each keeps docs/health.schema.json" "$PYTHON" -c '
import json, jsonschema, sys
example, schema = (json.load(open(path)) for path in sys.argv[1:])
jsonschema.validate(example, schema)' "$work/block" docs/health.schema.json
		;;
	esac
done
for each in $(fenced pem "$@"); do
	block "$each" >"$work/block"
	check "$each is a key" openssl pkey -in "$work/block" -noout
done

# A hash in the place of one that nobody should copy, and the files that the block names.
web_config() {
	directory=$work/web
	mkdir "$directory"
	# shellcheck disable=SC2016 # a hash as it is written
	hash='$2b$04$abcdefghijklmnopqrstuuxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01'
	grep -qF '$2y$10$...' "$1" && sed "s|\$2y\$10\$\.\.\.|$hash|" "$1" >"$directory/web.yml" &&
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost -days 2 \
			-keyout "$directory/server.key" -out "$directory/server.pem" &&
		cp "$directory/server.pem" "$directory/clients.pem" &&
		"$BUILD/arbwatch_exporter" --web.config.file "$directory/web.yml" --textfile.directory "$textfiles" --config.check
}
# Targets: Prometheus reads them as it reads its own.
target_file() {
	directory=$work/prometheus
	mkdir -p "$directory/hosts"
	file=$directory/$(sed -n 's|^# prometheus/\(hosts/.*\.yml\)$|\1|p' "$1" | grep . || echo hosts/node-any.yml)
	cp prometheus/prometheus.yml "$directory/" && cp "$1" "$file" && promtool check config "$directory/prometheus.yml"
}
# The probes ask for what the exporter has, at the port that it has by itself.
probes() {
	port_by_default=$("$BUILD/arbwatch_exporter" --help | sed -n 's/.*--web\.listen-address.*default[^)]*:\([0-9]*\).*/\1/p')
	grep -oE '/(health|-)/[a-z]+' "$1" | while read -r path; do
		curl -sS -o "$work/answer" -w '%{http_code}\n' --noproxy '*' "http://127.0.0.1:$port$path"
	done >"$work/codes"
	grep -vxE '200|503' "$work/codes" && return 1
	grep -oE '(port: +|127\.0\.0\.1:)[0-9]+' "$1" | grep -oE '[0-9]+$' | sort -u >"$work/ports"
	cat "$work/ports"
	test "$port_by_default" = "$(cat "$work/ports")"
}
# A limit with an exception is the one whose effect prometheus/tests/thresholds.yml shows.
override() {
	sed -n 's/^ *//p' "$1" | grep . >"$work/exception"
	sed -n 's/^ *//p' prometheus/tests/override/thresholds.yml | grep -A 99 record: | diff - "$work/exception"
}
yaml_block() {  # yaml_block PAGE:LINE: by the program that it is for
	block "$1" >"$work/block"
	case $(cat "$work/block") in
	*tls_server_config*) check "$1 is a web configuration" web_config "$work/block" ;;
	'# prometheus/hosts/'* | '- targets:'*) check "$1 is a file of targets" target_file "$work/block" ;;
	*alert_relay:*)
		check "$1 is a configuration of alert_relay" env TELEGRAM_BOT_TOKEN=1:token ARBWATCH_SLACK_TOKEN=xoxb-token \
			ARBWATCH_MAIL_PASSWORD=password "$BUILD/alert_relay" --config.file "$work/block" --config.check
		;;
	*receivers:* | *time_intervals:*)
		check "$1 is a part of Alertmanager's configuration" "$PYTHON" tests/alerts/routes.py --part "$work/block"
		;;
	*'record: arbwatch:limit'*) check "$1 is a part of the limits" override "$work/block" ;;
	*livenessProbe* | *healthcheck:*) check "$1 is about what the exporter has" probes "$work/block" ;;
	*)
		for program in collectors/*.c; do
			program=$(basename "$program" .c)
			# A section is read by its program; a page about one program is no file for the others.
			grep -q "^$program:" "$work/block" || continue
			check "$1 is a configuration of $program" env ARBWATCH_EXCHANGE_PROFILES=exchanges "$BUILD/$program" \
				--config.file "$work/block" --config.check
			echo "$1 $program" >>"$work/configurations"
		done
		check "$1 is for a program" grep -q "^$1 " "$work/configurations"
		;;
	esac
}
: >"$work/configurations"
# shellcheck disable=SC2046 # one page per word
for each in $(fenced yaml $(pages | grep -vxF "$followed")); do
	yaml_block "$each"
done

# When has a collector stopped?  promtool reckons the expressions as they are written, with a scrape every 15 s.
expressions docs/metrics.md | grep last_run_timestamp | cut -f2 >"$work/stopped"
check "there is an expression for a collector that repeats, and one for others" test "$(wc -l <"$work/stopped")" -eq 2
# of_collector INTERVAL LAST-RUNS: a test on these series, "VALUE+STEPxCOUNT" as promtool has it; then `fires` lines
of_collector() {
	printf '  - interval: 15s\n    input_series:\n'
	printf '      - {series: "arbitrage_collector_%s{collector=\"c\"}", values: "%s"}\n' \
		interval_seconds "$1+0x400" last_run_timestamp_seconds "$2"
	printf '    promql_expr_test:\n'
}
fires() {  # fires EXPRESSION TIME yes|no
	[ "$3" = no ] && samples='[]' || samples='[{labels: "{collector=\"c\"}", value: 1}]'
	printf "      - {expr: 'count by (collector) (%s)', eval_time: %s, exp_samples: %s}\n" "$1" "$2" "$samples"
}
stopped_by() {  # stopped_by REPEATS OTHERS: their test
	echo 'tests:'
	# Every second, last seen a second old.  Between two scrapes, too, and when it has stopped after 10 minutes.
	of_collector 1 "-1+15x40 599+0x200"
	for time in 5m 5m1s 5m14s 10m10s; do
		fires "$1" "$time" no
	done
	fires "$1" 10m30s yes
	fires "$1" 1h yes
	fires "$2" 1h no
	of_collector 0.01 "0+15x400"
	fires "$1" 10m14s no
	# A run that takes longer for once; and every minute, as old as may be.
	of_collector 1 "-10+15x400"
	fires "$1" 10m14s no
	of_collector 60 "-75+15x40 525+0x200"
	fires "$1" 5m14s no
	fires "$1" 11m30s no
	fires "$1" 12m yes
	# Cron, once a minute.
	of_collector 0 "-75+15x40 525+0x200"
	fires "$1" 1h no
	fires "$2" 5m14s no
	fires "$2" 11m30s no
	fires "$2" 12m yes
}
stopped_by "$(sed -n 1p "$work/stopped")" "$(sed -n 2p "$work/stopped")" >"$work/stopped.yml"
check "the documented expressions fire when a collector has stopped, and then alone" promtool test rules "$work/stopped.yml"
# The test can fail: by the time of the question healthy collectors look dead.
sed 's/timestamp([a-z_]*)/time()/; s/clamp_min(\(.*\), 15)/\1/' "$work/stopped" >"$work/dead"
stopped_by "$(sed -n 1p "$work/dead")" "$(sed -n 2p "$work/dead")" >"$work/dead.yml"
found_dead() { promtool test rules "$work/dead.yml" 2>&1 | grep -q 'time() - .*time: 5m14s'; }
check "an expression by which a healthy collector looks dead is found" found_dead
finish
