#!/bin/sh
# What textfile_lint says of each file in tests/corpus, and what the real
# node_exporter makes of the same file.  tests/corpus/expected.tsv holds both,
# one row per file (or directory, for what only shows in several files):
#
#	file  line  class  rules  node_exporter-1.5  not-served  served
#
# The first of the rules is the one that the line belongs to.  `not-served` are
# lines of the file, of which at least one must be missing in what is served;
# `served` is a line that must be there.  The fifth column is one of
#
#	accept       served without an error
#	reject       nothing of the file is served, node_textfile_scrape_error 1
#	drop         something is missing, and no error is shown
#	misread      something is served as it was not written, and no error is shown
#	hides        node_exporter's own series are missing
#	crash        node_exporter ends
#	unscrapable  served, but Prometheus cannot read it

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
corpus=$repository/tests/corpus
tab=$(printf '\t')
lint=$BUILD/textfile_lint
LC_ALL=C.UTF-8
export LC_ALL

lint_in() {  # lint_in DIRECTORY STATUS OPERAND...
	lint_directory=$1 lint_status=$2
	shift 2
	got=0
	(cd "$lint_directory" && exec "$lint" "$@") >"$work/out" 2>"$work/err" || got=$?
	[ "$got" -eq "$lint_status" ]
}

# Every line of the output is of one of the rules, each rule is there, and the first one at the right line.
finds() {  # finds FILE LINE CLASS RULES
	lint_in "$corpus" 1 "$1" || return 1
	case $2 in
	*:*) place=$1/$2 ;;
	*) place=$1:$2 ;;
	esac
	awk -v start="$place: $3: " -v first=" (${4%%,*})" -v rules="$4" '
		index($0, start) == 1 && substr($0, length($0) - length(first) + 1) == first { found = 1 }
		{ rule = $0; sub(/.* \(/, "", rule); sub(/\)$/, "", rule); seen[rule] = 1 }
		END {
			count = split(rules, wanted, ",")
			for (i = 1; i <= count; i++) {
				if (!(wanted[i] in seen)) exit 1
				delete seen[wanted[i]]
			}
			for (rule in seen) exit 1
			exit !found
		}' "$work/out"
}
silent() { lint_in "$corpus" 0 "$1" && [ ! -s "$work/out" ] && [ ! -s "$work/err" ]; }

rows() { grep -v '^#' "$corpus/expected.tsv"; }

