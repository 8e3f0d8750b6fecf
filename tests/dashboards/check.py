"""What deploy/ has for Prometheus, Grafana and Compose holds together: panels ask
for what can be asked, of metrics that the demo shows, and files that are mounted
are there. Prometheus's own files are promtool's to check."""

import itertools
import json
import os
import pathlib
import re
import subprocess
import sys
import urllib.request

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "exporters"))
from peers import Failed, call, demo, until

import yaml

DEPLOY = ROOT / "deploy"
MACROS = {"$__rate_interval": "5m", "$job": ".*", "$instance": ".*", "$route": ".*"}
# Those that are there only once something went wrong, and Prometheus's own.
NOT_SHOWN = {"up"}


def promtool(*arguments, folder):
    done = subprocess.run([os.environ["PROMTOOL"], *arguments], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"promtool {' '.join(arguments)}:\n{done.stdout}{done.stderr}")


def dashboard():
    """The dashboard's queries."""
    board = json.loads((DEPLOY / "grafana/dashboards/trestle.json").read_text())
    panels = board["panels"]
    ids = [panel["id"] for panel in panels]
    if len(set(ids)) != len(ids):
        raise Failed(f"the dashboard has two panels of one id: {ids}")
    for one, other in itertools.combinations([panel["gridPos"] | {"title": panel["title"]} for panel in panels], 2):
        apart = any(
            one[start] + one[length] <= other[start] or other[start] + other[length] <= one[start]
            for start, length in [("x", "w"), ("y", "h")]
        )
        if not apart:
            raise Failed(f"the panels {one['title']} and {other['title']} overlap")
    return [target["expr"] for panel in panels for target in panel.get("targets", [])]


def plain(query):
    for macro, value in MACROS.items():
        query = query.replace(macro, value)
    if "$" in query:
        raise Failed(f"an unknown variable in {query}")
    return query


def check_queries(queries, folder):
    """That each is one of PromQL: as rules, promtool reads them."""
    rules = [{"record": f"panel:query:{number}", "expr": plain(query)} for number, query in enumerate(queries)]
    path = folder / "panels.yaml"
    path.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    promtool("check", "rules", str(path), folder=folder)


def rule_queries():
    for name in ["rules.yaml", "alerts.yaml"]:
        document = yaml.safe_load((DEPLOY / "prometheus" / name).read_text())
        for group in document["groups"]:
            yield from (rule["expr"] for rule in group["rules"])


def named(query):
    """The metrics that a query reads, but for those that rules record."""
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\b(by|on|without)\s*\([^)]*\)', lambda found: "{" if found[0][0] == "{" else " ", query)
    return {word for word in re.findall(r"[a-z_][a-z0-9_:]*(?=\s*[\{\[]|$|\s)", bare) if "_" in word and ":" not in word} - {"histogram_quantile"}


def shown():
    """The metrics that the demo shows after a call, gateway and backend."""
    with demo(OTEL_TRACES_EXPORTER="console", OTEL_BSP_SCHEDULE_DELAY="100") as (gateway, admins):
        call(gateway)

        def names():
            texts = [urllib.request.urlopen(f"{admin}/metrics", timeout=10).read().decode() for admin in admins]
            found = {line.split("{")[0].split(" ")[0] for text in texts for line in text.splitlines() if line and line[0] != "#"}
            return found if "grpc_server_call_duration_seconds_count" in found else None

        return until("the call is counted", names)


def check_metrics(queries):
    there = shown()
    missing = {name for query in queries for name in named(plain(query))} - there - NOT_SHOWN
    if missing:
        raise Failed(f"the demo shows no {', '.join(sorted(missing))}")


def check_compose():
    path = DEPLOY / "compose/compose.yaml"
    services = yaml.safe_load(path.read_text())["services"]
    for name, service in services.items():
        for other in service.get("depends_on", []):
            if other not in services:
                raise Failed(f"{name} depends on {other}, which is no service")
        for volume in service.get("volumes", []):
            source = path.parent / volume.split(":")[0]
            if not source.exists():
                raise Failed(f"{name} mounts {source}, which is not there")
        for port in service.get("ports", []):
            if not port.startswith("127.0.0.1:"):
                raise Failed(f"{name} opens {port} to the world")
    text = "".join(file.read_text() for file in [path, *DEPLOY.glob("collector/*"), *DEPLOY.glob("prometheus/prom*"), *DEPLOY.glob("grafana/provisioning/*/*")])
    for host in re.findall(r"(?:http://|targets: \[\"|endpoint: )([a-z]+):\d+", text):
        if host not in services and host != "localhost":
            raise Failed(f"`{host}` is no service of the compose file")


def main():
    folder = pathlib.Path(sys.argv[1])
    try:
        prometheus = DEPLOY / "prometheus"
        promtool("check", "config", "prometheus.yaml", folder=prometheus)
        promtool("test", "rules", "tests.yaml", folder=prometheus)
        check_queries(dashboard(), folder)
        check_compose()
        for file in DEPLOY.glob("grafana/provisioning/*/*.yaml"):
            yaml.safe_load(file.read_text())
        check_metrics([*dashboard(), *rule_queries()])
    except Failed as failed:
        sys.exit(f"FAILED: {failed}")
    print(f"rules, alerts, and {len(dashboard())} queries of the dashboard hold")


if __name__ == "__main__":
    main()
