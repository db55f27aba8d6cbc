#!/bin/sh
# docs/adding-a-collector.md, to the letter: its files are put into a copy of the tree, and its commands are run there.
# The copy has what is built already, so that only what the page adds is compiled.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/lib_docs.sh
. "$repository/tests/lib_docs.sh"

cd "$repository" || exit 1
tree=$work/tree
mkdir -p "$tree/build/tests"
tar -c --exclude=./.git --exclude=./build . | tar -x -C "$tree"
# The objects and programs, without whole systems, other builds and the tests' programs.
tar -c -C "$BUILD" --exclude=./e2e --exclude=./debian --exclude=./bare --exclude='./npm*' --exclude=./sanitized --exclude=./clang \
	--exclude=./fuzz --exclude=./mutate --exclude=./tests . | tar -x -C "$tree/build"
cp -a "$BUILD/tests/tools" "$tree/build/tests/"
cd "$tree" || exit 1
unset MAKEFLAGS MAKELEVEL MFLAGS
cat >"$work/server.py" <<'END'
import socketserver

class Server(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.wfile.write(b"PONG\n" if line == b"PING\n" else b"ERROR\n")

socketserver.ThreadingTCPServer(("127.0.0.1", 0), Server).serve_forever()
END
spawn server "$PYTHON" "$work/server.py"
port=$(port_of "$SPAWNED")

# file_of PAGE:LINE: the name of the file that a block is, from the line before it.
file_of() { head -n "$((${1##*:} - 1))" "${1%:*}" | grep . | tail -n 1 | sed -n 's/^`\([^`]*\)`:$/\1/p'; }

run_line() {
	# The page's server has a port of its own.
	got=0
	env -u BUILD sh -c "$(printf '%s' "$1" | sed "s/:7777/:$port/")" </dev/null >"$work/out" 2>"$work/err" || got=$?
	check "exit status 0: $1" test "$got" -eq 0
	[ "$got" -eq 0 ] || finish
	case $1 in
	*--stdout) check "$1: the server is up" grep -qxF 'arbitrage_pong_up{target="main",env="paper"} 1' "$work/out" ;;
	*--list-metrics) cut -f1 "$work/out" | grep -v '^arbitrage_[cb]' >"$work/promised" ;;
	tests/run_all.sh*) check "$1: all passes: $(tail -n 1 "$work/out")" grep -qE '^[1-9][0-9]* passed, 0 failed$' "$work/out" ;;
	esac
}

# Blocks of YAML are added to the file that the text before them names.
add_yaml() {
	block "$1" >"$work/block"
	case $(cat "$work/block") in
	' '*)
		sed -i "/^services:/r $work/block" compose/core.yaml
		check "$1: the stack has it" "$PYTHON" -c '
import sys, yaml
service = yaml.safe_load(open("compose/core.yaml"))["services"]["pong-latency"]
assert service["command"] == ["pong_latency"] and service["read_only"] and service["image"], service'
		;;
	*)
		cat "$work/block" >>compose/config/paper.yml
		check "$1: the settings are taken" build/pong_latency --config.file compose/config/paper.yml --config.check
		;;
	esac
}

for each in $(fences "$followed" | sed 's/ /|/'); do
	place=${each%|*}
	name=$(file_of "$place")
	if [ -n "$name" ]; then
		refute "$place: $name is new" test -e "$name"
		block "$place" >"$name"
		chmod +x "$name"
		continue
	fi
	case ${each#*|} in
	sh)
		block "$place" >"$work/lines"
		while read -r line <&3; do
			run_line "$line"
		done 3<"$work/lines"
		;;
	yaml) add_yaml "$place" ;;
	*) check "$place: a block is a file, commands or settings" false ;;
	esac
done

# What has come of it.
check "five families are promised" test "$(wc -l <"$work/promised")" -eq 5
check "the file has each of them" not grep -vxFf "$work/promised" <<END
$(sed -n 's/^# TYPE \(arbitrage_pong[a-z_]*\) .*/\1/p' pong_latency.prom)
END
check "and says that the server is up" sample 'arbitrage_pong_up{target="main",env="paper"}' 1 pong_latency.prom
while read -r family; do
	check "docs/metrics.md has $family" grep -qF "| \`$family\` |" docs/metrics.md
	check "the manual page has $family" grep -qF "$family" packaging/man/pong_latency.1
done <"$work/promised"
check "docs/metrics.md has a section for it" grep -qxF '## pong_latency' docs/metrics.md
check "the manual page has its flags" grep -qxF '.BR \-\-target " [\fINAME\fR=]\fIURL\fR"' packaging/man/pong_latency.1
check "bash completes its flags" grep -q 'pong_latency) flags=.*--samples' packaging/completions/arbwatch
check "nothing is out of date then" env BUILD=build packaging/docs.sh --check
check "and all of it is installed" make -s -o all install BUILD=build DESTDIR="$work/installed" prefix=/usr
for file in bin/pong_latency share/man/man1/pong_latency.1 share/bash-completion/completions/pong_latency; do
	check "$file is installed" test -s "$work/installed/usr/$file"
done
finish
