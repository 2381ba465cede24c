"""The container files hold together, as far as that can be seen without an engine that runs them."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

yaml: Any = import_module("yaml")  # it ships no types

ROOT = Path(__file__).parents[3]
GUIDE = ROOT / "docs" / "guides" / "qdrant.md"
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def compose(name: str) -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    return parsed


SINGLE, CLUSTER = compose("docker-compose.yml"), compose("docker-compose.cluster.yml")
SERVICES = {**SINGLE["services"], **{name: CLUSTER["services"][name] for name in ("qdrant-2", "qdrant-3")}}
NODES = {name: CLUSTER["services"][name] for name in ("qdrant", "qdrant-2", "qdrant-3")}
HEALTH = [
    SINGLE["services"]["qdrant"]["healthcheck"],
    *(NODES[name]["healthcheck"] for name in ("qdrant-2", "qdrant-3")),
]


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_is_pinned(name: str) -> None:
    _, _, tag = SERVICES[name]["image"].partition(":")
    assert tag == "local" if "build" in SERVICES[name] else re.match(r"v?\d+\.\d+\.\d+", tag)


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_open_to_this_machine_alone(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert port.startswith("127.0.0.1:")


@pytest.mark.parametrize("name", ["qdrant", "redis", "qdrant-2", "qdrant-3"])
def test_services_come_back_say_how_they_are_and_keep_their_data(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["deploy"]["resources"]["limits"]["memory"]
    assert service["volumes"]


@pytest.mark.parametrize("file", [SINGLE, CLUSTER], ids=["single", "cluster"])
def test_every_named_volume_is_declared_and_used(file: dict[str, Any]) -> None:
    mounts = [mount for service in file["services"].values() for mount in service.get("volumes", [])]
    assert {mount.split(":")[0] for mount in mounts if isinstance(mount, str)} == set(file["volumes"])


def test_toolweaver_starts_only_if_asked_for_and_finds_qdrant() -> None:
    toolweaver = SINGLE["services"]["toolweaver"]
    assert toolweaver["profiles"] == ["toolweaver"]
    assert toolweaver["stdin_open"] is True
    assert toolweaver["environment"]["TOOLWEAVER_INDEX__URL"] == "http://qdrant:6333"
    assert toolweaver["depends_on"]["qdrant"]["condition"] == "service_healthy"


def test_the_cluster_is_of_three_nodes_that_know_each_other_and_share_nothing() -> None:
    addresses = {name: node["command"][node["command"].index("--uri") + 1] for name, node in NODES.items()}
    assert addresses == {name: f"http://{name}:6335" for name in NODES}
    for name in ("qdrant-2", "qdrant-3"):
        command = NODES[name]["command"]
        assert command[command.index("--bootstrap") + 1] == addresses["qdrant"]
        assert NODES[name]["image"] == SINGLE["services"]["qdrant"]["image"]
    assert "--bootstrap" not in NODES["qdrant"]["command"]
    assert all(node["environment"]["QDRANT__CLUSTER__ENABLED"] == "true" for node in NODES.values())
    assert len({mount for node in NODES.values() for mount in node["volumes"]}) == 3


@contextmanager
def answering(status: int) -> Generator[int]:
    """Serve ``/readyz`` with a status on a port of this machine, as Qdrant does."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/readyz" else 404)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def health(check: dict[str, Any], port: int) -> int:
    """Run a health check as the container engine would, against another port; return its exit status."""
    command = [part.replace("$$", "$").replace("6333", str(port)) for part in check["test"][1:]]
    return subprocess.run(command, capture_output=True, timeout=10, check=False).returncode


@pytest.mark.parametrize("check", HEALTH, ids=["single", "second", "third"])
def test_the_health_check_goes_by_what_qdrant_says(check: dict[str, Any]) -> None:
    with answering(200) as port:
        assert health(check, port) == 0
    with answering(503) as starting:
        assert health(check, starting) != 0
    assert health(check, port) != 0


def test_the_image_is_built_from_pinned_parts_and_runs_without_rights() -> None:
    assert re.search(r"^ARG PYTHON=python:3\.\d+\.\d+-slim", DOCKERFILE, re.MULTILINE)
    assert re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE) == ["toolweaver"]
    assert "--constraint constraints.txt" in DOCKERFILE
    assert re.search(r'^ENTRYPOINT \["toolweaver"\]\nCMD \["serve"\]', DOCKERFILE, re.MULTILINE)


def test_the_image_sees_what_it_copies_and_nothing_else() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    names = {name for line in copied for name in line.split()}
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {line[1:] for line in ignore if line.startswith("!")} == names
    assert "*" in ignore
    assert all((ROOT / name).exists() for name in names)


def test_the_manifest_in_the_guide_runs_the_same_qdrant_on_three_nodes() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    objects = {each["kind"]: each for block in blocks for each in yaml.safe_load_all(block) if "kind" in each}
    stateful = objects["StatefulSet"]["spec"]
    [container] = stateful["template"]["spec"]["containers"]
    assert container["image"] == SINGLE["services"]["qdrant"]["image"]
    assert stateful["replicas"] == 3
    assert stateful["serviceName"] in {
        each["metadata"]["name"]
        for block in blocks
        for each in yaml.safe_load_all(block)
        if each.get("kind") == "Service"
    }
    labels = stateful["template"]["metadata"]["labels"]
    assert stateful["selector"]["matchLabels"] == labels
