"""Validates Kubernetes manifests against the schemas of Kubernetes, and PodMonitors
against the Prometheus operator's definition of them, strictly: an unknown key is
an error. Usage: kubernetes.py DIRECTORY CACHE"""

import json
import os
import pathlib
import subprocess
import sys

import jsonschema
import kubernetes_validate
import yaml

OPERATOR = "github.com/prometheus-operator/prometheus-operator@v0.85.0"
DEFINITION = "example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml"


def pod_monitor_schema(cache):
    """The operator's schema, made strict; None where the Go module cannot be had."""
    try:
        environment = dict(os.environ, GOFLAGS="-mod=mod", GOMODCACHE=str(cache / "go"))
        found = subprocess.run(
            ["go", "mod", "download", "-json", OPERATOR],
            capture_output=True, check=True, env=environment, cwd=cache, timeout=300,
        )
    except (OSError, subprocess.SubprocessError) as error:
        error = getattr(error, "stdout", None) or error
        print(f"SKIP: tests/deploy: the PodMonitor is not read: {error}")
        return None
    definition = pathlib.Path(json.loads(found.stdout)["Dir"], DEFINITION)
    schema = yaml.safe_load(definition.read_text())["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    # What every object has, and the definition leaves open.
    schema["properties"]["metadata"] = {
        "properties": {"name": {"type": "string"}, "labels": {"type": "object"}},
        "required": ["name"],
        "type": "object",
    }
    close(schema)
    return schema


def close(schema):
    if isinstance(schema, dict):
        if "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
            schema.setdefault("additionalProperties", False)
        for part in schema.values():
            close(part)
    elif isinstance(schema, list):
        for part in schema:
            close(part)


def main():
    directory, cache = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    monitors = pod_monitor_schema(cache)
    faults = objects = 0
    for file in sorted(directory.glob("*.yaml")):
        for manifest in yaml.safe_load_all(file.read_text()):
            objects += 1
            try:
                if manifest["kind"] != "PodMonitor":
                    kubernetes_validate.validate(manifest, "1.34", strict=True)
                elif monitors:
                    jsonschema.validate(manifest, monitors)
            except (kubernetes_validate.ValidationError, jsonschema.ValidationError) as error:
                faults += 1
                place = ".".join(str(part) for part in error.path)
                print(f"{file}: {manifest['kind']}: {place}: {error.message}")
    print(f"{objects} objects, {faults} faults")
    sys.exit(1 if faults or not objects else 0)


main()
