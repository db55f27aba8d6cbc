#!/bin/sh
# The HTTP client of the probes against nginx, and against peers that do not behave.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

# Nothing of the environment may lead a request elsewhere.
http_proxy=http://127.0.0.1:1
https_proxy=$http_proxy all_proxy=$http_proxy
export http_proxy https_proxy all_proxy
unset NO_PROXY no_proxy

# get ARGUMENT...: one or more runs; what they print is in $work/out.
get() { run 0 "$TOOLS/get" "$@"; }

# field NAME [RUN [URL]]: the value of a field of that URL in that run, 1 and 0 by default.
field() {
	sed -nE "s/^run=${2:-1} url=${3:-0} (.* )?$1=(\"([^\"]*)\"|([^ \"]*)).*/\3\4/p" "$work/out"
}
is() {  # is NAME VALUE [RUN [URL]]
	found=$(field "$1" "${3:-1}" "${4:-0}")
	echo "$1 is '$found'"
	[ "$found" = "$2" ]
}
says() { field text | grep -qiF -- "$1"; }
measured() { awk -v x="$(field "$1" "${2:-1}" "${3:-0}")" 'BEGIN { exit !(x != "" && x >= 0) }'; }
count() { grep -c -- "$1" "$work/out"; }

# answers WHAT STATUS ARGUMENT...: an answer with that status came whole.
answers() {
	what=$1 status=$2
	shift 2
	get "$@"
	check "$what: no failure" is kind none
	check "$what: status $status" is status "$status"
}

# fails WHAT KIND TEXT ARGUMENT...
fails() {
	what=$1 kind=$2 text=$3
	shift 3
	get "$@"
	check "$what: kind $kind" is kind "$kind"
	check "$what: says '$text'" says "$text"
	check "$what: no body" is body 0
}

in_time() {  # in_time MILLISECONDS COMMAND...: it ends by then, and `late_ms`.
	in_time_limit=$(($1 + late_ms))
	shift
	started=$(now_ns)
	"$@"
	took=$((($(now_ns) - started) / 1000000))
	check "$what: ends by its timeout ($took ms, limit $in_time_limit ms)" test "$took" -le "$in_time_limit"
}

peers=0
peer() {  # peer MODE [ARGUMENT...]: a faulty peer; sets PEER_PORT, PEER_PID.
	peers=$((peers + 1))
	spawn "peer-$peers" "$TOOLS/faulty_peer" "$@"
	await 30 test -s "$work/peer-$peers.log" || { echo "faulty_peer did not start"; exit 1; }
	PEER_PORT=$(head -n 1 "$work/peer-$peers.log") PEER_PID=$SPAWNED
}

### Certificates and the server

make_key() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$work/$1.key" -out "$work/$1.csr" \
		-subj "/CN=$1.example" -batch
}
sign() {  # sign NAME DAYS EXTENSION WITH...
	name=$1 days=$2
	printf '%s\n' "$3" >"$work/$name.ext"
	shift 3
	openssl x509 -req -in "$work/$name.csr" -days "$days" -extfile "$work/$name.ext" -out "$work/$name.crt" "$@"
}
local_names=subjectAltName=DNS:localhost,IP:127.0.0.1
{
	for each in ca other server lasting expired elsewhere; do
		make_key "$each"
	done
	sign ca 30 'basicConstraints=critical,CA:TRUE' -signkey "$work/ca.key"
	sign other 30 'basicConstraints=critical,CA:TRUE' -signkey "$work/other.key"
	sign server 7 "$local_names" -CA "$work/ca.crt" -CAkey "$work/ca.key" -CAcreateserial
	sign lasting 90 "$local_names" -CA "$work/ca.crt" -CAkey "$work/ca.key" -CAcreateserial
	sign expired 0 "$local_names" -CA "$work/ca.crt" -CAkey "$work/ca.key" -CAcreateserial
	sign elsewhere 7 'subjectAltName=DNS:elsewhere.example' -CA "$work/ca.crt" -CAkey "$work/ca.key" -CAcreateserial
} >"$work/openssl.log" 2>&1 || { cat "$work/openssl.log"; exit 1; }
ca=$work/ca.crt

