"""The commands of docs/certificates.md, as somebody would copy them: against a device, in the order of the page."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pki
import pytest
import roots
from cert_requests import GARAGE
from page_server import HOST, PASSWORD, serving, told

ROOT = Path(__file__).resolve().parent.parent.parent
GUIDE = (ROOT / "docs" / "certificates.md").read_text("utf-8")
PROGRAMS = ("curl ", "openssl ", "printf ")


def commands():
    """Every line that is a command, as it stands there; who reads on makes the authority before it is uploaded."""
    lines = [line[4:] for line in GUIDE.splitlines() if line.startswith("    ")]
    found = [line for line in lines if line.startswith(PROGRAMS)]
    return sorted(found, key=lambda line: "req -x509" not in line)


@pytest.fixture
def shell(tmp_path):
    """Runs a line of the guide in a folder of its own, where `openssl` and `roots.bin` are what they are here."""
    folder = tmp_path / "user"
    (folder / "build").mkdir(parents=True)
    bundle = roots.bundle(pki.Authority("Public CA").pem, "20261101")
    (folder / "build" / "roots.bin").write_bytes(bundle)
    (folder / "bin").mkdir()
    openssl = folder / "bin" / "openssl"
    openssl.write_text(f'#!/bin/sh\nexec {ROOT}/tools/peer openssl "$@"\n')
    openssl.chmod(0o755)
    path = (
        f"{folder}/bin:{os.environ['PATH']}" if not shutil.which("openssl") else os.environ["PATH"]
    )

    def run(line, port):
        line = line.replace("http://wican.local", f"http://{HOST}:{port}")
        line = line.replace("curl -u admin ", f"curl -sS --max-time 20 -u admin:{PASSWORD} ")
        done = subprocess.run(
            ["sh", "-c", line],
            cwd=folder,
            env=dict(os.environ, PATH=path),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, (line, done.stderr)
        return done.stdout

    run.folder = folder
    return run


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl on this machine")
def test_every_command_of_the_guide_does_what_it_says(shell, tmp_path):
    answers = {}
    with serving(root=tmp_path) as port:
        for line in commands():
            said = shell(line, port)
            if line.startswith("curl "):
                answers[re.sub(r".*/api/v1/(\S+)$", r"\1", line), "-F cert" in line] = said
                document = json.loads(said)
                assert isinstance(document, dict), (line, said)
            if "csr" in said and line.startswith("curl "):
                (shell.folder / "device.csr").write_text(json.loads(said)["csr"])
        status, garage = told(port, GARAGE)
    assert json.loads(answers["certificates/default", False])["date"] == "2026-11-01"
    assert json.loads(answers["certificates/garage", False])["client"] is None
    assert status == 200 and garage["client"][0]["subject"] == "van-7"
    assert garage["has_key"] and not garage["pending"] and garage["problem"] is None
    assert len(answers) == 5, "the guide has other commands than are looked at here"
