#!/bin/sh
# arbwatch_exporter over HTTP(S): who is let in, what is served of which files, and
# that no client and no file can stop it.  Judges: curl, promtool, Debian's
# Prometheus, node_exporter and Python client.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

# start_exporter NAME [FLAG...]: sets EXPORTER (its process), PORT and log; started by $under, if that is set.
under=
start_exporter() {
	name=$1
	shift
	log=$work/$name.log
	spawn "$name" ${under:+"$under"} "$BUILD/arbwatch_exporter" --web.listen-address 127.0.0.1:0 --textfile.directory "$textfiles" "$@"
	EXPORTER=$SPAWNED
	await 30 grep -q msg=started "$log" || { cat "$log"; exit 1; }
	PORT=$(sed -n 's/.*msg=listening address=127.0.0.1:\([0-9]*\).*/\1/p' "$log" | head -n 1)
}

get() { curl -sS --noproxy '*' --max-time 60 "$@"; }
url() { printf 'http://127.0.0.1:%s%s' "$PORT" "$1"; }
code() { get -o /dev/null -w '%{http_code}' "$@"; }
is_code() {  # is_code CODE CURL-ARGUMENT...
	want_code=$1
	shift
	case $#:$1 in
	1:http://127.0.0.1:*/*)
		is_where=${1#http://127.0.0.1:}
		"$TOOLS/request" "${is_where%%/*}" GET "/${is_where#*/}" "$work/head" "$work/body"
		read -r _ is_status _ <"$work/head"
		test "$is_status" = "$want_code"
		return
		;;
	esac
	test "$(code "$@")" = "$want_code"
}
header_of() { get -X "${3:-GET}" -o /dev/null -D - "$2" | tr -d '\r' | sed -n "s/^$1: //Ip"; }
scrape() { "$TOOLS/request" "$PORT" GET /metrics >"$work/scraped"; }
has() { scrape && grep -qxF -- "$1" "$work/scraped"; }
has_not() { scrape && ! grep -qF -- "$1" "$work/scraped"; }
logged() { grep -qF -- "$1" "$log"; }
times_logged() { test "$(grep -cF -- "$1" "$log")" -eq "$2"; }
reload() {  # and wait until that is done
	reloads=$(grep -c 'configuration reloaded' "$log")
	kill -HUP "$EXPORTER" && await 30 sh -c "test \$(grep -c 'configuration reloaded' '$log') -gt $reloads"
}

# publish NAME: from standard input, in one step.
publish() {
	cat >"$textfiles/.$1.tmp" && mv "$textfiles/.$1.tmp" "$textfiles/$1.prom"
}
good_files() {
	publish a <<'TEXT'
# HELP demo_shared In two files.
# TYPE demo_shared gauge
demo_shared{file="a"} 1
# HELP demo_a_seconds A histogram.
# TYPE demo_a_seconds histogram
demo_a_seconds_bucket{le="1"} 1
demo_a_seconds_bucket{le="+Inf"} 2
demo_a_seconds_sum 3.5
demo_a_seconds_count 2
TEXT
	publish b <<'TEXT'
# HELP demo_two_total Another.
# TYPE demo_two_total counter
demo_two_total{x="\"quoted\\ \n",y="ü"} 1e+09
# HELP demo_shared In two files.
# TYPE demo_shared gauge
demo_shared{file="b"} 2
# TYPE demo_apart gauge
# HELP demo_apart Its lines are not together.
demo_apart{x="1"} NaN
demo_plain 5
demo_apart{ x = "2" , } +Inf
TEXT
}

# --- What is answered ---------------------------------------------------------------------------------------------
good_files
start_exporter plain --textfile.serve
check "/metrics is there" is_code 200 "$(url /metrics)"
check "its type names the format" test "$(header_of content-type "$(url /metrics)")" = \
	"text/plain; version=0.0.4; charset=utf-8"
for path in / /health /health/live /-/healthy; do
	check "$path is there" is_code 200 "$(url "$path")"
	check "HEAD $path has no body" test "$(get -I "$(url "$path")" | tr -d '\r' | sed '1,/^$/d' | wc -c)" -eq 0
	check "POST $path is not allowed" is_code 405 -X POST "$(url "$path")"
	check "nor is DELETE" is_code 405 -X DELETE "$(url "$path")"
done
check "405 says what is" sh -c "curl -s --noproxy '*' -X PUT -o /dev/null -D - '$(url /metrics)' | grep -qi '^allow: GET, HEAD, OPTIONS'"
check "HEAD has the length of GET" test "$(header_of content-length "$(url /health/live)")" = \
	"$(get "$(url /health/live)" | wc -c)"
check "an unknown parameter changes nothing" is_code 200 "$(url '/metrics?collect=x')"
for name in '[]' %5B%5D; do
	check "collect$name=textfile asks for the files alone" test \
		"$(get -g "$(url "/metrics?collect$name=textfile")" | grep -cE '^(demo_two_total|arbwatch_exporter_|process_)')" -eq 1
	check "another collector is unknown" is_code 400 -g "$(url "/metrics?collect$name=textfile&collect$name=cpu")"
done
check "OPTIONS, as HAProxy asks, says what is allowed" test "$(header_of allow "$(url /)" OPTIONS)" = 'GET, HEAD, OPTIONS'
check "a page that reloads has its own path" sh -c "curl -s --noproxy '*' '$(url /watch)' | grep -q 'http-equiv=\"refresh\"'"
check "and the other one does not" sh -c "! curl -s --noproxy '*' '$(url /)' | grep -q 'http-equiv'"
check "a query with very many arguments is answered" is_code 200 "$(url "/metrics?$(seq -s '&' 2000)")"
check "a whole URL is answered" is_code 200 --request-target http://localhost/health/live "$(url /)"
check "the name of a stranger is not answered on loopback" is_code 421 -H 'Host: evil.example' "$(url /health)"
check "not in a whole URL either" is_code 421 --request-target http://evil.example/health "$(url /)"
check "and the answer says how to allow it" sh -c \
	"curl -s --noproxy '*' -H 'Host: evil.example' '$(url /health)' | grep -q -- '--web.allowed-host NAME'"
for path in /nothing /metrics/ /metricsx '/metrics%00' /../../etc/passwd /..%2f..%2fetc/passwd /a.prom //metrics; do
	check "404 for $path" is_code 404 --path-as-is "$(url "$path")"
done
check "a long path is no path of ours" is_code 404 "$(url "/$(head -c 2000 /dev/zero | tr '\0' a)")"
for wanted in 'X-Content-Type-Options: nosniff' 'X-Frame-Options: DENY' 'Referrer-Policy: no-referrer' \
	"Content-Security-Policy: default-src 'none'"; do
	for path in / /metrics /nothing; do
		check "$path has $wanted" sh -c "curl -s --noproxy '*' -D - -o /dev/null '$(url "$path")' | grep -qiF \"$wanted\""
	done
done
check "a request with a body is refused" is_code 413 -d x=y "$(url /metrics)"
check "without a Host it is no HTTP/1.1" is_code 400 -H 'Host:' "$(url /health/live)"
check "but HTTP/1.0" is_code 200 --http1.0 -H 'Host:' "$(url /health/live)"
printf 'GET /health/live HTTP/1.1\r\nHost: a\r\nhoST: b\r\n\r\n' | "$TOOLS/raw_http" send "$PORT" >"$work/answer"
check "two hosts are one too many" grep -q '^HTTP/1.1 400' "$work/answer"
printf 'GET /health/live HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\nGET /health/live HTTP/1.1\r\n\r\n' |
	"$TOOLS/raw_http" send "$PORT" >"$work/answer"
check "a length that contradicts itself is refused" grep -q '^HTTP/1.1 400' "$work/answer"
check "and what is behind it is no request" test "$(grep -c '^HTTP/1.1' "$work/answer")" -eq 1
# libmicrohttpd 1.0 answers for itself where there is no Host, which is counted under code 0.
refused_count() {
	get "$(url /metrics)" | awk '/requests_total{path="\/health\/live",code="(0|400)"}/ { sum += $2 } END { print sum }'
}
check "what was refused is counted" test "$(refused_count)" -eq 3
check "and with a huge one, without reading it" is_code 413 -H 'Content-Length: 99999999999' -X POST "$(url /metrics)"

# --- Its own metrics ----------------------------------------------------------------------------------------------
scrape
for name in process_cpu_seconds_total process_resident_memory_bytes process_open_fds process_max_fds \
	process_start_time_seconds arbwatch_exporter_build_info arbwatch_exporter_http_requests_in_flight; do
	check "$name is there" grep -q "^${name}[{ ]" "$work/scraped"
done
requests() { scrape && value "arbwatch_exporter_http_requests_total{path=\"/health/live\",code=\"200\"}" "$work/scraped"; }
before=$(requests)
for _ in 1 2 3; do get -o /dev/null "$(url /health/live)"; done
check "requests are counted by path and code" test "$(requests)" -eq $((before + 3))
check "what is not there is counted as other" grep -q 'http_requests_total{path="other",code="404"} [1-9]' "$work/scraped"
refute "no path of a client becomes a label" grep -q passwd "$work/scraped"
no_complaint() { promtool check metrics <"$work/scraped" 2>&1 | grep -v 'no help text' | not grep .; }
check "promtool has nothing to say" no_complaint
check "a file is told with its time" grep -qxF \
	"arbwatch_exporter_textfile_mtime_seconds{file=\"$textfiles/a.prom\"} $(stat -c %Y "$textfiles/a.prom")" "$work/scraped"

# --- Files --------------------------------------------------------------------------------------------------------
cat >"$work/series.py" <<'PY'
# series.py FILE OTHER [FILE OTHER...]: both of each pair have the same series, and some, as the Python client reads them,
# with type and HELP.
import difflib, re, sys
from prometheus_client.parser import text_string_to_metric_families as parse
ours = ("'node_", "'process_", "'arbwatch_exporter_", "'promhttp_", "'go_")
def series(path):
    lines = []
    for family in parse(open(path, encoding="utf-8", newline="").read()):
        for s in family.samples:
            labels = sorted((k, v) for k, v in s.labels.items() if v)
            lines.append(repr((s.name, labels, family.type, re.sub('^Metric read from .*', '', family.documentation), str(s.value))))
    return sorted(line for line in lines if not line[1:].startswith(ours))
wrong = False
for one, other in zip(sys.argv[1::2], sys.argv[2::2]):
    here, there = series(one), series(other)
    if here != there or not here:
        print(one, len(here), other, len(there), *difflib.unified_diff(here, there, lineterm=""), sep="\n")
        wrong = True
sys.exit(wrong)
PY
spawn node_exporter prometheus-node-exporter --web.listen-address=127.0.0.1:0 --web.disable-exporter-metrics \
	--collector.disable-defaults --collector.textfile --collector.textfile.directory="$textfiles"
node_port=$(port_of "$SPAWNED")
await 30 curl -sf --noproxy '*' "http://127.0.0.1:$node_port/metrics" || exit 1
scrape_both() { get -f "http://127.0.0.1:$node_port/metrics" >"$work/of_node" && scrape; }
same_as_node() { scrape_both && "$PYTHON" "$work/series.py" "$work/of_node" "$work/scraped"; }
# A link to a file that is no textfile: what is in it is nobody's business.
leaks() {
	get "$(url /health)" "$(url /)" "$(url /health/ready)" "$(url /metrics)" | cat - "$log" | grep -E 'xq(zj|wv)[0-9]'
}
printf -- '-----BEGIN xqzj1-----\nxqwv1\n' >"$work/key1"
printf 'PASSWORD=xqzj2 xqwv2\n' >"$work/key2"
printf '{"xqzj3": "xqwv3"}\n' >"$work/key3"
printf 'xqzj4:xqwv4:19000:0:99999:7:::\n' >"$work/key4"
printf 'xqzj5\n' >"$work/key5"
printf '# TYPE xqzj6 xqwv6\n' >"$work/key6"
printf 'key{xqzj7="xqwv7\n' >"$work/key7"
printf '# HELP xqzj8 xqwv8\n# HELP xqzj8 xqwv8\n' >"$work/key8"
printf 'xqzj9{a="1",a="xqwv9"} 1\n' >"$work/key9"
for each in 1 2 3 4 5 6 7 8 9; do ln -s "$work/key$each" "$textfiles/link$each.prom"; done
check "links to keys are bad files" await 30 has 'arbwatch_exporter_textfile_files{state="broken"} 9'
check "that are named in the report" sh -c "curl -s --noproxy '*' '$(url /health)' | grep -q 'link9.prom.*line 1: '"
refute "of which nothing is shown, in no answer and not in the log" leaks
rm "$textfiles"/link?.prom
cp "$repository"/tests/corpus/good_*.prom "$textfiles/" # several have the same families: the first has them
rm "$textfiles"/good_[a-fh-z]*.prom
check "the series are node_exporter's" same_as_node
set --
for file in "$repository"/tests/corpus/good_*.prom; do
	name=${file##*/}
	rm -f "$textfiles"/good_*.prom
	cp "$file" "$textfiles/"
	check "both are scraped with $name" scrape_both
	mv "$work/of_node" "$work/node_$name"
	cp "$work/scraped" "$work/ours_$name"
	set -- "$@" "$work/node_$name" "$work/ours_$name"
done
check "the series are node_exporter's with each good file" "$PYTHON" "$work/series.py" "$@"
rm -f "$textfiles"/good_*.prom
for bound in 1.0 1000000 123456 1234567 0.0001 0.00001 0.00012345 5e-05 1e3 .5 0.10 1e21 123456.789 -1 -0 +Inf; do
	echo "demo_odd_bucket{le=\"$bound\"} 1"
done | sort -t '"' -k 2,2g | awk '
	BEGIN { print "# HELP demo_odd H.\n# TYPE demo_odd histogram" }
	{ sub(/ 1$/, " " NR); print }
	END { print "demo_odd_sum 1\ndemo_odd_count " NR }' | publish odd
check "bounds are written as node_exporter does" same_as_node
check "(and it is served)" has 'demo_odd_bucket{le="1e+06"} 13'
rm "$textfiles/odd.prom"
check "nothing is wrong with good files" has "arbwatch_exporter_textfile_scrape_error 0"

# Conflicts: left out, counted, named once; the good parts stay.
publish c <<'TEXT'
# HELP demo_two_total Something else.
# TYPE demo_two_total gauge
demo_two_total{z="1"} 1
# HELP demo_three Good.
# TYPE demo_three gauge
demo_three 7
# HELP demo_shared In two files.
# TYPE demo_shared gauge
demo_shared{file="a"} 9
demo_shared{file="c"} 3
# TYPE process_open_fds gauge
process_open_fds 77
# TYPE arbwatch_exporter_build_info gauge
arbwatch_exporter_build_info 2
TEXT
check "of a file with conflicts the rest is served" has 'demo_three 7'
check "the first file's series stays" has 'demo_shared{file="a"} 1'
check "and the new one is there too" has 'demo_shared{file="c"} 3'
check "the contradicting family is not" has_not 'demo_two_total{z="1"}'
check "what the exporter says itself is not a file's to say" has_not 'process_open_fds 77'
check "one HELP for a joined family" test "$(grep -c '^# HELP demo_shared ' "$work/scraped")" -eq 1
check "conflicts are counted" has 'arbwatch_exporter_textfile_conflicts 4'
check "the log names the file" logged 'file=c.prom'
scrape
publish d <<'TEXT'
demo_four 1
TEXT
check "(the new file is seen)" has 'demo_four 1'
check "each conflict is told once" times_logged 'demo_two_total' 1
check "promtool has nothing to say with conflicts" no_complaint
rm "$textfiles/c.prom" "$textfiles/d.prom"
check "without the file there is no conflict" has 'arbwatch_exporter_textfile_conflicts 0'

# What is no file, or no good one, hides nothing.
mkfifo "$textfiles/fifo.prom"
mkdir "$textfiles/directory.prom"
ln -s "$work/nowhere" "$textfiles/dangling.prom"
ln -s "$textfiles/a.prom" "$work/linked.prom"
truncate -s 1G "$textfiles/huge.prom"
printf 'demo_bad{x="1} 1\n' >"$textfiles/bad.prom"
printf 'demo_cut 1' >"$textfiles/cut.prom"
printf 'demo_hidden 1\n' >"$textfiles/.hidden.prom"
printf 'demo_other 1\n' >"$textfiles/other.prom.tmp"
name=$(printf 'n\nl"q\\.prom')
printf 'demo_odd_name 1\n' >"$textfiles/$name"
check "it answers in spite of all that" await 30 has 'demo_odd_name 1'
check "good files are all there" has 'demo_shared{file="b"} 2'
check "a hidden file is a file, as for node_exporter" has 'demo_hidden 1'
check "what does not end in .prom is none" has_not 'demo_other'
check "two files are broken" has 'arbwatch_exporter_textfile_files{state="broken"} 2'
check "three are no files" has 'arbwatch_exporter_textfile_files{state="unreadable"} 3'
check "one is too large" has 'arbwatch_exporter_textfile_files{state="too_large"} 1'
check "that is an error" has 'arbwatch_exporter_textfile_scrape_error 1'
for file in fifo directory dangling huge bad cut; do
	check "the log names $file.prom, once" times_logged "file=$file.prom" 1
done
check "it stays small beside a huge file" test "$(awk '/^VmHWM/ { print $2 }' "/proc/$EXPORTER/status")" -lt 65536
check "promtool reads it all" sh -c "promtool check metrics <'$work/scraped' 2>&1 | grep -iE 'error|parsing' && exit 1 || exit 0"
rm -rf "$textfiles"/*.prom "$textfiles"/.hidden.prom "$textfiles"/other.prom.tmp
good_files
check "all is well again" await 30 has "arbwatch_exporter_textfile_scrape_error 0"
if [ "$(id -u)" -ne 0 ]; then
	chmod 000 "$textfiles/a.prom"
	check "an unreadable file is reported" has 'arbwatch_exporter_textfile_files{state="unreadable"} 1'
	chmod 644 "$textfiles/a.prom"
else
	skip "an unreadable file is reported" "root can read every file"
fi

# Written in place, same size, with the old time put back: the inode's change time tells.
scrape
sed 's/demo_plain 5/demo_plain 6/' "$textfiles/b.prom" >"$work/b.new"
touch -r "$textfiles/b.prom" "$work/time"
cat "$work/b.new" >"$textfiles/b.prom"
touch -r "$work/time" "$textfiles/b.prom"
check "a file changed in place is read again" has 'demo_plain 6'

# The directory itself.
mv "$textfiles" "$textfiles.away"
check "without the directory it still answers" await 30 has "arbwatch_exporter_textfile_scrape_error 1"
check "and the page too" is_code 200 "$(url /)"
mv "$textfiles.away" "$textfiles"
check "and it finds it again" await 30 has 'demo_shared{file="b"} 2'

# --- Many families ------------------------------------------------------------------------------------------------
# In two files each, so that nothing of them lies side by side.
for file in many_a many_b; do
	awk -v file="$file" 'BEGIN {
		for (i = 0; i < 1500; i++)
			printf("# TYPE demo_many_%d gauge\ndemo_many_%d{file=\"%s\"} %d\n", i, i, file, i)
	}' | publish "$file"
done
check "many families are answered to a client that does not unpack" scrape
check "all of them" test "$(grep -c '^demo_many_' "$work/scraped")" -eq 3000
check "to the last" has 'demo_many_1499{file="many_b"} 1499'
check "as node_exporter does" same_as_node
check "and it lives" is_code 200 "$(url /health/live)"
rm "$textfiles/many_a.prom" "$textfiles/many_b.prom"

# --- gzip ---------------------------------------------------------------------------------------------------------
check "gzip when asked" test "$(get -o /dev/null -D - -H 'Accept-Encoding: gzip' "$(url /metrics)" | tr -d '\r' |
	sed -n 's/^content-encoding: //Ip')" = gzip
for accept in identity 'gzip;q=0' 'gzip;foo=1;q=0' '*;q=0' 'gzip;q=0, *' '' br 'x-gzipped, br'; do
	check "none for '$accept'" test -z "$(get -o /dev/null -D - -H "Accept-Encoding: $accept" "$(url /metrics)" |
		sed -n 's/^content-encoding: //Ip')"
done
get -H 'Accept-Encoding: deflate, gzip;q=1.0' "$(url /metrics)" >"$work/packed"
check "it is whole" gzip -t "$work/packed"
gzip -dc "$work/packed" >"$work/scraped"
get "$(url /metrics)" >"$work/unpacked"
check "and says the same" "$PYTHON" "$work/series.py" "$work/scraped" "$work/unpacked"

# --- Prometheus ---------------------------------------------------------------------------------------------------
cat >"$work/prometheus.yml" <<YAML
global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs:
  - job_name: arbwatch
    static_configs: [{ targets: ['127.0.0.1:$PORT'] }]
YAML
spawn prometheus prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/prometheus" \
	--web.listen-address=127.0.0.1:0
prometheus_port=$(port_of "$SPAWNED")
ask() { promtool query instant "http://127.0.0.1:$prometheus_port" "$1" 2>/dev/null | sed -n 's/.* => \(.*\) @\[.*/\1/p'; }
answers() { test "$(ask "$1")" = "$2"; }
check "Prometheus scrapes it" await 40 answers up 1
check "and has a file's series" await 30 answers 'demo_shared{file="b"}' 2
check "with what is in a label" await 30 answers 'demo_two_total{y="ü"}' 1000000000
check "and its histogram" await 30 answers 'demo_a_seconds_bucket{le="+Inf"}' 2

# --- Health -------------------------------------------------------------------------------------------------------
# collector_file NAME SUCCESS AGE EXTRA: as a collector publishes.
collector_file() {
	now=$(date +%s)
	{
		for row in "success $2" "interval_seconds 15" "last_run_timestamp_seconds $((now - $3))" \
			"last_success_timestamp_seconds $((now - $3))" "duration_seconds 0.01"; do
			echo "# HELP arbitrage_collector_${row% *} H."
			echo "# TYPE arbitrage_collector_${row% *} gauge"
			echo "arbitrage_collector_${row% *}{collector=\"$1\",env=\"paper\"} ${row#* }"
		done
		printf '%s' "$4"
	} | publish "$1"
}
up_of() {
	printf '# HELP arbitrage_%s_up H.\n# TYPE arbitrage_%s_up gauge\narbitrage_%s_up{target="main",env="paper"} %s\n.' \
		"$1" "$1" "$1" "$2"
}
redis() { text=$(up_of redis "$1"); collector_file redis_latency 1 "$2" "${text%.}"; }
postgres() { text=$(up_of postgres "$1"); collector_file postgres_latency 1 "$2" "${text%.}"; }
rm -f "$textfiles"/*.prom
check "with no collector nothing is healthy" is_code 503 "$(url /health/ready)"
check "and yet it lives" is_code 200 "$(url /health/live)"
redis 1 0
postgres 1 0
check "all up is ready" is_code 200 "$(url /health/ready)"
check "and healthy" sh -c \
	 "curl -s --noproxy '*' '$(url /health)' | '$PYTHON' -c 'import json, sys; assert \"healthy\" in json.load(sys.stdin).values()'"
check "/health is JSON by its type" test "$(header_of content-type "$(url /health)")" = application/json
text=$(up_of redis 1)
collector_file redis_latency 0 0 "${text%.}"
check "a run that could not measure all is ready, but degraded" is_code 200 "$(url /-/ready)"
check "and says so" sh -c "curl -s --noproxy '*' '$(url /health/ready)' | grep -q '^degraded'"
redis 0 0
check "Redis down is not ready" is_code 503 "$(url /-/ready)"
redis 1 0
postgres 0 0
check "Postgres down is not ready" is_code 503 "$(url /health/ready)"
check "by the other name neither" is_code 503 "$(url /-/ready)"
check "the report itself is there" is_code 200 "$(url /health)"
echo 'arbitrage_postgres_up{target="main' | publish postgres_latency
check "what says so breaks: still not ready" is_code 503 "$(url /health/ready)"
postgres 1 0
check "it is mended: ready" is_code 200 "$(url /health/ready)"
: >"$textfiles/postgres_latency.prom"
check "it is emptied: not ready" is_code 503 "$(url /health/ready)"
postgres 1 0
mkdir "$textfiles/instance.prom"
check "what might be another instance cannot be read: not ready" is_code 503 "$(url /health/ready)"
check "and the reason says what to do" sh -c \
	"curl -s --noproxy '*' '$(url /health/ready)' | grep -q 'instance.prom: unreadable, .*remove it'"
rmdir "$textfiles/instance.prom"
echo 'arbitrage_redis_up{target="main' | publish redis_latency
check "Redis's file breaks: not ready, as if it were down" is_code 503 "$(url /health/ready)"
stop "$EXPORTER"
check "SIGTERM is a good end" logged msg=stopping

# --- Without the files ---------------------------------------------------------------------------------------------
good_files
start_exporter without
check "without --textfile.serve no file is served" has_not 'demo_shared'
check "its own metrics are" has 'arbwatch_exporter_http_requests_total{path="/metrics",code="200"} 1'
refute "and nothing is said of files" grep -q textfile "$work/scraped"
stop "$EXPORTER"

# --- Other names ------------------------------------------------------------------------------------------------------
start_exporter named --web.allowed-host mon.example --web.listen-address 0.0.0.0:0
everywhere=$(port_of "$EXPORTER" | tail -n 1)
named() { is_code "$1" -H "Host: $2" "http://127.0.0.1:$3/health/live"; }
check "a name that is allowed is answered" named 200 MON.example:443 "$PORT"
check "another one is not" named 421 example "$PORT"
check "an address that others reach answers to all names" named 200 evil.example "$everywhere"
stop "$EXPORTER"
run 2 "$BUILD/arbwatch_exporter" --web.allowed-host https://mon.example/
check "a URL is no host name" grep -q 'web.allowed-host.*without scheme' "$work/err"

# --- Age ----------------------------------------------------------------------------------------------------------
start_exporter aged --textfile.serve --textfile.max-age 1h
touch -d '2 hours ago' "$textfiles/a.prom"
check "an old file is not served" await 30 has_not 'demo_shared{file="a"}'
check "it is counted" has 'arbwatch_exporter_textfile_files{state="stale"} 1'
check "its time is still told" has "arbwatch_exporter_textfile_mtime_seconds{file=\"$textfiles/a.prom\"} $(stat -c %Y "$textfiles/a.prom")"
touch "$textfiles/a.prom"
check "touched, it is back" await 30 has 'demo_shared{file="a"} 1'
stop "$EXPORTER"

# --- TLS and users -------------------------------------------------------------------------------------------------
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=ca -keyout "$work/ca.key" \
	-out "$work/ca.pem" 2>/dev/null
# certificate NAME USAGE [CA]
certificate() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" -keyout "$work/$1.key" \
		-out "$work/$1.csr" 2>/dev/null
	printf 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=%s\n' "$2" >"$work/$1.ext"
	openssl x509 -req -in "$work/$1.csr" -CA "$work/${3-ca}.pem" -CAkey "$work/${3-ca}.key" -CAcreateserial -days 2 \
		-extfile "$work/$1.ext" -out "$work/$1.pem" 2>/dev/null
}
certificate server serverAuth
certificate second serverAuth
certificate client clientAuth
certificate wrongusage serverAuth
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=other -keyout "$work/other.key" \
	-out "$work/other.pem" 2>/dev/null
certificate stranger clientAuth other
bcrypt() {  # bcrypt PASSWORD [COST]
	perl -e 'print crypt($ARGV[0], "\$2b\$$ARGV[1]\$abcdefghijklmnopqrstuu")' "$1" "${2:-05}"
}
hash=$(bcrypt 'right:pass')
web=$work/web.yml
cat >"$web" <<YAML
tls_server_config:
  cert_file: server.pem
  key_file: server.key
basic_auth_users:
  alice: $hash
http_server_config:
  headers:
    Strict-Transport-Security: max-age=1000
    X-Frame-Options: sameorigin
YAML
start_exporter tls --web.config.file "$web" --textfile.serve
url() { printf 'https://127.0.0.1:%s%s' "$PORT" "$1"; }
tls() { is_code "$1" --cacert "$work/ca.pem" "$2" "$3" "$(url /metrics)"; }
check "the right password" tls 200 -u alice:right:pass
check "and again" tls 200 -u alice:right:pass
check "the name of the scheme in lower case" tls 200 -H "Authorization: basic $(printf alice:right:pass | base64)"
check "a password with more behind a NUL byte" tls 401 -H "Authorization: Basic $(printf 'alice:right:pass\000more' | base64)"
check "the wrong password" tls 401 -u alice:wrong
check "nobody" tls 401 -u bob:right:pass
check "no password" tls 401 -u alice:
check "no user" is_code 401 --cacert "$work/ca.pem" "$(url /metrics)"
check "no Basic" tls 401 -H 'Authorization: Bearer right:pass'
check "no base64" tls 401 -H 'Authorization: Basic ===='
check "nothing is there without a password" is_code 401 --cacert "$work/ca.pem" "$(url /nothing)"
check "health neither" is_code 401 --cacert "$work/ca.pem" "$(url /health/live)"
check "401 asks for Basic" sh -c "curl -s --noproxy '*' -k -D - -o /dev/null '$(url /metrics)' | grep -qi '^www-authenticate: Basic realm='"
check "headers of the file are sent" sh -c \
	 "curl -s --noproxy '*' -k -D - -o /dev/null '$(url /)' | grep -qi '^strict-transport-security: max-age=1000'"
check "in place of ours" sh -c "curl -s --noproxy '*' -k -D - -o /dev/null '$(url /)' | grep -q '^X-Frame-Options: sameorigin'"
refute "plain HTTP is not spoken there" curl -sf --noproxy '*' --max-time 5 "http://127.0.0.1:$PORT/metrics"
refute "nor TLS 1.1" curl -sf --noproxy '*' -k --tls-max 1.1 --max-time 5 "$(url /metrics)"
refute "a server nobody vouches for is not ours" curl -sf --noproxy '*' --max-time 5 "$(url /metrics)"
# Many at once, all wrong, do not keep out who is known.
for each in 1 2 3 4 5 6 7 8; do
	curl -s --noproxy '*' -k -o /dev/null -u "alice:guess$each" "$(url /metrics)" &
	echo $! >>"$work/guessers"
done
check "who is known gets in beside guessers" tls 200 -u alice:right:pass
while read -r pid; do wait "$pid"; done <"$work/guessers"
refute "no password in the log" grep -qE 'right:pass|guess[0-9]' "$log"
refute "no hash in the log" grep -qF "$hash" "$log"
get -k --compressed -u alice:right:pass "$(url /metrics)" >"$work/scraped"
check "gzip over TLS is whole" test -s "$work/scraped"
check "promtool has nothing to say of it" no_complaint

# SIGHUP: another certificate, another user, client certificates.
serial_of() { openssl s_client -connect "127.0.0.1:$PORT" </dev/null 2>/dev/null | openssl x509 -noout -subject; }
second_hash=$(bcrypt second)
cat >"$web" <<YAML
tls_server_config:
  cert_file: second.pem
  key_file: second.key
  min_version: TLS13
basic_auth_users:
  bob: $second_hash
YAML
kill -HUP "$EXPORTER"
check "the new configuration is taken" await 30 logged 'msg="configuration reloaded"'
check "the new user is let in" await 30 tls 200 -u bob:second
check "the old one no more" tls 401 -u alice:right:pass
check "the new certificate is shown" sh -c \
	 "openssl s_client -connect 127.0.0.1:$PORT </dev/null 2>/dev/null | openssl x509 -noout -subject | grep -q second"
refute "TLS 1.2 is not spoken any more" curl -sf --noproxy '*' -k --tls-max 1.2 --max-time 5 "$(url /metrics)"
echo '  nonsense: 1' >>"$web"
kill -HUP "$EXPORTER"
check "the log names the line of a bad one" await 30 logged "web.yml:7: "
check "and the old one stays" tls 200 -u bob:second
check "a metric says so" sh -c \
	 "curl -s --noproxy '*' -k -u bob:second '$(url /metrics)' | grep -qx 'arbwatch_exporter_config_last_reload_successful 0'"
# client_auth TYPE [CA]
client_auth() {
	{
		printf 'tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n  client_auth_type: %s\n' "$1"
		[ $# -eq 1 ] || printf '  client_ca_file: %s\n' "$2"
	} >"$web"
	reload
}
with() { is_code 200 --cacert "$work/ca.pem" --cert "$work/$1.pem" --key "$work/$1.key" "$(url /metrics)"; }
without() { is_code 200 --cacert "$work/ca.pem" "$(url /metrics)"; }
check "client certificates can be required" client_auth RequireAndVerifyClientCert ca.pem
check "with one" with client
refute "not without" without
refute "nor with a stranger's" with stranger
refute "nor with one that is not for clients" with wrongusage
check "they can be asked for" client_auth VerifyClientCertIfGiven ca.pem
check "with one" with client
check "and without" without
refute "but not with a stranger's" with stranger
check "any can be required" client_auth RequireAnyClientCert
check "then a stranger's will do" with stranger
refute "but none will not" without
check "any may be sent" client_auth RequestClientCert
check "and none" without
check "none is asked for" client_auth NoClientCert
check "and so it goes" without
# shellcheck disable=SC2094 # the second request waits for the first answer
{
	printf 'GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n'
	await 30 grep -q '^alive' "$work/kept" && reload
	printf 'GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n'
} | timeout 60 openssl s_client -quiet -connect "127.0.0.1:$PORT" >"$work/kept" 2>/dev/null
check "a kept connection with the TLS of before is still answered" test "$(grep -c '^HTTP/1.1 200' "$work/kept")" -eq 2
check "once" test "$(grep -ci '^connection: close' "$work/kept")" -eq 1
wrk -t1 -c20 -d2 --timeout 30s "$(url /health/live)" >"$work/wrk" 2>&1 &
loader=$!
until [ -s "$work/wrk" ] && grep -q 'requests in' "$work/wrk"; do reload || break; done
wait "$loader"
refute "over TLS no request is lost by reloads" grep -E 'Socket errors|Non-2xx' "$work/wrk"
: >"$web"
kill -HUP "$EXPORTER"
check "to turn TLS off takes a restart" await 30 logged 'to turn TLS on or off takes a restart'
check "until then it stays" without
stop "$EXPORTER"

# --- What is refused at the start -----------------------------------------------------------------------------------
refused() {  # refused TEXT: --web.config.file with that says LINE
	printf '%s\n' "$1" >"$web"
	run 2 "$BUILD/arbwatch_exporter" --config.check --web.config.file "$web"
	check "and says: $2" grep -qF -- "$2" "$work/err"
}
refused 'nonsense: 1' 'web.yml:1: nonsense: unknown key'
refused "$(printf 'tls_server_config:\n  cert_file: server.pem')" 'needs both cert_file and key_file'
refused "$(printf 'tls_server_config:\n  cert_file: server.pem\n  key_file: second.key')" 'cannot be used'
refused "$(printf 'basic_auth_users:\n  alice: secret')" 'web.yml:2: basic_auth_users: no bcrypt hash'
refute "without showing it" grep -q secret "$work/err"
refused "$(printf 'http_server_config:\n  headers:\n    X-Evil: 1')" 'web.yml:3: '
refused "$(printf 'tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n  client_auth_type: Maybe')" 'web.yml:4: '
printf '' >"$web"
run 0 "$BUILD/arbwatch_exporter" --config.check --web.config.file "$web"
run 2 "$BUILD/arbwatch_exporter" --web.max-requests 0
run 2 "$BUILD/arbwatch_exporter" --no-such-flag
run 1 "$BUILD/arbwatch_exporter" --web.listen-address "127.0.0.1:$node_port"
check "an address in use is named" grep -qF "127.0.0.1:$node_port" "$work/err"
check "with the flag that chooses another" grep -qF \
	'Address already in use by another program: stop it, or choose another port with --web.listen-address' "$work/err"
for address in nowhere 127.0.0.1 127.0.0.1:99999 127.0.0.1:x '[]:0' '[x:0'; do
	run 2 "$BUILD/arbwatch_exporter" --web.listen-address "$address"
	run 2 "$BUILD/arbwatch_exporter" --web.listen-address "$address" --config.check
	check "'$address' is no place to listen" grep -q 'web.listen-address: .* is not HOST:PORT' "$work/err"
done
run 1 "$BUILD/arbwatch_exporter" --web.listen-address 203.0.113.7:9109

# --- Clients that behave badly --------------------------------------------------------------------------------------
url() { printf 'http://127.0.0.1:%s%s' "$PORT" "$1"; }
awk 'BEGIN { for (i = 0; i < 2000; i++) printf("demo_many{number=\"%d\",padding=\"%04000d\"} %d\n", i, i, i) }' >"$work/many"
publish many <"$work/many"
start_exporter hostile --textfile.serve --web.header-timeout 5s --web.answer-timeout 5s --web.idle-timeout 60s \
	--web.listen-address 127.0.0.1:0
second_port=$(port_of "$EXPORTER" | tail -n 1)
raw() { "$TOOLS/raw_http" "$@"; }
check "the second address is served too" is_code 200 "http://127.0.0.1:$second_port/health/live"
check "who trickles headers is ended" raw trickle "$PORT" 60
check "who does not read is ended" raw stare "$PORT" 60
check "both are counted" await 30 has 'arbwatch_exporter_http_timeouts_total 2'
{
	printf 'GET /metrics HTTP/1.1\r\nHost: localhost\r\nX-Long: '
	head -c 100000 /dev/zero | tr '\0' a
	printf '\r\n\r\n'
} | raw send "$PORT" >"$work/answer"
check "headers that are too large get 431" grep -q '^HTTP/1.1 431' "$work/answer"
{
	printf 'GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\nGET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n'
	printf 'GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'
} | raw send "$PORT" | tr -d '\r' >"$work/answer"
check "requests in one go are answered in order" test "$(sed -n 's|^HTTP/1.1 \([0-9]*\).*|\1|p' "$work/answer" | tr '\n' ' ')" = \
	"200 404 200 "
for text in 'nonsense\r\n\r\n' 'GET\r\n\r\n' '\026\003\001\002\000' 'GET /metrics HTTP/9.9\r\n\r\n' \
	'GET /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n' \
	'GET /metrics HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'; do
	# shellcheck disable=SC2059 # the escapes are meant
	printf "$text" | raw send "$PORT" >"$work/answer"
	check "it lives on after: $text" is_code 200 "$(url /health/live)"
	refute "and does not take it for a request" grep -q '^HTTP/1.1 200' "$work/answer"
done
check "1,000 connections are answered" test "$(raw many "$PORT" 1000)" -eq 1000
check "and go" await 40 has 'arbwatch_exporter_http_connections 1'
stop "$EXPORTER"
start_exporter limited --textfile.serve --web.max-requests 1 --web.max-connections 8 --web.answer-timeout 8s
spawn starer "$TOOLS/raw_http" stare "$PORT" 60
# Not before: a request of ours in its place would have it refused.
check "one is being answered" await 30 grep -q begun "$work/starer.log"
check "past the limit of requests there is 503" await 30 is_code 503 "$(url /metrics)"
check "but whether it lives is told" is_code 200 "$(url /health/live)"
check "afterwards there are answers again" await 30 is_code 200 "$(url /metrics)"
check "past the limit of connections one waits" test "$(raw many "$PORT" 6)" -eq 6
stop "$EXPORTER"
# libmicrohttpd's epoll waits for ever when so many of its connections have something to do.
start_exporter full --web.max-connections 128
check "all connections of the limit are answered at once" test "$(raw many "$PORT" 128)" -eq 128
stop "$EXPORTER"

# --- SIGHUP beside clients ------------------------------------------------------------------------------------------
set --
for _ in 2 3 4 5 6 7 8 9; do set -- "$@" --web.listen-address 127.0.0.1:0; done
start_exporter nine --textfile.serve "$@"
# More than the kernel's buffers take.
for each in one two three; do sed "s/demo_many/demo_$each/" "$work/many" | publish "$each"; done
get --limit-rate 10M -o "$work/slow_reload" "$(url /metrics)" &
slow=$!
await 30 test -s "$work/slow_reload"
check "with many addresses it reloads" reload
wait "$slow"
check "what was being answered at SIGHUP is answered to its end" test $? -eq 0
wrk -t1 -c20 -d2 --timeout 30s "$(url /health/live)" >"$work/wrk" 2>&1 &
loader=$!
until [ -s "$work/wrk" ] && grep -q 'requests in' "$work/wrk"; do reload || break; done
wait "$loader"
check "load beside reloads is answered" grep -q 'requests in' "$work/wrk"
refute "and no request is lost" grep -E 'Socket errors|Non-2xx' "$work/wrk"
stop "$EXPORTER"
# Reloads for as long as passwords are being checked: each of those who wait gets an answer.
printf 'basic_auth_users:\n  alice: %s\n' "$(bcrypt slow 12)" >"$web"
start_exporter guessed --web.config.file "$web"
for each in 1 2 3 4 5 6 7 8; do
	code --max-time 120 -u "alice:guess$each" "$(url /metrics)" >"$work/guess$each" 2>/dev/null &
	echo $! >>"$work/slow_guessers"
done
until [ "$(cat "$work"/guess? | wc -c)" -eq 24 ]; do reload || break; done
while read -r pid; do wait "$pid"; done <"$work/slow_guessers"
check "who waits for his password to be checked is answered in spite of reloads" \
	test "$(cat "$work"/guess?)" = 401401401401401401401401
check "and it lives" is_code 200 -u alice:slow "$(url /metrics)"
: >"$web"
reload
check "that nobody has to log in any more is in the log" logged 'every client is let in'
check "and is so" is_code 200 "$(url /metrics)"
stop "$EXPORTER"

# --- Few open files -------------------------------------------------------------------------------------------------
cat >"$work/few_files" <<'SH'
#!/bin/sh
ulimit -n 128
exec "$@"
SH
chmod +x "$work/few_files"
rm -f "$textfiles"/*.prom
redis 1 0
postgres 1 0
under=$work/few_files
start_exporter few
under=
check "fewer connections than allowed are told" logged 'msg="fewer connections than --web.max-connections'
check "however many clients there are, the files are read" test "$(raw beside "$PORT" 300 /health/ready | sort -u)" = 200
stop "$EXPORTER"
run 1 sh -c "ulimit -n 75; exec '$BUILD/arbwatch_exporter' --web.listen-address 127.0.0.1:0 --textfile.directory '$textfiles'"
check "too few for any are refused" grep -q 'the limit of open files, 75, is too low' "$work/err"

# --- Load while collectors publish ------------------------------------------------------------------------------------
rm -f "$textfiles"/*.prom
good_files
start_redis
start_exporter load --textfile.serve
spawn collector "$BUILD/redis_latency" --target "main=redis://127.0.0.1:$REDIS_PORT" --interval 20ms --log.level error
collector=$SPAWNED
await 30 test -e "$textfiles/redis_latency.prom"
cat >"$work/vanish.sh" <<SH
while :; do
	printf 'demo_vanishing 1\n' >'$textfiles/.v.tmp'
	mv '$textfiles/.v.tmp' '$textfiles/vanishing.prom'
	rm -f '$textfiles/vanishing.prom'
done
SH
spawn vanisher sh "$work/vanish.sh"
vanisher=$SPAWNED
for path in /metrics /health / /health/live; do
	wrk -t1 -c50 -d2 --timeout 30s -H 'Accept-Encoding: gzip' "$(url "$path")" >"$work/wrk" 2>&1
	check "load on $path is answered" grep -q 'requests in' "$work/wrk"
	refute "without an error" grep -E 'Socket errors|Non-2xx' "$work/wrk"
done
stop "$vanisher"
rm -f "$textfiles/vanishing.prom" "$textfiles/.v.tmp"
stop "$collector"
check "what is served then is node_exporter's" same_as_node
# Ended in the middle of an answer: it comes to its end.
cp "$work/many" "$textfiles/many.prom"
get --limit-rate 4M -o "$work/slow" "$(url /metrics)" &
slow=$!
await 30 test -s "$work/slow"
kill "$EXPORTER"
wait "$slow"
check "what was being answered at SIGTERM is answered to its end" test $? -eq 0
wait "$EXPORTER"
check "and the end is a good one" test $? -eq 0

finish
