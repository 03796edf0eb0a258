"""How SmartRecruiters says that something is wrong; ours carry the same member."""

from contracts.smartrecruiters.wire import Wire


class WireError(Wire):
    """One fault."""

    code: str
    message: str


class ErrorAnswer(Wire):
    """`{"errors":[{"code","message"}],"message"}`."""

    errors: tuple[WireError, ...] = ()
    message: str | None = None
