"""What each container may, and may not."""

from collections.abc import Iterator

from tests.containers.engine import Failed, docker, inspect
from tests.containers.stack import SERVICES, ComposeStack

PROGRAMS = (*SERVICES, "sandbox", "reference-engine")
FORBIDDEN_TOOLS = ("cc", "gcc", "g++", "clang", "make", "ld")


def prove(stack: ComposeStack) -> Iterator[str]:
    """Yields what was seen; AssertionError names the container that may too much."""
    secrets = [path.read_text() for path in (stack.folder / ".secrets").iterdir()]
    for service in PROGRAMS:
        (container,) = stack.containers(service)
        known = inspect(container)
        host, config = known["HostConfig"], known["Config"]
        assert config["User"] not in {"", "0", "root"}, service
        assert host["ReadonlyRootfs"], service
        assert host["CapDrop"] == ["ALL"], service
        assert "no-new-privileges:true" in host["SecurityOpt"], service
        assert host["Memory"] > 0, service
        assert host["NanoCpus"] > 0, service
        assert host["RestartPolicy"]["Name"] == "unless-stopped", service
        assert not [1 for each in config["Env"] for secret in secrets if secret in each], service
        _has_no_compiler(service, config["Image"])
        _cannot_write(service, container)
    yield f"{', '.join(PROGRAMS)}: no root, nothing to write to, no capability, no compiler, no secret in env"


def _cannot_write(service: str, container: str) -> None:
    for place in ("/", "/opt/own", "/opt/bridge", "/usr/bin"):
        try:
            _ = docker("exec", container, "sh", "-c", f"echo > {place}/x")
        except Failed:
            continue
        raise AssertionError(f"{service} can write to {place}")


def _has_no_compiler(service: str, image: str) -> None:
    search = f"for tool in {' '.join(FORBIDDEN_TOOLS)}; do command -v $tool; done; true"
    found = docker("run", "--rm", "--entrypoint", "sh", image, "-c", search)
    assert not found, f"{service}: {found}"


def health_tells_live_from_ready(stack: ComposeStack) -> Iterator[str]:
    """PostgreSQL stopped: the programs live on, are not ready, and are not started again for it."""
    (orders,) = stack.containers("orders")
    before = inspect(orders)["State"]["StartedAt"]
    _ = stack.compose("stop", "postgres")
    try:
        said = stack.until_said("orders", "9082", "live, not ready")
    finally:
        _ = stack.compose("start", "postgres")
    stack.wait_ready("postgres", *SERVICES)
    assert inspect(orders)["State"]["StartedAt"] == before
    yield f"PostgreSQL stopped: orders said '{said.strip()[:100]}', and went on when it was back"
