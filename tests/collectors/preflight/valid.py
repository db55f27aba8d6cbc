"""valid.py SCHEMA EVIDENCE: whether preflight's evidence is valid, and its numbers are those of its checks."""
import json
import sys
from datetime import datetime

import jsonschema

with open(sys.argv[1]) as file:
    schema = json.load(file)
with open(sys.argv[2]) as file:
    run = json.load(file)
jsonschema.Draft202012Validator.check_schema(schema)
jsonschema.Draft202012Validator(schema).validate(run)
began, ended = (datetime.strptime(run[key], "%Y-%m-%dT%H:%M:%S.%f%z") for key in ("started_at", "finished_at"))
assert abs((ended - began).total_seconds() - run["duration_seconds"]) < 0.01
assert abs((datetime.now(ended.tzinfo) - ended).total_seconds()) < 60
for status in ("pass", "warn", "fail", "skip"):
    assert run["counts"][status] == sum(each["status"] == status for each in run["checks"])
assert run["counts"]["total"] == len(run["checks"])
