"""Unpacks a ConfigMap as a pod would see it and has `trestle check` read it.
Usage: configuration.py MANIFEST TRESTLE"""

import pathlib
import subprocess
import sys
import tempfile

import yaml

MOUNT = "/etc/trestle"
files = yaml.safe_load(pathlib.Path(sys.argv[1]).read_text())["data"]
with tempfile.TemporaryDirectory() as directory:
    for name, text in files.items():
        pathlib.Path(directory, name).write_text(text.replace(MOUNT, directory))
    configuration = str(pathlib.Path(directory, "trestle.yaml"))
    sys.exit(subprocess.run([sys.argv[2], "check", "--config", configuration], check=False).returncode)
