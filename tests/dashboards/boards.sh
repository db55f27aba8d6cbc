#!/bin/sh
# The dashboards as they lie there: their JSON keeps the rules, and the check of that finds what is broken on purpose.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

dashboards=$repository/tests/dashboards/dashboards.py

check "the JSON keeps the rules" "$PYTHON" "$dashboards" --rules "$BUILD/redis_latency" "$BUILD/postgres_latency" \
	"$BUILD/exchange_health" "$BUILD/open_positions" "$BUILD/preflight" \
	"$BUILD/engine_state" "$BUILD/trading_kpis" "$BUILD/queue_depth"

# The oracle can fail: it finds what is broken on purpose in a copy.  A line: what it is, a script of sed, the board, what
# the oracle says of it.
cat >"$work/broken" <<'END'
two boards of one uid|s/"uid": "arbwatch-exchanges"/"uid": "arbwatch-overview"/|exchanges|uids are unique
a metric that nobody writes|s/arbitrage_redis_up/arbitrage_redis_upp/g|overview|arbitrage_redis_upp exists
a label that a metric does not have|s/env=\\"$env\\", exchange=/env=\\"$env\\", venue=/g|exchanges|has a label venue
an expression that does not parse|s/histogram_quantile(0.95, /histogram_quantile(0.95 /|overview|every expression parses
a counter that is no rate|s/increase(\(arbitrage_collector_failures_total[^[]*\)\[[^]]*\]/(\1/|system_health|is a rate
a count of preflight over a time that is not said why|s/"title": "Runs of 24 h"/"title": "Runs"/|preflight|target-rate-interval
a verdict that is too good|s,) / 100),) / 1000),|overview|what preflight said
exchanges that are not chosen and count|s/exchange=~\\"$exchange.\\"/exchange=~\\".*\\"/|overview|what preflight said
an old verdict that looks new|s/\* 0 + 3600/* 0 + 86400/|preflight|what preflight said
a bar without a name|s/__field.labels.check/x/|preflight|a single bar has its name
panels that overlap|0,/"y": 11/s//"y": 10/|overview|overlaps nothing
a panel that does not say why it is empty|s/"noValue": "N[^"]*"/"noValue": ""/|positions|says why it is empty
a timeline of numbers|s/"mode": "palette-classic"/"mode": "thresholds"/|exchanges|a timeline shows words
a legend of means|s/"max"$/"mean"/|exchanges|the legend has last
failures in blue|s/"fixedColor": "red"/"fixedColor": "blue"/|exchanges|stacked, in red
good news in red|s/"color": "green"/"color": "red"/|preflight|good news is not red
two rows of links|s/"asDropdown": true/"asDropdown": false/|overview|links to the others
a data source in the header|s/"hide": 2/"hide": 0/|services|one datasource
a link that forgets the time|s/&${__url_time_range}//|overview|keeps the time
a status page on this machine alone|s,"url": "${status_page}","url": "http://127.0.0.1:9109/",|overview|one machine
restarts that are not annotated|s/"name": "Restarts"/"name": "x"/|positions|restarts are annotated
a verdict NO that is not annotated|s/"expr": "changes(arbwatch.* and \(arbwatch:verdict.*\)"/"expr": "\1"/|preflight|is never 0
no values in green|s/"#5f6b7a"/"green"/|overview|nothing known is not green
an empty table without words|s/"groupBy"/"reduce"/|positions|an empty table shows its words
weeks|s/"unit": "suffix: days"/"unit": "s"/|exchanges|days are called days
an event after a gap|s/"expr": "max by (check)/"expr": "up unless up offset 1h or max by (check)/|preflight|a gap makes no event
a fixed line beside a limit|s/"mode": "off"/"mode": "dashed"/|services|no fixed line where there is a limit
a limit not drawn|s/arbwatch:limit:exchange_error_ratio/arbwatch:limit:http_error_ratio/g|exchanges|draws its limit exchange_error_ratio
a limit of every env|s/seconds{env=\\"$env\\", exchange/seconds{exchange/|exchanges|its limits are of one env
a line for each exchange at one limit|s/ or on () max by (exchange)/ or max by (exchange)/|exchanges|the boards draw limits and list alerts
an alert that only might fire|s/alertstate=\\"firing\\"/alertstate!=\\"\\"/|overview|the boards draw limits and list alerts
incidents of another env|s/\(incident_begin_timestamp_seconds{\)env=~\\"[^"]*", /\1/|overview|the boards draw limits and list alerts
a limit that is no dashed line|s/"fill": "dash"/"fill": "solid"/|positions|its limits are dashed lines
alerts of another env|s/\(severity=\\"P.\\"\), env=~\\"[^"]*"/\1/|system_health|the begin of P0 and P1
a table that the history does not have|s/FROM arbwatch_history.alert_event/&s/|alerts|alert_events is a table of the history
a history of every env|s/ AND env IN ('$env', 'all', '')//|alerts|of one env, or of all
a history without an end|s/\\nLIMIT 25"/"/|alerts|a list has an end
a query that writes|s/"SELECT\\n  service/"DELETE\\n  service/|alerts|only reads
a link to nowhere|s,/d/arbwatch-positions,/d/arbwatch-position,|overview|a link leads to
END
check "it finds what is broken on purpose" "$PYTHON" "$dashboards" --broken "$work/broken" "$BUILD/redis_latency" \
	"$BUILD/postgres_latency" "$BUILD/exchange_health" "$BUILD/open_positions" "$BUILD/preflight" \
	"$BUILD/engine_state" "$BUILD/trading_kpis" "$BUILD/queue_depth"
finish
