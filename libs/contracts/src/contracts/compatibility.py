"""Whether a schema may replace the one published under the same version.

Producers and consumers are upgraded one by one, so an old one must understand a new one and the other way
round. That leaves one change: a new property nobody has to send. All else is a new version beside the old.
"""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

# Words for people, and what a reader puts in where nothing came.
_ANNOTATIONS = {"$schema", "$id", "$defs", "title", "description", "examples", "default", "deprecated"}


def breakages(old: Schema, new: Schema) -> list[str]:
    """Returns what in `new` breaks those who hold to `old`, each with its path; empty when nothing does."""
    return list(_Comparison(old, new).compare(old, new, "data"))


class _Comparison:
    def __init__(self, old: Schema, new: Schema) -> None:
        self._old_definitions = old.get("$defs", {})
        self._new_definitions = new.get("$defs", {})
        self._met: set[tuple[str, str]] = set()

    def compare(self, old: Any, new: Any, path: str) -> Iterator[str]:
        names = (_reference(old), _reference(new))
        if all(names):
            if names in self._met:  # the same pair was compared elsewhere, or a model contains itself
                return
            self._met.add(names)
        old, new = self._resolved(old, self._old_definitions), self._resolved(new, self._new_definitions)
        if not isinstance(old, dict) or not isinstance(new, dict):
            if old != new:
                yield f"{path}: {old!r} became {new!r}"
            return
        yield from self._properties(old, new, path)
        for word in sorted((old.keys() | new.keys()) - _ANNOTATIONS - {"properties", "required"}):
            yield from self._word(word, old.get(word), new.get(word), path)

    def _properties(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name in before:
            if name not in after:
                yield f"{path}.{name}: removed"
            else:
                yield from self.compare(before[name], after[name], f"{path}.{name}")
        required, demanded = set(old.get("required", ())), set(new.get("required", ()))
        for name in sorted(demanded - required):
            yield f"{path}.{name}: became required, old producers do not send it"
        for name in sorted((required - demanded) & after.keys()):
            yield f"{path}.{name}: no longer required, old consumers rely on it"

    def _word(self, word: str, old: Any, new: Any, path: str) -> Iterator[str]:
        match old, new:
            case list(), list() if word in {"anyOf", "oneOf", "allOf", "prefixItems"}:
                if len(old) != len(new):
                    yield f"{path}: {word} has {len(new)} choices instead of {len(old)}"
                    return
                for number, (one, other) in enumerate(zip(old, new, strict=True)):
                    yield from self.compare(one, other, f"{path}[{number}]")
            case dict(), dict():
                yield from self.compare(old, new, f"{path}[{word}]")
            case _ if _unordered(old) != _unordered(new):
                yield f"{path}: {word} was {old!r} and is {new!r}"

    @staticmethod
    def _resolved(schema: Any, definitions: Schema) -> Any:
        name = _reference(schema)
        return definitions[name] if name else schema


def _reference(schema: Any) -> str:
    pointer = schema.get("$ref", "") if isinstance(schema, dict) else ""
    return str(pointer).removeprefix("#/$defs/")


def _unordered(value: Any) -> Any:
    return sorted(map(repr, value)) if isinstance(value, list) else value
