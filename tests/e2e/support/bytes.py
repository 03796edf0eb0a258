"""Looking for a word in everything that lies on disk."""

import json
from collections.abc import Iterable
from pathlib import Path

_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")
_AT_A_TIME = 1 << 24


def spellings(words: Iterable[str]) -> dict[bytes, str]:
    """Returns the words as bytes: UTF-8, UTF-16 either way, and as JSON escapes them."""
    found = {word.encode(encoding): word for word in words for encoding in _ENCODINGS}
    return found | {json.dumps(word)[1:-1].encode(): word for word in found.values()}


def search(folders: Iterable[Path], words: Iterable[str], *, leave_out: Iterable[str] = ()) -> list[str]:
    """Returns where which word stands, each file once; files named `leave_out` are not looked at."""
    wanted = spellings(words)
    longest = max(map(len, wanted))
    left_out = set(leave_out)
    return sorted(
        f"{path}: {word}"
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and path.name not in left_out
        for word in _words_in(path, wanted, longest)
    )


def _words_in(path: Path, wanted: dict[bytes, str], longest: int) -> set[str]:
    found: set[str] = set()
    tail = b""
    try:
        with path.open("rb") as file:
            while piece := file.read(_AT_A_TIME):
                window = tail + piece
                found |= {word for spelled, word in wanted.items() if spelled in window}
                tail = window[-longest:]
    except FileNotFoundError:  # a segment or a temporary file that went while we looked
        return found
    return found
