# shellcheck shell=sh
# What the scenarios of the relay's history share, besides lib.sh: a store in $store, a history in PostgreSQL.

store=$work/store
mkdir "$store"

# history COMMAND...: tests/tools/relay_history with the store and the last cluster started; output in $work/out, log in $work/err.
history() { run 0 "$TOOLS/relay_history" "$store" "$dsn" "$@"; }

# start_history [NAME=VALUE...]: a fresh cluster, whose connection string is in $dsn.
start_history() {
	start_postgres "$@"
	dsn="postgresql://arbwatch:s3cret-arbwatch@127.0.0.1:$POSTGRES_PORT/postgres"
}

answered() {  # answered LINE...: these lines are the output
	printf '%s\n' "$@" | diff - "$work/out"
}
says() { grep -qF -- "$1" "$work/out" "$work/err"; }
is() {  # is VALUE SQL: the whole answer
	is_answer=$(sql "$2")
	echo "wanted '$1', and found '$is_answer'"
	[ "$is_answer" = "$1" ]
}
