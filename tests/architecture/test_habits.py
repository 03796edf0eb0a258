"""House rules that no linter knows."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.tree import ROOT, dotted, modules_of_tests, place, source_files, tree

FILE_LINES = 300
FUNCTION_LINES = 50

# What it takes to wait for a process or a page lives here, with a deadline; tests call it.
WAITING = ROOT / "tests/support"
SKIPS = {
    "pytest.importorskip",
    "pytest.mark.skip",
    "pytest.mark.skipif",
    "pytest.mark.xfail",
    "pytest.skip",
    "pytest.xfail",
}


def everything() -> list[Path]:
    return [*source_files(), *modules_of_tests()]


def classes(path: Path) -> Iterator[ast.ClassDef]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.ClassDef))


def test_a_file_fits_the_head() -> None:
    lengths = {place(path): len(path.read_text().splitlines()) for path in everything()}
    assert {name: lines for name, lines in lengths.items() if lines > FILE_LINES} == {}


def test_a_function_fits_the_screen() -> None:
    long = [
        f"{place(path, node.lineno)} {node.name}: {(node.end_lineno or 0) - node.lineno + 1}"
        for path in everything()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_LINES
    ]
    assert long == []


def test_a_module_says_what_it_is() -> None:
    """A test's name says it already."""
    silent = [
        place(path)
        for path in everything()
        if not path.name.startswith(("test_", "conftest")) and not ast.get_docstring(tree(path))
    ]
    assert silent == []


def test_a_public_class_says_what_it_guarantees() -> None:
    silent = [
        f"{place(path, node.lineno)} {node.name}"
        for path in source_files()
        for node in classes(path)
        if not node.name.startswith("_") and not ast.get_docstring(node)
    ]
    assert silent == []


def test_no_test_sleeps() -> None:
    """`asyncio.sleep(0)` is no sleep: it lets others run."""
    sleeping = [
        place(path, node.lineno)
        for path in modules_of_tests()
        if WAITING not in path.parents
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and dotted(node.func) in {"time.sleep", "asyncio.sleep", "sleep"}
        and not (node.args and isinstance(node.args[0], ast.Constant) and node.args[0].value == 0)
    ]
    assert sleeping == []


def test_no_test_is_skipped() -> None:
    skipped = [
        f"{place(path, node.lineno)} {dotted(node)}"
        for path in modules_of_tests()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and dotted(node) in SKIPS
    ]
    assert skipped == []


def test_nothing_is_mocked() -> None:
    """What a mock answers is what its author believes; the real thing is a fixture away."""
    mocking = [
        place(path, node.lineno)
        for path in modules_of_tests()
        for node in ast.walk(tree(path))
        if (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in {"mock", "pytest_mock"})
        or (isinstance(node, ast.ImportFrom) and node.module == "unittest.mock")
        or (isinstance(node, ast.ImportFrom) and node.module == "unittest" and "mock" in _names(node))
        or (isinstance(node, ast.Import) and {"mock", "unittest.mock"} & set(_names(node)))
    ]
    assert mocking == []


def _names(node: ast.Import | ast.ImportFrom) -> list[str]:
    return [alias.name for alias in node.names]


def test_json_of_kafka_is_read_by_the_codec_alone() -> None:
    """A kafka room that parses by itself would take what breaks the contract."""
    parsing = [
        place(path, node.lineno)
        for path in source_files()
        if "kafka" in path.relative_to(ROOT).parts
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and dotted(node.func) in {"json.loads", "json.load"}
    ]
    assert parsing == []


CLIENTS = {
    "aiohttp.ClientSession",
    "aiohttp.request",
    "ClientSession",
    "httpx.AsyncClient",
    "httpx.Client",
    "AsyncClient",
    "AsyncOAuth2Client",
    "HTTPConnection",
    "HTTPSConnection",
    "urlopen",
    "urllib.request.urlopen",
    "urllib.request.build_opener",
    "PyJWKClient",
    "jwt.PyJWKClient",
    "socket.create_connection",
    "asyncio.open_connection",
}
VERBS = {"get", "post", "put", "patch", "delete", "head", "request", "stream"}


def test_no_client_is_made_outside_the_fence() -> None:
    """`runtime.http.outgoing` makes them all; what runs beside the product is no part of it."""
    made = [
        f"{place(path, node.lineno)} {dotted(node.func)}"
        for path in source_files("runtime", "gateway", "credentials", "orders", "results_publisher")
        if path.parts[-2:] != ("http", "outgoing.py")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and (
            dotted(node.func) in CLIENTS
            or dotted(node.func) in {f"httpx.{verb}" for verb in VERBS}
            or dotted(node.func).split(".")[0] in {"requests", "urllib3", "httpcore"}
        )
    ]
    assert made == []


def test_the_domain_has_no_clock_and_no_dice() -> None:
    """Time and randomness are passed in."""
    guilty = [
        f"{place(path, node.lineno)} {dotted(node.func)}"
        for path in source_files()
        if "domain" in path.parts
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and dotted(node.func).startswith(
            (
                "datetime.now",
                "date.today",
                "time.",
                "random.",
                "secrets.",
                "os.urandom",
                "uuid4",
                "uuid.uuid4",
            )
        )
    ]
    assert guilty == []
