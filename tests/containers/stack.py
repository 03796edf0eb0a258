"""The stack of docker-compose.yml, with the hands of `local_stack.stack.Stack` as far as tests use them."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event
from time import monotonic
from types import SimpleNamespace

from local_stack import ports
from local_stack.flow import Sides

from tests.containers.engine import ROOT, Failed, Json, docker, inspect, kill_from_outside

PROJECT = "assessment-bridge-proof"
FILES = ("docker-compose.yml", "tests/containers/compose.yaml")
SERVICES = ("gateway", "credentials", "orders", "orders-insights", "results-publisher")
LASTING = ("kafka", "postgres", *SERVICES, "sandbox", "reference-engine")
READY_WITHIN = 120.0
LOOK_EVERY = 0.25

# As in production, only sooner: a lease and a retry that a test can wait for.
SOONER = (
    "RESULTS_PUBLISHER_LEASE=3",
    "RESULTS_PUBLISHER_RETRY_SCHEDULE=1s,2s,4s,8s,16s,30s,1m,10m,1h",
)


class ComposeStack:
    """One compose project with ports and secrets of its own, beside whatever else runs on the machine."""

    logs = "docker compose logs"

    def __init__(self, folder: Path) -> None:
        names = ("GATEWAY_PORT", "CONSOLE_PORT", "KAFKA_PORT", "SANDBOX_PORT", "REFERENCE_ENGINE_PORT")
        free = ports.Ports.free()
        chosen = dict(zip(names, vars(free).values(), strict=False))
        postgres = free.local_postgres
        given = [f"{name}={port}" for name, port in chosen.items()]
        made = [
            str(ROOT / "deploy/compose/make-env"),
            "--to",
            str(folder),
            *given,
            f"POSTGRES_PORT={postgres}",
            *SOONER,
        ]
        _ = subprocess.run([sys.executable, *made], check=True, capture_output=True)  # noqa: S603 - ours
        self.folder = folder
        secrets = folder / ".secrets"
        self.environment = {"AUTOPILOT": "false", "REFERENCE_ENGINE_AUTOPILOT": "true"}
        self.urls = Sides(
            sandbox=f"http://sandbox.localhost:{chosen['SANDBOX_PORT']}",
            engine=f"http://reference-engine.localhost:{chosen['REFERENCE_ENGINE_PORT']}",
        )
        self.keys = {"administrator_password": (secrets / "administrator_password").read_text()}
        self.kafka = SimpleNamespace(bootstrap_servers=f"127.0.0.1:{chosen['KAFKA_PORT']}")
        inside = (secrets / "database_url").read_text()
        self.database_url = inside.replace("@postgres:5432", f"@127.0.0.1:{postgres}")
        self._env_file = folder / ".env"
        self._looked = 0.0

    def compose(self, *arguments: str, within: float = 300.0, typed: str = "") -> str:
        """`docker compose` with this project's files; what it printed, or Failed."""
        files = [part for name in FILES for part in ("-f", name)]
        project = ["-p", PROJECT, "--env-file", str(self._env_file), "--profile", "sandbox"]
        command = ["compose", "--ansi=never", *files, *project, *arguments]
        return docker(*command, within=within, environment=self.environment, typed=typed)

    def up(self, *arguments: str) -> None:
        """Everything is up, and ready."""
        _ = self.compose("up", "-d", *arguments, within=600.0)
        self.wait_ready(*LASTING)

    def containers(self, service: str) -> list[str]:
        """The ids of a service's containers, running or not."""
        return self.compose("ps", "-a", "-q", service).split()

    def wait_ready(self, *services: str) -> None:
        """Until every replica of them is healthy."""
        deadline = monotonic() + READY_WITHIN
        for container in (each for service in services for each in self.containers(service)):
            while _health(known := inspect(container)) != "healthy":
                if monotonic() > deadline:
                    said = json.dumps(known["State"], indent=1)[-1500:]
                    raise Failed(f"{known['Name']} is not ready within {READY_WITHIN:.0f} s: {said}")
                Event().wait(LOOK_EVERY)

    def kill(self, service: str) -> None:
        """SIGKILL to every replica, from outside."""
        kill_from_outside(self.containers(service))

    def restart(self, service: str) -> None:
        """Nobody starts it: Docker does, by its restart policy; back means ready."""
        self.wait_ready(service)

    def restart_orderly(self, services: Sequence[str]) -> None:
        """Told to stop, given the time to, ended with 0, and started again."""
        _ = self.compose("stop", *services)
        codes = self.exit_codes(services)
        assert set(codes.values()) == {0}, f"ended otherwise than with 0: {codes}"
        _ = self.compose("start", *services)
        self.wait_ready(*services)

    def autopilot(self, *, on: bool) -> None:
        """Whether the engine's tests finish by themselves."""
        self.environment["AUTOPILOT"] = str(on).lower()
        _ = self.compose("up", "-d", "--no-deps", "reference-engine")
        self.wait_ready("reference-engine")

    def walked(self) -> str:
        """What the workflow container told that came up with the rest; Failed when a step did not work."""
        (container,) = self.containers("workflow")
        code = docker("wait", container, within=180.0).strip()
        said = docker("logs", container)
        if code != "0":
            raise Failed(f"the workflow ended with {code}:\n{said}")
        return said

    def scale(self, replicas: Mapping[str, int]) -> None:
        """So many of each; gateways get as many ports of this machine."""
        first = ports.free()
        self.environment["GATEWAY_PUBLISH"] = f"127.0.0.1:{first}-{first + 9}"
        wanted = [f"--scale={service}={count}" for service, count in replicas.items()]
        _ = self.compose("up", "-d", "--no-deps", *wanted, *replicas)
        self.wait_ready(*replicas)

    def exit_codes(self, services: Sequence[str]) -> dict[str, int]:
        """Of each container of these services."""
        known = [inspect(container) for service in services for container in self.containers(service)]
        return {each["Name"]: int(each["State"]["ExitCode"]) for each in known}

    def walk(self) -> str:
        """The workflow once, in a container of its own; what it told, or Failed."""
        return self.compose("run", "--rm", "-T", "--no-deps", "workflow", within=180.0)

    def bridge(self, *arguments: str, typed: str = "") -> str:
        """Run `bridge` as an operator does."""
        return self.compose("run", "--rm", "-T", "--no-deps", "bridge", *arguments, typed=typed)

    def metrics(self, service: str, port: int) -> list[str]:
        """What each replica counted."""
        ask = (
            f"import urllib.request as r; print(r.urlopen('http://127.0.0.1:{port}/metrics').read().decode())"
        )
        return [docker("exec", container, "python", "-c", ask) for container in self.containers(service)]

    def until_said(self, service: str, port: str, wanted: str) -> str:
        """The health probe's words, once they begin like this."""
        (container,), deadline = self.containers(service), monotonic() + READY_WITHIN
        probe = f"python /opt/probe.py {port} || true"
        while not (said := docker("exec", container, "sh", "-c", probe)).startswith(wanted):
            assert monotonic() < deadline, f"{service} never said '{wanted}' but '{said}'"
            Event().wait(LOOK_EVERY)
        return said

    def child(self, _: str) -> "ComposeStack":
        """Docker looks after each part, so there is one to ask for all."""
        return self

    def check(self) -> None:
        """Fails when a part is away for good; asked often, it looks every two seconds."""
        if monotonic() - self._looked < 2.0:
            return
        self._looked = monotonic()
        wanted = [f"--filter=label=com.docker.compose.project={PROJECT}", "--filter=status=exited"]
        ended = docker("ps", "-a", *wanted, "--format", '{{.Label "com.docker.compose.service"}}').split()
        assert not set(ended) & set(LASTING), f"ended, and not started again: {ended}"

    def last_words(self, services: Sequence[str] = LASTING, lines: int = 15) -> str:
        """The last lines of each container."""
        return self.compose("logs", "--tail", str(lines), *services)

    def down(self) -> None:
        """Nothing of it is left, whatever was left of it by an earlier run."""
        _ = self.compose("down", "--volumes", "--remove-orphans", "--timeout", "5")


def _health(known: Json) -> str:
    state = known["State"]
    return str(state["Health"]["Status"]) if state["Running"] else str(state["Status"])
