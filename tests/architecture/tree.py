"""The repository as the architecture's tests see it."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SERVICES = ("gateway", "credentials", "orders", "results_publisher")
SOURCES = {
    "contracts": ROOT / "libs/contracts/src/contracts",
    "runtime": ROOT / "libs/runtime/src/runtime",
    "gateway": ROOT / "services/gateway/src/gateway",
    "credentials": ROOT / "services/credentials/src/credentials",
    "orders": ROOT / "services/orders/src/orders",
    "results_publisher": ROOT / "services/results-publisher/src/results_publisher",
    "sandbox": ROOT / "sandbox/src/sandbox",
    "reference_engine": ROOT / "engines/reference/src/reference_engine",
    "local_stack": ROOT / "deploy/local/src/local_stack",
}


def source_files(*packages: str) -> list[Path]:
    """Every module of the packages, of all without names."""
    return sorted(path for name in packages or SOURCES for path in SOURCES[name].rglob("*.py"))


def modules_of_tests() -> list[Path]:
    """Every module under tests."""
    return sorted((ROOT / "tests").rglob("*.py"))


def module_name(path: Path) -> str:
    """Returns the name a module of a package is imported by."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    parts = parts[parts.index("src") + 1 :]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree(path: Path) -> ast.Module:
    """Returns a module's syntax tree."""
    return ast.parse(path.read_text(), str(path))


def place(path: Path, line: int = 1) -> str:
    """Returns where something is, as an editor opens it."""
    return f"{path.relative_to(ROOT)}:{line}"


def imported(path: Path) -> set[str]:
    """Returns the top-level names a module imports, inside functions too."""
    names: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def dotted(node: ast.AST) -> str:
    """Returns `a.b.c` for such an expression, and an empty text for any other."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return ""
