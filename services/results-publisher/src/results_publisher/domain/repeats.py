"""What an error of SmartRecruiters repeats of ours is taken out before anybody keeps it.

The error is read word by word, its escapes undone. A word goes when it stands in the free text that was sent.
What says what is wrong stays: names of fields, values of enumerations, the ids, dates and numbers that were
sent as such, the plain words errors are made of, and numbers too short to be anybody's.
"""

import html
import json
import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any, Self
from urllib.parse import unquote

from contracts.smartrecruiters import (
    ErrorAnswer,
    ResultPatch,
    WireAssessmentResult,
    WireAttachment,
    WireError,
    WireScore,
)
from contracts.types import AttachmentType, ResultStatus

# Names like INVALID_FORMAT are one word: parts of them stand in any text.
_WORD = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[^\W_]+")
_MODELS = (ErrorAnswer, ResultPatch, WireAssessmentResult, WireAttachment, WireError, WireScore)
_FIELDS = {field.alias or name for model in _MODELS for name, field in model.model_fields.items()}
_TYPED = {"assessmentDate", "assessmentId", "assessmentPackageDate", "status", "submissionDate", "type"}
_PLAIN = set(
    _WORD.findall("""
    a above after all allowed already an and any are array as at attachment authorization be been before
    below between blank boolean but by bytes callback can candidate cannot character characters closed
    code company conflict contain contains content could create created date dates denied detail details
    did do does doesn don duplicate each either empty error errors exceed exceeds exist exists expected
    expired failed field fields file filename files for forbidden form format found from given greater
    has have header host http https id if in inline instead integer invalid is isn it its json large
    larger least length less limit list long longer malformed match matches max maximum may media message
    method min minimum missing more most multipart must no none not null number object of on one only or
    order orders out part past patch path permission permissions permitted point position post property
    range read reason received redacted reference refused rejected request required result results return
    s scope score server service should size small smaller string t text than that the there this
    timestamp to token too type unauthorized unexpected unknown unprocessable unsupported update url
    valid value values was were when with without wrong you your
    """)
)
_KNOWN = _FIELDS | _PLAIN | set(ResultStatus) | set(AttachmentType) | {"PATCH", "POST"}
_HARMLESS_DIGITS = 3

_CUT = "[redacted]"
_CUTS = re.compile(r"\[redacted\](?:[\W_]*?\[redacted\])+")
_ESCAPED_UNIT = re.compile(r"\\+(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))")
_ESCAPED_SPACE = re.compile(r"\\+[bfnrt]")
_ESCAPED_SIGN = re.compile(r"\\+(?=[\"'/])")
_LAYERS = 4


class Sent:
    """What a call sent, as far as an error may repeat it.

    `free` is what people and engines wrote, `typed` what SmartRecruiters prescribes, `in_file` says whether a
    word stands in a file that was sent.
    """

    def __init__(
        self,
        free: Iterable[str],
        typed: Iterable[str] = (),
        *,
        in_file: Callable[[str], bool] = lambda _word: False,
    ) -> None:
        text = readable("\n".join(free))
        self._words = set(_WORD.findall(text))
        self._text = text.casefold()
        self._typed = set(_WORD.findall(readable("\n".join(typed))))
        self._in_file = in_file

    @classmethod
    def in_patch(cls, body: str, *more: str) -> Self:
        """Returns what stands in a PATCH body; `more` is free text sent beside it."""
        free, typed = list(more), list[str]()
        _sort(json.loads(body), free, typed)
        return cls(free, typed)

    def holds(self, word: str) -> bool:
        """Whether an error can have the word from us alone."""
        if word in _KNOWN or word in self._typed:
            return False
        if not word.isascii():  # SmartRecruiters' errors are in English
            return True
        if word.isdigit() and len(word) <= _HARMLESS_DIGITS:
            return False
        if word.lower() in _KNOWN:  # "Must" begins a sentence, "Will" may be somebody
            return word in self._words or self._in_file(word)
        return word.casefold() in self._text or self._in_file(word)


def without_repeats(text: str, sent: Sent) -> str:
    """Returns a readable text without what it repeats."""
    cut = _WORD.sub(lambda found: _CUT if sent.holds(found[0]) else found[0], text)
    return _CUTS.sub(_CUT, cut)


def readable(text: str) -> str:
    """Returns the text as a person reads it: what JSON, URLs or pages escape, even several times, is undone.

    Everything in it can be kept as text: there is no NUL, and no half of a surrogate pair.
    """
    for _ in range(_LAYERS):
        before = text
        text = _ESCAPED_UNIT.sub(lambda found: chr(int(found[1] or found[2], 16)), text)
        text = _ESCAPED_SIGN.sub("", _ESCAPED_SPACE.sub(" ", text))
        text = unquote(html.unescape(text))
        if text == before:
            break
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return unicodedata.normalize("NFKC", whole).replace("\0", "\ufffd")


def _sort(patch: Any, free: list[str], typed: list[str]) -> None:
    left = [("", patch)]
    while left:
        name, value = left.pop()
        match value:
            case dict():
                left += value.items()
            case list():
                left += [(name, item) for item in value]
            case str() if name not in _TYPED:
                free.append(value)
            case _:
                typed.append(str(value))
