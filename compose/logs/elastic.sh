#!/bin/sh
# elastic.sh: once Elasticsearch is up: the password of Kibana's user, a user for Logstash that may write our lines and
# nothing else, and when lines are deleted.  Passwords are in no argument.

set -eu
secrets=/run/secrets/logs

# request METHOD PATH: the body from standard input.
request() {
	printf 'user = "elastic:%s"\n' "$(cat $secrets/elastic_password)" >/tmp/login
	curl -sS --fail-with-body --max-time 30 --retry 5 --retry-connrefused -K /tmp/login -X "$1" \
		-H 'Content-Type: application/json' --data-binary @- "http://elasticsearch:9200$2" >/tmp/answer || {
		echo "logs-setup: $1 $2: $(cat /tmp/answer)" >&2
		exit 1
	}
	echo "logs-setup: $1 $2"
}

umask 077
request POST /_security/user/kibana_system/_password <<EOF
{"password": "$(cat $secrets/kibana_password)"}
EOF
request PUT /_security/role/arbwatch_writer <<EOF
{"cluster": ["monitor"], "indices": [{"names": ["logs-arbwatch-*"], "privileges": ["auto_configure", "create_doc"]}]}
EOF
request PUT /_security/user/arbwatch_writer <<EOF
{"password": "$(cat $secrets/logstash_password)", "roles": ["arbwatch_writer"]}
EOF
request PUT /_index_template/logs-arbwatch <<EOF
{
  "index_patterns": ["logs-arbwatch-*"],
  "data_stream": {},
  "priority": 200,
  "template": {
    "lifecycle": {"data_retention": "${ARBWATCH_LOG_RETENTION:-14d}"},
    "settings": {"number_of_replicas": 0},
    "mappings": {
      "properties": {
        "@timestamp": {"type": "date"},
        "message": {"type": "text"},
        "text": {"type": "text"},
        "level": {"type": "keyword"},
        "collector": {"type": "keyword"},
        "target": {"type": "keyword"},
        "exchange": {"type": "keyword"},
        "kind": {"type": "keyword"},
        "stream": {"type": "keyword"},
        "container": {"properties": {"name": {"type": "keyword"}}},
        "arbwatch": {"type": "flattened"}
      }
    }
  }
}
EOF