mkdir "$work/www" "$work/logs"
"$PYTHON" - "$work/www" <<'END_PYTHON'
import gzip, json, sys, zlib
root = sys.argv[1]
book = json.dumps({"bids": [[str(i), "1.5"] for i in range(5000)]}).encode()
open(root + "/book.json", "wb").write(book)
open(root + "/bomb", "wb").write(gzip.compress(bytes(64 << 20)))
open(root + "/bombs", "wb").write(gzip.compress(gzip.compress(bytes(64 << 20))))
open(root + "/deflated", "wb").write(zlib.compress(book))
END_PYTHON
# shellcheck disable=SC2046 # one port per word; nginx takes no port 0
set -- $("$TOOLS/free_port" 6)
plain=$1 tls=$2 tls1=$3 expired=$4 elsewhere=$5 lasting=$6
tls_server() {  # tls_server PORT CERTIFICATE [http2]
	printf 'server { listen 127.0.0.1:%s ssl %s; ssl_certificate %s.crt; ssl_certificate_key %s.key; include %s; }\n' \
		"$1" "${3:-}" "$work/$2" "$work/$2" "$work/locations"
}
cat >"$work/locations" <<END
	root $work/www;
	gzip on; gzip_types application/json; gzip_min_length 100; gzip_http_version 1.0;
	types { application/json json; }
	add_header X-Connection \$connection always;
	add_header X-Used-Weight 42 always;
	location = /ok { return 200 '{"ok":true}'; }
	location = /echo {
		set \$agent '[\$http_user_agent][\$http_authorization]';
		return 200 '[\$request_method][\$server_protocol][\$http_origin][\$http_cookie][\$http_x_key]\$agent';
	}
	location = /cookie { add_header Set-Cookie "id=1; Path=/"; return 200 'here'; }
	location = /redirect { return 302 http://127.0.0.1:$plain/ok; }
	location = /busy { add_header Retry-After 17 always; return 429 'slow down'; }
	location = /banned { return 418; }
	location = /broken { return 503 'maintenance'; }
	location = /empty { return 204; }
	location ~ ^/bomb\$ { gzip off; add_header Content-Encoding gzip; }
	location = /bombs { gzip off; add_header Content-Encoding "gzip, gzip"; }
	location = /deflated { gzip off; add_header Content-Encoding deflate; }
END
cat >"$work/nginx.conf" <<END
daemon off; worker_processes 1; pid $work/nginx.pid; error_log stderr;
events { worker_connections 512; }
http {
	access_log off; keepalive_timeout 600; keepalive_requests 1000000;
	client_body_temp_path $work/logs/b; proxy_temp_path $work/logs/p; fastcgi_temp_path $work/logs/f;
	uwsgi_temp_path $work/logs/u; scgi_temp_path $work/logs/s;
	server { listen 127.0.0.1:$plain; include $work/locations; }
	$(tls_server "$tls" server http2)
	$(tls_server "$tls1" server)
	$(tls_server "$lasting" lasting http2)
	$(tls_server "$expired" expired http2)
	$(tls_server "$elsewhere" elsewhere http2)
}
END
spawn nginx nginx -p "$work" -e stderr -c "$work/nginx.conf"
nginx_pid=$SPAWNED
await 30 curl -sf --noproxy '*' "http://127.0.0.1:$plain/ok" || { cat "$work/nginx.log"; exit 1; }
http=http://127.0.0.1:$plain https=https://127.0.0.1:$tls

### What answers look like

answers "plain" 200 --save "$work/body" --want X-Used-Weight --want X-None "$http/ok"
check "plain: the body" test "$(cat "$work/body")" = '{"ok":true}'
check "plain: a wanted header" is X-Used-Weight 42
check "plain: a header that is not there" is X-None ""
for each in resolve connect first_byte transfer; do
	check "plain: $each has a time" measured "$each"
done
refute "plain: no TLS, so no time for it" measured tls
check "plain: no certificate" is expiry -1
check "plain: the date can be read" date -d "$(field date)"
in_order() {
	echo "$(field sent) $(field received) $(now_ns)"
	[ "$(field sent)" -gt "$before" ] && [ "$(field received)" -ge "$(field sent)" ] &&
		[ "$(field received)" -lt "$(now_ns)" ]
}
before=$(now_ns)
get "$http/ok"
check "sent, then received, by the wall clock" in_order

for each in 'redirect 302' 'busy 429' 'banned 418' 'broken 503' 'empty 204' 'missing 404'; do
	answers "${each% *}" "${each#* }" "$http/${each% *}"
done
answers "retry" 429 --want retry-after "$http/busy"
check "the name of a header is of any case" is retry-after 17
answers "what is sent" 200 --save "$work/body" --header "X-Key: k1" "$http/echo"
check "what is sent: nothing but what is asked for" test "$(cat "$work/body")" = '[GET][HTTP/1.1][][][k1][get/1][]'
printf 'machine 127.0.0.1 login user password s3cret\n' >"$work/.netrc"
HOME=$work answers "after a cookie, with a .netrc" 200 --repeat 2 --save "$work/body" "$http/cookie" "$http/echo"
check "no cookie, no password is sent" test "$(cat "$work/body")" = '[GET][HTTP/1.1][][][][get/1][]'

### Compression, and limits

answers "gzip" 200 --save "$work/body" --want Content-Encoding "$http/book.json"
check "gzip: it was compressed" is Content-Encoding gzip
check "gzip: the body is as before" cmp "$work/body" "$work/www/book.json"
answers "deflate" 200 --save "$work/body" "$http/deflated"
check "deflate: the body is as before" cmp "$work/body" "$work/www/book.json"
size=$(wc -c <"$work/www/book.json")
answers "a body as large as the limit" 200 --limit "$size" "$http/book.json"
fails "a body larger than the limit" protocol "too large" --limit $((size - 1)) "$http/book.json"
# 64 MiB hold a sanitizer's tables; what is thrown at it is more.
small() { awk -F= '/ resident_kb=/ { exit !($NF < 65536) }' "$work/out"; }
for each in bomb bombs; do
	fails "a zip bomb ($each)" protocol "too large" "$http/$each"
	check "a zip bomb ($each): is not kept" small
done

### TLS and HTTP/2

answers "TLS" 200 --save "$work/body" --ca-file "$ca" "$https/echo"
check "TLS: HTTP/2 is spoken" grep -q 'HTTP/2.0' "$work/body"
check "TLS: the handshake has a time" measured tls
certificate_end() { date -d "$(openssl x509 -noout -enddate -in "$1" | cut -d= -f2)" +%s; }
check "TLS: the certificate's end" is expiry "$(certificate_end "$work/server.crt")"
answers "TLS by name" 200 --ca-file "$ca" "https://localhost:$tls/ok"
answers "TLS, certificate outlives its CA" 200 --ca-file "$ca" "https://127.0.0.1:$lasting/ok"
check "the first of the chain to expire counts" is expiry "$(certificate_end "$ca")"
answers "TLS without HTTP/2" 200 --save "$work/body" --ca-file "$ca" "https://127.0.0.1:$tls1/echo"
check "TLS without HTTP/2: HTTP/1.1 is spoken" grep -q 'HTTP/1.1' "$work/body"
fails "expired certificate" tls "expired" --ca-file "$ca" "https://127.0.0.1:$expired/ok"
fails "certificate for another name" tls "name" --ca-file "$ca" "https://127.0.0.1:$elsewhere/ok"
fails "another CA" tls "certificate" --ca-file "$work/other.crt" "$https/ok"
fails "the system's CAs" tls "certificate" "$https/ok"
fails "TLS to a plain port" tls "speak TLS" --ca-file "$ca" "https://127.0.0.1:$plain/ok"
answers "plain to a TLS port" 400 "http://127.0.0.1:$tls1/ok"
run 1 "$TOOLS/get" --ca-file "$work/none.crt" "$https/ok"
check "no such CA file: says which" grep -qF "none.crt" "$work/err"
printf 'no certificate\n' >"$work/bad.crt"
run 1 "$TOOLS/get" --ca-file "$work/bad.crt" "$https/ok"
check "a CA file without certificates is refused before anything is asked" grep -q "bad.crt': no certificate in it" "$work/err"

### Connections stay open

for each in "$http/ok" "$https/ok" "https://127.0.0.1:$tls1/ok"; do
	answers "kept: $each" 200 --repeat 2 --ca-file "$ca" --want X-Connection "$each"
	check "kept: $each: the first run connects" measured connect 1
	refute "kept: $each: the second has no name to look up" measured resolve 2
	refute "kept: $each: nor to connect" measured connect 2
	refute "kept: $each: nor a handshake" measured tls 2
	check "kept: $each: it waits for the first byte" measured first_byte 2
	check "kept: $each: it is the same connection" is X-Connection "$(field X-Connection 1)" 2
	check "kept: $each: the certificate is still known" is expiry "$(field expiry 1)" 2
done
connections() { sed -nE 's/.* X-Connection="([0-9]+)".*/\1/p' "$work/out" | sort -u | wc -l; }
get --times 40 --connections 200 --ca-file "$ca" --want X-Connection "$https/ok"
check "HTTP/2: 40 answers" test "$(count 'status=200 kind=none')" -eq 40
check "HTTP/2: one connection does" test "$(connections)" -eq 1
# Late answers, so that none can take the connection of another that is done.
peer proxy 127.0.0.1 "$tls1" --delay 60
get --times 6 --connections 64 --ca-file "$ca" --want X-Connection "https://127.0.0.1:$PEER_PORT/ok"
check "TLS without HTTP/2: connections of their own" test "$(connections)" -ge 5
get --times 40 --connections 8 --want X-Connection "$http/ok"
check "HTTP/1.1: 40 answers" test "$(count 'status=200 kind=none')" -eq 40
check "HTTP/1.1: no more connections at once than half of those allowed" test "$(connections)" -le 4
get --times 1000 --connections 64 "$http/ok" "https://127.0.0.1:1/ok"
check "a thousand answers" test "$(count 'status=200 kind=none')" -eq 1000
check "and a thousand failures" test "$(count 'kind=connect')" -eq 1000
resident() { sed -nE "s/^run=$1 took.* resident_kb=//p" "$work/out"; }
# A sanitizer would keep what was freed.
asan_before=${ASAN_OPTIONS:-}
export ASAN_OPTIONS="$asan_before:quarantine_size_mb=0:thread_local_quarantine_size_kb=0"
for each in "$http/ok" "$https/ok"; do
	get --quiet --times 20 --repeat 600 --ca-file "$ca" "$each"
	# 256 kB are 25 bytes a request: what an allocator may do, and no leak of anything.
	check "ten thousand requests more need no more memory ($each)" \
		test "$(resident 600)" -le $(($(resident 100) + 256))
done
ASAN_OPTIONS=$asan_before
get --times 20 --repeat 3 --ca-file "$ca" "https://127.0.0.1:$tls1/ok"
check "TLS without HTTP/2: all are answered" test "$(count 'status=200 kind=none')" -eq 60

### Peers that are no web server, or one that breaks off

closed_port
fails "nobody listens" connect "refused" "http://127.0.0.1:$CLOSED_PORT/"
fails "no such name" resolve "name" "http://no-such-name.invalid/"
peer garbage
fails "garbage" protocol "http" "http://127.0.0.1:$PEER_PORT/"
fails "garbage to TLS" tls "TLS" "https://127.0.0.1:$PEER_PORT/"
peer close
fails "closes at once" protocol "" "http://127.0.0.1:$PEER_PORT/"
fails "closes TLS at once" tls "" "https://127.0.0.1:$PEER_PORT/"
get --times 20 "https://127.0.0.1:$PEER_PORT/"
check "closes TLS at once: each of 20 is told" test "$(count 'kind=tls')" -eq 20
peer reset
fails "resets at once" protocol "" "http://127.0.0.1:$PEER_PORT/"
peer proxy 127.0.0.1 "$plain" --cut-after 100
fails "closes in the headers" protocol "in its headers" "http://127.0.0.1:$PEER_PORT/book.json"
peer proxy 127.0.0.1 "$plain" --cut-after 1000
fails "closes in the body" protocol "" "http://127.0.0.1:$PEER_PORT/book.json"
check "closes in the body: the status is known" is status 200
peer proxy 127.0.0.1 "$tls" --cut-after 2500
fails "closes HTTP/2 in the body" protocol "" --ca-file "$ca" "https://127.0.0.1:$PEER_PORT/book.json"
for each in 'HTTP/1.1 200 OK\r\n\r\n' 'HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n' 'HTTP/1.1 200 OK\r\nX: ' \
	'HTTP/1.1 200 ' 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3fffffff\r\n' ''; do
	peer flood "$each"
	fails "a gigabyte behind '$each'" protocol "" "http://127.0.0.1:$PEER_PORT/"
	check "a gigabyte behind '$each': is not kept" small
done
for each in 'X: y\r\n' '\r\n'; do
	peer drip 0 "HTTP/1.1 100 Continue\r\n$each"
	fails "for ever '$each'" protocol "" "http://127.0.0.1:$PEER_PORT/"
done

### Peers that never answer: one timeout each, and only their own

peer hang
hanging=http://127.0.0.1:$PEER_PORT
what="hangs"
in_time 1500 fails "hangs" timeout "no answer in time" --timeout 1500 "$hanging/"
check "hangs: connecting has a time" measured connect
check "hangs: it was sent" test "$(field sent)" -gt 0
what="TLS hangs"
in_time 1500 fails "TLS hangs" timeout "no TLS connection in time" --timeout 1500 "https://127.0.0.1:$PEER_PORT/"
# The header lasts longer than the timeout.
peer drip 20 'HTTP/1.1 200 OK\r\nX: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n'
what="drips headers"
in_time 1500 fails "drips headers" timeout "did not end" --timeout 1500 "http://127.0.0.1:$PEER_PORT/"
peer proxy 127.0.0.1 "$plain" --delay 500
answers "slow" 200 "http://127.0.0.1:$PEER_PORT/ok"
check "slow: the first byte took two delays" awk -v x="$(field first_byte)" 'BEGIN { exit !(x >= 1) }'
near() { awk -v a="$1" -v b="$2" -v by="$3" 'BEGIN { exit !(a - b <= by && b - a <= by) }'; }
phases_add_up() {
	sum=0
	for each in resolve connect tls first_byte transfer; do
		sum=$(awk -v s="$sum" -v x="$(field "$each")" 'BEGIN { printf "%.6f", s + (x > 0 ? x : 0) }')
	done
	echo "sum $sum, all $(field seconds)"
	near "$sum" "$(field seconds)" 0.5
}
# What curl does between two phases is in none, and a busy machine may take its time there: half of what the delays take.
check "slow: the phases are all there is" phases_add_up
what="100 that hang and 50 that do not"
in_time 4000 get --timeout 4000 --times 50 "$hanging/" "$http/ok" "https://127.0.0.1:${hanging##*:}/"
check "$what: the good ones are answered" test "$(count 'status=200 kind=none')" -eq 50
check "$what: the others time out" test "$(count 'kind=timeout')" -eq 100

# step FIRST...: the runs of a client that waits for its turn before each but the first.
ran() { cp "$work/stepping.log" "$work/out" && grep -q "^run=$1 took" "$work/out"; }
step() {
	echo go >&9
	await 30 ran "$1" || echo "run $1 did not end"
}
mkfifo "$work/steps"
stands() { grep -q '^State:[[:space:]]*T' "/proc/$1/status"; }

# It hangs and comes back: what waited is thrown away, and the next run connects anew.
for each in "http $plain" "https $tls"; do
	peer proxy 127.0.0.1 "${each#* }"
	what="${each% *} comes back"
	exec 9<>"$work/steps"
	spawn stepping "$TOOLS/get" --timeout 3000 --repeat 4 --step "$work/steps" --ca-file "$ca" \
		"${each% *}://127.0.0.1:$PEER_PORT/ok"
	await 30 ran 1
	step 2
	kill -STOP "$PEER_PID"
	await 30 stands "$PEER_PID" || echo "the peer goes on"
	step 3
	kill -CONT "$PEER_PID"
	step 4
	exec 9>&-
	refute "$what: it was kept open" measured connect 2
	check "$what: it hung" is kind timeout 3
	check "$what: it answers again" is status 200 4
	check "$what: by another connection" measured connect 4
	stop "$PEER_PID"
done

# A server that was started again: the open connection is of no use, and nobody is told.
what="started again"
exec 9<>"$work/steps"
spawn stepping "$TOOLS/get" --repeat 2 --step "$work/steps" "$http/ok"
await 30 ran 1
stop "$nginx_pid"
spawn nginx nginx -p "$work" -e stderr -c "$work/nginx.conf"
nginx_pid=$SPAWNED
await 30 curl -sf --noproxy '*' "$http/ok" || cat "$work/nginx.log"
step 2
exec 9>&-
check "$what: no failure" is kind none 2
check "$what: it connects anew" measured connect 2

# One that ends its TLS connections as it should, more than curl tries to send on.
what="ends its connections"
gone() { ! kill -0 "$1" 2>/dev/null; }
set --
for each in 1 2 3 4 5 6 7 8 9 10 11 12; do
	set -- "$@" "https://127.0.0.1:$tls1/ok"
done
exec 9<>"$work/steps"
spawn stepping "$TOOLS/get" --repeat 3 --step "$work/steps" --ca-file "$ca" "$@"
await 30 ran 1
for each in 2 3; do
	worker=$(pgrep -P "$nginx_pid")
	kill -HUP "$nginx_pid"
	await 30 gone "$worker" || echo "nginx keeps its worker"
	step "$each" # the first time it opens one for each request
done
exec 9>&-
check "$what: no failure" test "$(count 'status=200 kind=none')" -eq 36

### A name server that never answers

# In a network of its own, where the only name server is a socket that nobody reads.
cat >"$work/silent.py" <<'END'
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 53))
open(sys.argv[1], "w").close()
time.sleep(600)
END
cat >"$work/silent.sh" <<'END'
work=$1 python=$2 tools=$3
shift 3
ip link set lo up && printf 'nameserver 127.0.0.1\noptions timeout:30\n' >"$work/resolv.conf" || exit 90
mount --bind "$work/resolv.conf" "$(readlink -f /etc/resolv.conf)" || exit 90
"$python" "$work/silent.py" "$work/silent.ready" &
server=$!
"$tools/faulty_peer" reply 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok' >"$work/silent.port" &
peer=$!
while [ ! -e "$work/silent.ready" ] || [ ! -s "$work/silent.port" ]; do
	kill -0 "$server" || exit 90
	sleep 0.05
