"""Secrets are made once, and are for their owner's eyes alone."""

import base64
import json
import stat
from pathlib import Path

from local_stack import keys


def test_a_second_look_finds_the_same_secrets(tmp_path: Path) -> None:
    path = tmp_path / "data" / "secrets.json"

    first = keys.kept(path)

    assert keys.kept(path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(base64.b64decode(first["encryption_keys"].partition(":")[2])) == 32
    assert len(base64.b64decode(first["handoff_keys"].partition(":")[2])) == 64


def test_a_secret_an_older_version_did_not_know_is_added_and_no_other_changed(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    old = keys.kept(path)
    path.write_text(json.dumps({name: value for name, value in old.items() if name != "handoff_keys"}))

    new = keys.kept(path)

    assert new.keys() == old.keys()
    assert {name for name in old if new[name] != old[name]} == {"handoff_keys"}
