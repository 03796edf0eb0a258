"""Checks of JSON values against SPEC, apart from our own wire models: neither hides the other's mistake.

A check appends what is wrong to a list, each with its place (`assessmentResults[0].score.raw: …`).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

Check = Callable[[Any, str, list[str]], None]

_INT64 = 2**63
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)")


def problems_of(check: Check, value: Any) -> list[str]:
    """Returns everything that is wrong; empty when the value keeps its shape."""
    problems: list[str] = []
    check(value, "", problems)
    return problems


def text(value: Any, at: str, problems: list[str]) -> None:
    """A string."""
    if not isinstance(value, str):
        problems.append(f"{at}: must be a string")


def filled(value: Any, at: str, problems: list[str]) -> None:
    """A string with something in it."""
    if not isinstance(value, str) or not value.strip():
        problems.append(f"{at}: must be a string that is not empty")


def url(value: Any, at: str, problems: list[str]) -> None:
    """An absolute http or https URL."""
    if not is_url(value):
        problems.append(f"{at}: must be an absolute http or https URL")


def optional_url(value: Any, at: str, problems: list[str]) -> None:
    """A URL, or empty where the feature is not supported (SPEC §1.2)."""
    if value not in {None, ""}:
        url(value, at, problems)


def is_url(value: Any) -> bool:
    """Whether the value is an absolute http or https URL."""
    if not isinstance(value, str) or not value.startswith(("https://", "http://")):
        return False
    try:
        return bool(urlsplit(value).hostname) and not any(character.isspace() for character in value)
    except ValueError:
        return False


def date_time(value: Any, at: str, problems: list[str]) -> None:
    """A date and time with its offset, as in SPEC §5.1."""
    if isinstance(value, str) and _DATE_TIME.fullmatch(value):
        try:
            datetime.fromisoformat(value)
        except ValueError:
            pass
        else:
            return
    problems.append(f"{at}: must be a date and time with its offset, like 2020-08-28T20:36:28.618Z")


def int64(value: Any, at: str, problems: list[str]) -> None:
    """An integer, not 1.0 and not true."""
    if type(value) is not int or not -_INT64 <= value < _INT64:
        problems.append(f"{at}: must be an integer of 64 bits")


def one_of(*names: str) -> Check:
    """One of the names, spelt exactly so."""

    def check(value: Any, at: str, problems: list[str]) -> None:
        if not isinstance(value, str) or value not in names:
            problems.append(f"{at}: must be one of {', '.join(names)}")

    return check


def array(item: Check, *, least: int = 0, most: int | None = None) -> Check:
    """An array of `least` to `most` items."""

    def check(value: Any, at: str, problems: list[str]) -> None:
        if not isinstance(value, list):
            problems.append(f"{at or 'the whole'}: must be an array")
            return
        if len(value) < least or (most is not None and len(value) > most):
            limits = f"at least {least}" if most is None else f"{least} to {most}"
            problems.append(f"{at}: must have {limits} items")
        for index, element in enumerate(value):
            item(element, f"{at}[{index}]", problems)

    return check


def record(
    required: Mapping[str, Check],
    optional: Mapping[str, Check] | None = None,
    *,
    also: Sequence[Check] = (),
    closed: bool = True,
) -> Check:
    """An object; a `closed` one has no other members. `also` are checked once the members are right."""
    members = {**required, **(optional or {})}

    def check(value: Any, at: str, problems: list[str]) -> None:
        if not isinstance(value, dict):
            problems.append(f"{at or 'the whole'}: must be an object")
            return
        before = len(problems)
        prefix = f"{at}." if at else ""
        problems.extend(f"{prefix}{name}: is required" for name in required if name not in value)
        for name, member in value.items():
            if name in members:
                members[name](member, prefix + name, problems)
            elif closed:
                problems.append(f"{prefix}{name}: is not a field of this call")
        if len(problems) == before:
            for further in also:
                further(value, at, problems)

    return check
