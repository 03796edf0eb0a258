"""More processes of a service than the stack starts by itself."""

from local_stack.ports import free

from tests.e2e.support.world import World
from tests.support.processes import Process


def replica(world: World, module: str, *ports: str, **settings: str) -> tuple[Process, list[int]]:
    """Another `python -m <module>` in the stack's environment, with these port settings its own.

    The last port is the internal one. Its log is among the stack's. Other settings of its own may be given.
    """
    chosen = [free() for _ in ports]
    own = dict(zip(ports, map(str, chosen), strict=True))
    log = world.stack.logs / f"{module}-{chosen[-1]}.log"
    ready = f"http://127.0.0.1:{chosen[-1]}/health/ready"
    process = Process(
        ["-m", module],
        env=dict(world.stack.environment_of(module.replace("_", "-"))) | settings | own,
        log=log,
        ready_url=ready,
    )
    return process, chosen
