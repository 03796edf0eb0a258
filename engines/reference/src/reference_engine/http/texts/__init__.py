"""The pages' words: a file for each language."""

import json
from importlib.resources import files
from typing import Any

LANGUAGES = ("en", "de")


def words() -> dict[str, dict[str, str]]:
    """Returns language -> key -> words, read from the files."""
    folder = files(__name__)
    return {language: json.loads((folder / f"{language}.json").read_text()) for language in LANGUAGES}


def language_of(wanted: Any) -> str:
    """Returns the language of an application (`de`, `de-AT`, `de_DE`), or English where it is not spoken."""
    code = str(wanted or "").replace("_", "-").split("-")[0].strip().lower()
    return code if code in LANGUAGES else "en"