# One row of the table is one file, and the other way round.
table_is_complete() {
	rows | cut -f 1 | sort >"$work/in-table"
	(cd "$corpus" && ls -d ./*.prom cross_*) | sed 's|^\./||' | sort | diff "$work/in-table" -
}

# Each rule of the table has a row in the manual, and each rule in the manual is tested somewhere here.
rules_are_documented() {
	sed -n 's/^| \(`[^|]*`\) |.*/\1/p' "$repository/docs/textfile_lint.md" |
		tr -d '`' | tr ' ' '\n' | sort -u >"$work/documented"
	rows | cut -f 4 | tr ',' '\n' | grep -vx -e - | sort -u >"$work/tested"
	comm -13 "$work/documented" "$work/tested" | grep . && return 1
	comm -23 "$work/documented" "$work/tested" | while read -r rule; do
		grep -qE "(drop|reject|crash|misread) $rule\b|\($rule\)" "$0" || echo "$rule is not tested"
	done | grep . && return 1
	return 0
}

says() {
	rows >"$work/rows"
	while IFS=$tab read -r file line class rules _; do
		if [ "$class" = clean ]; then
			check "$file: nothing is found" silent "$file"
		else
			check "$file: $class by rule $rules" finds "$file" "$line" "$class" "$rules"
		fi
	done <"$work/rows"
}

# node_exporter as another user where possible: root may read everything.
nodes=0
start_node_exporter() {
	set -- prometheus-node-exporter --web.listen-address=127.0.0.1:0 \
		--collector.disable-defaults --collector.textfile --collector.textfile.directory="$textfiles"
	[ "$(id -u)" -ne 0 ] || set -- setpriv --reuid nobody --regid nogroup --clear-groups "$@"
	nodes=$((nodes + 1))
	spawn "node-$nodes" "$@"
	NODE_PID=$SPAWNED
	# Not every root may see the sockets of another user's process, but its log.
	await 30 grep -q 'msg="Listening on"' "$work/node-$nodes.log" || { cat "$work/node-$nodes.log"; exit 1; }
	NODE_PORT=$(sed -n 's/.*msg="Listening on" address=.*:\([0-9]*\).*/\1/p' "$work/node-$nodes.log")
	await 30 answers || { cat "$work/node-$nodes.log"; exit 1; }
}
answers() { curl -s --max-time 60 -o /dev/null "http://127.0.0.1:$NODE_PORT/"; }
scrape() { curl -sS --max-time 60 "http://127.0.0.1:$NODE_PORT/metrics" >"$work/served"; }

# The directory then holds a good file and the case.
place() {
	rm -rf "${textfiles:?}"/*
	printf 'sentinel 1\n' >"$textfiles/sentinel.prom"
	if [ -d "$corpus/$1" ]; then
		cp "$corpus/$1"/* "$textfiles/"
	else
		cp "$corpus/$1" "$textfiles/"
	fi
}

has() { grep -qxF -- "$1" "$work/served"; }
scrape_error_is() { grep -qx "node_textfile_scrape_error $1" "$work/served"; }

# lacks 'LINE | LINE': at least one is not served.
lacks() {
	while [ "$1" != "${1#* | }" ]; do
		has "${1%% | *}" || return 0
		set -- "${1#* | }"
	done
	! has "$1"
}
lacks_and_has() {
	{ [ "$1" = - ] || lacks "$1"; } && { [ "$2" = - ] || has "$2"; }
}

nothing_served() {
	scrape && has 'sentinel 1' && scrape_error_is 1 && ! grep -q '^c_' "$work/served" &&
		! grep -q "^node_textfile_mtime_seconds{.*/$1\"" "$work/served"
}
served_with() {
	scrape && has 'sentinel 1' && scrape_error_is 0 && lacks_and_has "$1" "$2"
}
hidden() { scrape && has 'sentinel 1' && lacks_and_has "$1" "$2"; }

# Every sample as it is written, unless the table has another line to show.
served_as_written() {
	served_with - "$2" || return 1
	[ "$2" = - ] || return 0
	grep -v '^[[:blank:]]*\(#\|$\)' "$corpus/$1" >"$work/samples"
	while IFS= read -r sample; do
		case $sample in
		*\ nan) sample="${sample% *} NaN" ;;
		*\ inf) sample="${sample% *} +Inf" ;;
		esac
		has "$sample" || { echo "not served: $sample"; return 1; }
	done <"$work/samples"
}

ends() {
	scrape && return 1
	await 30 not kill -0 "$NODE_PID" && grep -q '^panic: ' "$work/node-$nodes.log"
}

# Prometheus gives up all of node_exporter's metrics for it.
start_prometheus() {
	cat >"$work/prometheus.yml" <<-EOF
		global: { scrape_interval: 1s }
		scrape_configs:
		  - job_name: node
		    static_configs: [ { targets: [ "127.0.0.1:$NODE_PORT" ] } ]
	EOF
	spawn prometheus prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/tsdb" \
		--web.listen-address=127.0.0.1:0
	PROMETHEUS_PORT=$(port_of "$SPAWNED")
}
prometheus_fails() {
	curl -s --max-time 5 "http://127.0.0.1:$PROMETHEUS_PORT/api/v1/targets" | grep -qF 'valid utf8'
}
unscrapable() {
	served_with "$1" "$2" && start_prometheus && await 30 prometheus_fails
}

asks_node_exporter() {
	version=$(prometheus-node-exporter --version 2>&1 |
		sed -n 's/.*version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
	if [ "$version" != 1.5 ]; then
		skip 'the same of the real node_exporter' "the table is of version 1.5, this is $version"
		return
	fi
	start_node_exporter
	while IFS=$tab read -r file _ _ _ verdict missing present; do
		place "$file"
		case $verdict in
		accept)
			if [ "${file#good_}" != "$file" ]; then
				check "node_exporter serves $file" served_as_written "$file" "$present"
			else
				check "node_exporter serves $file" served_with "$missing" "$present"
			fi
			;;
		reject) check "node_exporter refuses $file" nothing_served "$file" ;;
		drop) check "node_exporter drops something of $file" served_with "$missing" "$present" ;;
		misread) check "node_exporter misreads $file" served_with "$missing" "$present" ;;
		hides) check "node_exporter's own series give way to $file" hidden "$missing" "$present" ;;
		crash)
			check "node_exporter crashes on $file" ends
			place good_plain.prom
			start_node_exporter
			;;
		unscrapable) check "Prometheus cannot read $file" unscrapable "$missing" "$present" ;;
		*) check "known verdict for $file" false ;;
		esac
	done <"$work/rows"
}

