#!/bin/sh
# install-dependencies.sh SET...: install the Debian packages a task needs, where
# they are missing.  Sets: build, run, test, lint, bench, e2e, bare.
#
# With nothing missing it says nothing and needs neither root nor network.
# Servers that come with the packages are not started, neither now nor at the next
# boot: make run and the tests want the programs, not a Redis on its default port.

set -eu

# The number of the Debian release; none for testing and unstable, which are newer than all.
release_of() { sed -n 's/^VERSION_ID="\{0,1\}\([0-9]*\).*/\1/p' "$1" | grep . || echo 99; }

packages_of() {
	case $1 in
	build) echo gcc libc6-dev make pkgconf git libhiredis-dev libpq-dev libyaml-dev libssl-dev ca-certificates libcurl4-openssl-dev \
		libjansson-dev libmicrohttpd-dev libgnutls28-dev zlib1g-dev libcrypt-dev libsqlite3-dev ;;
	run) echo curl redis-server redis-tools postgresql prometheus prometheus-alertmanager prometheus-node-exporter \
		util-linux ;;
	test)
		packages_of run
		echo check iproute2 jq nginx openssl pgbouncer procps python3 python3-prometheus-client python3-psycopg2 python3-yaml wrk \
			prometheus-postgres-exporter prometheus-redis-exporter
		echo python3-psycopg python3-redis # the example bot
		echo sqlite3 python3-aiosmtpd e2fsprogs # a look into the relay's outbox, a mail server, a disk to fill
		echo tzdata libfaketime                 # time zones, another time
		echo chromium fonts-dejavu-core python3-jsonschema # the status page in a browser, JSON by its schema
		echo python3-celery python3-rq ruby-sidekiq # they fill the queues that queue_depth reads
		# Any Node.js will do: it runs ccxt and others, which judge the paper exchange and the paper chat.
		command -v npm >/dev/null || echo nodejs npm
		;;
	lint)
		echo clang clang-format clang-tidy cppcheck groff-base libclang-rt-dev shellcheck
		packages_of test # the linters read the headers of check too
		;;
	bench)
		packages_of test
		echo hyperfine prometheus-blackbox-exporter
		;;
	e2e)
		# From Debian 13 on, the engine's client and Compose are packages of their own; on 12, e2e takes
		# Compose from 13, because the one of 12 does not know include.
		echo docker.io debootstrap python3
		[ "$(release_of /etc/os-release)" -lt 13 ] || echo docker-cli docker-compose
		;;
	bare) echo curl debootstrap git util-linux ;;
	*)
		echo "install-dependencies.sh: no set '$1' (build, run, test, lint, bench, e2e or bare)" >&2
		exit 2
		;;
	esac
}

# Those of the arguments that are not installed, one per line.
missing_of() {
	present=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
		sed -n 's/^installed //p')
	printf '%s\n' "$@" | sort -u | while read -r package; do
		printf '%s\n' "$present" | grep -qxF -- "$package" || printf '%s\n' "$package"
	done
}

policy=/usr/sbin/policy-rc.d
clusters=/etc/postgresql-common/createcluster.conf
made_policy='' kept_clusters='' enabled_before=''

# Both files are only for the time of the installation.  An installation that fails may have enabled services, too.
restore() {
	trap - EXIT
	[ -z "$made_policy" ] || rm -f "$policy"
	[ -z "$kept_clusters" ] || mv "$kept_clusters" "$clusters"
	disable_new_servers
}

forbid_starting_servers() {
	[ ! -e "$policy" ] || return 0
	made_policy=yes
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
}

# A cluster made by the package would start at the next boot.
forbid_default_cluster() {
	kept=$clusters.arbwatch
	cp -p "$clusters" "$kept"
	kept_clusters=$kept
	echo 'create_main_cluster = false' >>"$clusters"
}

# The packages whose services Debian would start at every boot.
servers='redis-server postgresql-common pgbouncer nginx-common prometheus prometheus-node-exporter prometheus-alertmanager
	prometheus-blackbox-exporter prometheus-postgres-exporter prometheus-redis-exporter docker.io containerd'

# What starts at the next boot: the names of units, one per line.
enabled_units() { find /etc/systemd/system -path '*.wants/*' 2>/dev/null | sed 's|.*/||' | sort -u; }

# Without systemd, links of System V's kind are what update-rc.d knows of.
disable_unit() {
	if command -v systemctl >/dev/null; then
		systemctl --quiet disable "$1"
	else
		rm -f /etc/systemd/system/*.wants/"$1"
		[ ! -e "/etc/init.d/${1%.*}" ] || update-rc.d "${1%.*}" disable
	fi
}

# A unit that was enabled before is the operator's own.
disable_new_servers() {
	# shellcheck disable=SC2086 # words are meant
	off=$(dpkg-query -L $servers 2>/dev/null | sed -nE 's#.*/systemd/system/([^/@]*\.(service|socket))$#\1#p' | sort -u |
		while read -r unit; do
			printf '%s\n' "$enabled_before" | grep -qxF -- "$unit" && continue
			enabled_units | grep -qxF -- "$unit" || continue
			if disable_unit "$unit" >&2; then printf '%s ' "$unit"; fi
		done)
	[ -z "$off" ] || cat >&2 <<-END
		install-dependencies.sh: these services stay off, at the next boot too: ${off% }
		To use one of them: systemctl enable --now NAME
	END
}

apt_install() {
	DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -q -y --no-install-recommends \
		-o DPkg::Lock::Timeout=300 "$@" </dev/null
}

[ $# -gt 0 ] || {
	echo "usage: install-dependencies.sh SET... (build, run, test, lint, bench, e2e, bare)" >&2
	exit 2
}
wanted=''
for task in "$@"; do
	names=$(packages_of "$task") || exit 2
	wanted="$wanted $names"
done
command -v dpkg-query >/dev/null || {
	echo "install-dependencies.sh: not Debian; needed is what these packages of it hold:$wanted" >&2
	exit 1
}
# shellcheck disable=SC2086 # words are meant
missing=$(missing_of $wanted | tr '\n' ' ')
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
	cat >&2 <<-END
		install-dependencies.sh: these packages are missing: ${missing% }
		Only root can install them. Run this, or the same without sudo as root:
		  sudo packaging/install-dependencies.sh $*
		It leaves the services among them off, now and at the next boot.
	END
	exit 1
fi
echo "installing: ${missing% }" >&2
enabled_before=$(enabled_units)
trap restore EXIT
trap 'exit 1' INT TERM HUP
forbid_starting_servers
apt-get update -q -o DPkg::Lock::Timeout=300 </dev/null
case " $missing" in
*' postgresql '*)
	apt_install postgresql-common
	forbid_default_cluster
	;;
esac
# shellcheck disable=SC2086 # words are meant
apt_install $missing