done
started=$(date +%s%N)
"$tools/get" "$@" "http://127.0.0.1:$(cat "$work/silent.port")/"
status=$?
echo $((($(date +%s%N) - started) / 1000000)) >"$work/silent.took"
kill "$server" "$peer"
exit "$status"
END
if unshare -n -m true 2>"$work/unshare.log"; then
	look_up() {  # look_up MILLISECONDS ARGUMENT...: and a server of the inner network, last
		limit=$(($1 + late_ms))
		shift
		rm -f "$work/silent.ready" "$work/silent.port"
		run 0 unshare -n -m sh "$work/silent.sh" "$work" "$PYTHON" "$TOOLS" "$@"
		check "$what: ends by its timeout ($(cat "$work/silent.took") ms)" test "$(cat "$work/silent.took")" -le "$limit"
	}
	what="silent name server"
	look_up 3000 --timeout 3000 "http://exchange.example.org/" "https://exchange.example.org/"
	check "$what: kind timeout" is kind timeout
	check "$what: says so" says "no answer from the name server"
	check "$what: TLS too" is kind timeout 1 1
	check "$what: the good one is answered" is status 200 1 2
	what="silent name server, 100 names"
	set --
	for each in $(seq 100); do
		set -- "$@" "https://host$each.example.org/"
	done
	look_up 9000 --timeout 3000 --repeat 3 "$@"
	check "$what: all time out, in each run" test "$(count 'kind=timeout')" -eq 300
	check "$what: the good one is answered" test "$(count 'status=200 kind=none')" -eq 3
else
	skip "a name server that never answers" "needs root and network namespaces"
fi

### Requests that make no sense

fails "another protocol" local "http://" "ftp://127.0.0.1/"
fails "a file" local "http://" "file:///etc/passwd"
fails "a password in the URL" local "password" "http://user:s3cret@127.0.0.1:$plain/ok"
refute "a password in the URL: is not repeated" grep -q s3cret "$work/out"
fails "no host" local "host" "http:///ok"
fails "a URL with a line break" local "URL" "$http/ok
X: y"
fails "a header with a line break" local "header" --header "X: y
Z: z" "$http/ok"

finish
