"""Base of SmartRecruiters' wire models: the only place with camelCase."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Wire(BaseModel):
    """Fields beyond SmartRecruiters' documents are kept as they came, never refused."""

    model_config = ConfigDict(
        frozen=True, extra="allow", alias_generator=to_camel, validate_by_name=True, validate_by_alias=True
    )

    def to_json(self) -> bytes:
        """Returns the body as SmartRecruiters expects it: camelCase, what was never set left out."""
        return self.model_dump_json(by_alias=True, exclude_unset=True).encode()
