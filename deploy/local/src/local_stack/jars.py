"""Kafka's own jars, fetched once by their Maven coordinates and held to their SHA-256 in `kafka.jars`."""

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from jgo.maven import Artifact, MavenContext

from local_stack.errors import LocalStackError

FETCHERS = 8
ATTEMPTS = 3


class Jar(NamedTuple):
    """One line of `kafka.jars`."""

    group: str
    artifact: str
    version: str
    sha256: str


def cache_folder() -> Path:
    """LOCAL_STACK_CACHE, else `.data/cache` of the checkout this runs from, else the user's cache."""
    if chosen := os.environ.get("LOCAL_STACK_CACHE"):
        return Path(chosen)
    checkout = Path(__file__).parents[4]
    if (checkout / "deploy" / "local").is_dir():
        return checkout / ".data" / "cache"
    return Path.home() / ".cache" / "assessment-bridge"


def listed() -> list[Jar]:
    """What the broker needs to run, and no more (Kafka's own dependency tree is twice as long)."""
    lines = files("local_stack").joinpath("kafka.jars").read_text().splitlines()
    return [Jar(*line.replace(" ", ":").split(":")) for line in lines]


def fetched(cache: Path, *, say: Callable[[str], None]) -> list[Path]:
    """The class path; complete and checked, whoever else is fetching into the same cache at this moment."""
    context = MavenContext(repo_cache=cache / "maven", local_repos=[])
    jars = listed()
    with _alone(cache):
        if not all(_path(_artifact(context, jar)).exists() for jar in jars):
            say("fetching Kafka (42 MB, this first time only)")
        with ThreadPoolExecutor(FETCHERS) as pool:
            return list(pool.map(lambda jar: fetch(context, jar), jars))


@contextmanager
def _alone(cache: Path) -> Iterator[None]:
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _artifact(context: MavenContext, jar: Jar) -> Artifact:
    return context.project(jar.group, jar.artifact).at_version(jar.version).artifact()


def _path(artifact: Artifact) -> Path:
    path = artifact.cached_path
    if path is None:
        raise LocalStackError("the jar cache has no folder")
    return path


def fetch(context: MavenContext, jar: Jar) -> Path:
    """One jar that has the expected SHA-256; LocalStackError when it cannot be had."""
    artifact = _artifact(context, jar)
    path, cause = _path(artifact), ""
    for _ in range(ATTEMPTS):
        try:
            artifact.resolve()
        except Exception as error:
            cause = str(error)
        if path.exists():
            found = hashlib.sha256(path.read_bytes()).hexdigest()
            if found == jar.sha256:
                return path
            cause = cause or f"its SHA-256 is {found}"
        path.unlink(missing_ok=True)  # half a download of an interrupted run, or not what was asked for
    raise LocalStackError(f"cannot fetch {jar.artifact} {jar.version}: {cause}")
