#!/usr/bin/python3
"""What every service of the stack has to be, by the merged model: model.py < the output of `compose config --format json`.

Prints one line for each thing that is not so.
"""

import json
import re
import sys

# Each exception has its reason beside it in the compose file.
ROOT = {"setup", "targets-exporters", "targets-scale", "logs-secrets", "cadvisor", "filebeat"}
WRITABLE = {"elasticsearch", "logstash", "kibana"}
CAPABLE = {"filebeat": ["DAC_READ_SEARCH"], "logs-secrets": ["CHOWN"], "setup": ["CHOWN", "DAC_READ_SEARCH"]}
ONE_SHOT = {"setup", "targets-exporters", "targets-scale", "logs-secrets", "logs-setup"}
SECRET = re.compile(r"(PASSWORD|SECRET|TOKEN|KEY)$")


def findings(name, service):
    if not service.get("user") or (service["user"].split(":")[0] == "0") != (name in ROOT):
        yield "runs as %r" % service.get("user")
    if bool(service.get("read_only")) == (name in WRITABLE):
        yield "its root file system: read_only is %s" % service.get("read_only")
    if service.get("cap_drop") != ["ALL"]:
        yield "does not drop all capabilities"
    allowed = CAPABLE.get(name, [])
    if sorted(service.get("cap_add") or []) != allowed:
        yield "adds the capabilities %s" % service.get("cap_add")
    if service.get("privileged") or "no-new-privileges:true" not in service.get("security_opt", []):
        yield "may gain privileges"
    for limit in "mem_limit", "cpus", "pids_limit":
        if not service.get(limit):
            yield "has no " + limit
    if service.get("memswap_limit") != service.get("mem_limit"):
        yield "may swap: memswap_limit is %s" % service.get("memswap_limit")
    if "max-size" not in service.get("logging", {}).get("options", {}):
        yield "has logs without a limit"
    if not re.fullmatch(r"[a-z0-9./_-]+:v?[0-9][\w.-]*|arbwatch:[\w.-]+", service.get("image", "")):
        yield "has an image that is not pinned: %s" % service.get("image")
    if service.get("restart") != ("no" if name in ONE_SHOT else "unless-stopped"):
        yield "restart is %s" % service.get("restart")
    ours = service.get("image", "").startswith("arbwatch:")  # the image has a check of its own
    if ours and service.get("pull_policy") != "never":
        yield "would be looked for in a registry, and `up` fail where it is not built yet"
    if not ours and "test" not in service.get("healthcheck", {}):
        yield "has no health check"
    if ours and name not in ONE_SHOT and service.get("healthcheck", {}).get("disable"):
        yield "has its health check off"
    for port in service.get("ports", []):
        if port.get("host_ip") != "127.0.0.1":
            yield "publishes %s on %s" % (port.get("target"), port.get("host_ip", "every address"))
    if service.get("network_mode", "none") != "none":
        yield "is in the network of %s" % service["network_mode"]
    for variable, value in (service.get("environment") or {}).items():
        if SECRET.search(variable) and value:
            yield "has a secret in its environment: %s" % variable
    for volume in service.get("volumes", []):
        if volume["type"] == "bind" and not volume.get("read_only"):
            yield "may write to %s of the machine" % volume["source"]
        if "/run/secrets" in volume["target"] and not volume.get("read_only"):
            yield "may write to its secrets"


def main():
    model = json.load(sys.stdin)
    for name, service in sorted(model["services"].items()):
        for finding in findings(name, service):
            print("%s: %s" % (name, finding))


main()