# What cannot be kept in a repository: modes, pipes, links, size.
# one_finding CLASS RULE NAME: of the file NAME in $work/odd, found alone and in its directory.
one_finding() {
	lint_in "$work" 1 "odd/$3" && grep -q "^odd/$3: $1: .* ($2)\$" "$work/out" &&
		[ "$(wc -l <"$work/out")" -eq 1 ] && lint_in "$work" 1 odd &&
		grep -q "^odd/$3: $1: .* ($2)\$" "$work/out"
}
odd() {
	rm -rf "$work/odd"
	mkdir "$work/odd"
}
odd_kinds() {
	odd
	printf 'c_a 1\n' >"$work/odd/private.prom"
	chmod 640 "$work/odd/private.prom"
	check 'a file that others cannot read' one_finding reject mode private.prom
	odd
	ln -s nowhere "$work/odd/link.prom"
	check 'a symbolic link to nothing' one_finding reject dangling link.prom
	odd
	mkfifo "$work/odd/pipe.prom"
	check 'a named pipe is not opened' one_finding crash fifo pipe.prom
	odd
	ln -s /dev/zero "$work/odd/zero.prom"
	check 'a device is not opened' one_finding reject not_regular zero.prom
	odd
	truncate -s 65M "$work/odd/large.prom"
	check 'a file that is too large is not read' one_finding reject too_large large.prom
	odd
	awk 'BEGIN { printf "c_a{"; for (i = 0; i < 65536; i++) printf "l%d=\"\",", i; print "} 1" }' \
		>"$work/odd/wide.prom"
	check 'a sample with too many labels' lint_in "$work" 1 odd/wide.prom
	check 'is refused' grep -qx 'odd/wide.prom:1: reject: .* (label_limit)' "$work/out"
	odd
	mkdir "$work/odd/directory.prom"
	check 'a directory with the name of a file' lint_in "$work" 1 odd
	check 'is named' grep -qx 'odd/directory.prom: reject: .* (directory)' "$work/out"
	odd
	printf 'c_a 1\n' >"$work/odd/file.txt"
	printf 'c_a 1\n' >"$work/odd/.hidden.prom"
	check 'a hidden file is one, others are not read' lint_in "$work" 0 odd
	check 'a file that is never read' lint_in "$work" 1 odd/file.txt
	check 'is named' grep -qx 'odd/file.txt: drop: .* (file_name)' "$work/out"
	odd
	printf 'c_a 1' >"$work/odd/$(printf 'a\nb').prom"
	# Controls past ASCII, too: a terminal takes U+009B for ESC [.
	printf 'c_a 1' >"$work/odd/$(printf 'a\302\233b').prom"
	check 'a line break in a file name' lint_in "$work" 1 odd
	refute 'no control character of a file name reaches the terminal' grep -q "$(printf '\302\233')" "$work/out"
	check 'breaks no line' grep -q '^odd/a?b.prom:1: reject: ' "$work/out"
}

