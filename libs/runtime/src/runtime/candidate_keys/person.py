"""What is sealed: the candidate's own fields, and what SmartRecruiters sent beyond its documents."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts.events.order import Candidate
from pydantic import ValidationError
from pydantic_core import from_json, to_json

from runtime.candidate_keys.errors import Unreadable

_UNKNOWN = "unknown_fields"


@dataclass(frozen=True, slots=True)
class Person:
    """A candidate, opened. Lives in memory alone."""

    candidate: Candidate
    unknown_fields: Mapping[str, Any] = field(default_factory=dict)

    def to_plain(self) -> bytes:
        """Returns what is sealed."""
        return plain(self.candidate.model_dump(exclude={"sealed"}), self.unknown_fields)

    @classmethod
    def of_plain(cls, opened: bytes) -> "Person":
        """Returns the person in what was opened. Raises Unreadable."""
        try:
            fields = from_json(opened)
            candidate = Candidate.model_validate(fields)
        except (ValueError, ValidationError) as error:
            raise Unreadable("what was sealed is no candidate") from error
        unknown = fields.get(_UNKNOWN, {})
        return cls(candidate, unknown if isinstance(unknown, dict) else {})


def plain(candidate: Mapping[str, Any], unknown_fields: Mapping[str, Any]) -> bytes:
    """Returns the JSON that is sealed: the fields there are, unknown ones under `unknown_fields`."""
    fields = {name: value for name, value in candidate.items() if value is not None}
    if unknown_fields:
        fields[_UNKNOWN] = unknown_fields
    return to_json(fields, inf_nan_mode="null")
