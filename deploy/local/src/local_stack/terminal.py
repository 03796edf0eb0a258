"""What a person at the terminal reads; colour only on a terminal."""

import os
import sys
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local_stack.stack import Stack

BOLD, GREEN, RED, DIM, PLAIN = "\x1b[1m", "\x1b[32m", "\x1b[31m", "\x1b[2m", "\x1b[0m"


def _coloured(text: str, *codes: str) -> str:
    if not sys.stdout.isatty() or "NO_COLOR" in os.environ:
        return text
    return "".join(codes) + text + PLAIN


def _print(text: str = "") -> None:
    print(text, flush=True)  # noqa: T201 - this is the program's voice


def step(text: str) -> None:
    """One thing that is being done."""
    _print(_coloured(f"· {text}", DIM))


def failure(text: str) -> None:
    """The one clear line of a run that did not work."""
    print(_coloured(f"FAILED  {text}", RED, BOLD), file=sys.stderr, flush=True)  # noqa: T201


class Teller:
    """Tells the workflow: a heading per section of SPEC, a line per exchange, the time each section took."""

    def __init__(self) -> None:
        self._since = monotonic()
        self._sections: list[tuple[str, float]] = []

    def section(self, number: str, title: str) -> None:
        """A new section of SPEC begins."""
        self._since = monotonic()
        _print()
        _print(_coloured(f"SPEC {number}  {title}", BOLD))

    def said(self, who: str, what: str) -> None:
        """One exchange: who did what."""
        _print(f"  {who:<15} {what}")

    def detail(self, text: str) -> None:
        """What was sent or answered."""
        _print(_coloured(f"  {'':<15} {text}", DIM))

    def done(self, text: str) -> None:
        """A section's outcome."""
        took = monotonic() - self._since
        self._sections.append((text, took))
        _print(_coloured(f"  {'ok':<15} {text} ({took:.1f} s)", GREEN))

    def summary(self) -> None:
        """All outcomes, once more."""
        _print()
        _print(_coloured("The whole workflow worked:", BOLD))
        for text, took in self._sections:
            _print(f"  ok  {text} ({took:.1f} s)")


def addresses(stack: "Stack", *, administrator: str) -> None:
    """Where to look now."""
    urls = stack.urls
    _print()
    for what, where in (
        ("SmartRecruiters' side", f"{urls.sandbox} (every call: {urls.sandbox}/traffic)"),
        ("support console", f"{urls.orders}/console"),
        ("  its password", f"console_token in {stack.data / 'secrets.json'}, with any user name"),
        ("consent page's sign-in", f"{administrator}, administrator_password in the same file"),
        ("gateway", f"{urls.gateway}/.well-known/oauth-authorization-server"),
        ("Kafka", stack.kafka.bootstrap_servers),
        ("logs", str(stack.logs)),
    ):
        _print(f"  {what:<23} {where}")
    _print()
    _print("It stays up until Ctrl-C.")