odd_kinds_of_node_exporter() {
	rm -rf "${textfiles:?}"/*
	printf 'sentinel 1\n' >"$textfiles/sentinel.prom"
	ln -s nowhere "$textfiles/case.prom"
	check 'node_exporter shows an error for a symbolic link to nothing' nothing_served case.prom
	rm "$textfiles/case.prom"
	printf 'c_a 1\n' >"$textfiles/case.prom"
	chmod 000 "$textfiles/case.prom"
	check 'node_exporter shows an error for a file it cannot read' nothing_served case.prom
	rm -f "$textfiles/case.prom"
	printf 'c_a 1\n' >"$textfiles/.case.prom"
	printf 'c_b 1\n' >"$textfiles/case.PROM"
	check 'node_exporter reads a hidden file' served_with 'c_b 1' 'c_a 1'
	mkdir "$textfiles/case.prom"
	check 'node_exporter takes a directory for an empty file' served_with - 'c_a 1'
	rmdir "$textfiles/case.prom"
	mkfifo "$textfiles/case.prom"
	check 'node_exporter hangs on a named pipe' not curl -s --max-time 1 -o "$work/served" \
		"http://127.0.0.1:$NODE_PORT/metrics"
	rm "$textfiles/case.prom"
}

command_line() {
	run 0 "$lint" --help
	check 'help names the operands' grep -q 'FILE|DIR' "$work/out"
	run 0 "$lint" --version
	check 'the version is one line' \
		grep -qxE 'textfile_lint, version [0-9.]+ \(revision [^)]+\)' "$work/out"
	run 2 "$lint"
	run 2 "$lint" --unknown
	run 2 "$lint" "$work/nothing.prom"
	check 'what cannot be read is named' grep -qF "nothing.prom': No such file" "$work/err"
	run 2 "$lint" "$work/nothing.prom" "$corpus/timestamp.prom"
	check 'the rest is checked all the same' grep -q 'timestamp.prom:3: reject' "$work/out"
	run 2 sh -c "exec \"$lint\" \"$corpus/timestamp.prom\" >/dev/full"
	yes 'bad line' | head -n 1000 >"$work/odd/many.prom"
	check 'many faults of one kind' lint_in "$work" 1 odd/many.prom
	check 'are shown in a few lines' test "$(wc -l <"$work/out")" -eq 21
	check 'with their number' grep -qx 'odd/many.prom: reject: and 980 more (value)' "$work/out"
	check 'files that are refused take no part in the whole' \
		lint_in "$corpus" 1 timestamp.prom good_plain.prom
	check 'so one finding is left' test "$(wc -l <"$work/out")" -eq 1
}

check 'the table names each file of the corpus' table_is_complete
check 'the rules are those in the manual' rules_are_documented
says
# Names that are taken, a directory and a name that node_exporter cannot use, standard input.
foreign_names() {
	foreign=$work/foreign
	mkdir -m 755 "$foreign"
	# A key that somebody linked here: the faults of its lines show nothing of it.
	printf 'hunter2 s3cret\nhunter2{s3cret} 1\nhunter2 1 s3cret\n=hunter2\n# TYPE hunter2 s3cret\nhunter2{a="s3cret\n' \
		>"$foreign/key.prom"
	{
		echo 'up 0'
		echo 'scrape_duration_seconds{a=""} 1'
		echo 'scrape_samples_scraped{a="b"} 1'
		echo 'node_load1 2'
		echo 'node_load2 2'
		echo 'node_memory_MemFree_bytes 1'
		echo 'node_memory_mine 1'
		echo 'node_network_receive_bytes_total{device="x"} 1'
		echo 'node_network_receive_bytes 1'
	} >"$foreign/names.prom"
	check "findings" lint_in "$foreign" 1 .
	refute "no content of a file that is refused" grep -q 'hunter2\|s3cret' "$work/out"
	sed -n 's|^./names.prom:\([0-9]*\): \([a-z]*\): .*(\(.*\))$|\1 \2 \3|p' "$work/out" >"$work/found"
	printf '%s\n' '1 misread of_prometheus' '2 misread of_prometheus' '4 drop taken' '6 drop taken' '8 drop taken' \
		>"$work/wanted"
	check "names of Prometheus and of default collectors" diff "$work/wanted" "$work/found"
	sed 's|^./names.prom:|stdin:|' "$work/out" | grep '^stdin:' >"$work/wanted"
	check "- is standard input" lint_in "$foreign" 1 - <"$foreign/names.prom"
	check "with the same findings" diff "$work/wanted" "$work/out"
	rm "$foreign"/*
	echo 'x 1' >"$foreign/$(printf 'b\377').prom"
	check "a name that is no UTF-8" lint_in "$foreign" 1 .
	check "is a crash" grep -q '^./b?.prom: crash: .*(file_name_utf8)$' "$work/out"
	rm "$foreign"/*
	for mode in 700 711 744 750; do
		chmod "$mode" "$foreign"
		check "mode $mode" lint_in "$work" 1 foreign
		check "mode $mode is reported" grep -q "^foreign: reject: .*(mode 0$mode).*(directory_mode)$" "$work/out"
	done
	for mode in 755 1777; do
		chmod "$mode" "$foreign"
		check "mode $mode" lint_in "$work" 0 foreign
	done
}

odd_kinds
command_line
foreign_names
asks_node_exporter
[ -z "${NODE_PID:-}" ] || odd_kinds_of_node_exporter
finish
