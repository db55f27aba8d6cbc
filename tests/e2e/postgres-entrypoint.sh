#!/bin/sh
# What the published image of PostgreSQL does at its start, as far as the stack relies on it: a new cluster with the
# password from a file, a database, and the scripts of /docker-entrypoint-initdb.d, before anybody can connect by TCP.

set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
	mkdir -p "$PGDATA"
	chmod 700 "$PGDATA"
	# shellcheck disable=SC2086 # words are meant
	initdb -D "$PGDATA" -U "$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" ${POSTGRES_INITDB_ARGS-}
	echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
	echo "listen_addresses = '*'" >>"$PGDATA/postgresql.conf"
	pg_ctl -D "$PGDATA" -o "-c listen_addresses=''" -w start
	PGPASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
	export PGPASSWORD
	psql -X -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d postgres -c "CREATE DATABASE \"$POSTGRES_DB\""
	for script in /docker-entrypoint-initdb.d/*; do
		case $script in
		*.sql) psql -X -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" -f "$script" ;;
		*.sh) sh "$script" ;;
		esac
	done
	unset PGPASSWORD
	pg_ctl -D "$PGDATA" -m fast -w stop
fi
exec "$@"
