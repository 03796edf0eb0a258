import json
from pathlib import Path
from typing import Any

import pytest
from runtime.logging import REDACTED, redact, scrub

from tests.support.processes import Process, running

PROGRAM = """
import logging, warnings
import structlog
from runtime import tracing
from runtime.logging import configure, request_id

configure("shop", "info")
request_id.set("r-1")
tracing.start("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
log = structlog.get_logger()
log.debug("not this")
secrets = {"password": "hunter2", "candidate": {"email": "x"}, "deep": [{"token": "hunter2"}]}
log.info("order accepted", order_id="o-1", **secrets)
url = "https://user:hunter2@host/x"
logging.getLogger("other").warning("calling %s", url, extra={"client_secret": "hunter2"})
warnings.warn("Bearer hunter2hunter2")
try:
    int("hunter2@example.com")
except ValueError:
    log.exception("it failed")
raise RuntimeError("client_secret=hunter2")
"""


async def lines(tmp_path: Path) -> list[dict[str, Any]]:
    (tmp_path / "program.py").write_text(PROGRAM)
    async with running(Process([str(tmp_path / "program.py")], env={}, log=tmp_path / "log")) as process:
        assert await process.wait() == 1
        assert "hunter2" not in process.output
        return [json.loads(line) for line in process.output.splitlines()]


async def test_every_line_is_json_without_secrets_whoever_wrote_it(tmp_path: Path) -> None:
    accepted, other, warning, failed, uncaught = await lines(tmp_path)
    assert (accepted["event"], accepted["order_id"], accepted["service"]) == ("order accepted", "o-1", "shop")
    assert (accepted["request_id"], accepted["trace_id"]) == ("r-1", "0af7651916cd43dd8448eb211c80319c")
    assert (accepted["password"], accepted["candidate"], accepted["level"]) == (REDACTED, REDACTED, "info")
    assert accepted["deep"] == [{"token": REDACTED}]
    assert (other["logger"], other["level"], other["client_secret"]) == ("other", "warning", REDACTED)
    assert warning["level"] == "warning"
    assert "ValueError" in failed["exception"]
    assert (uncaught["event"], uncaught["level"]) == ("uncaught exception", "critical")
    assert "RuntimeError" in uncaught["exception"]


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "client_secret",
        "secret",
        "access_token",
        "refresh_token",
        "token",
        "Authorization",
        "cookie",
        "Set-Cookie",
        "email",
        "first_name",
        "firstName",
        "lastName",
        "secret_pepper",
        "encryption_keys",
        "database_url",
        "candidate",
    ],
)
def test_secret_and_personal_keys_are_hidden(key: str) -> None:
    assert redact({"a": [{key: "x"}]}) == {"a": [{key: REDACTED}]}


@pytest.mark.parametrize(
    "key", ["order_id", "company_id", "reason", "topic", "candidate_id", "tokens_left", "name"]
)
def test_ids_and_facts_are_kept(key: str) -> None:
    assert redact({key: "x"}) == {key: "x"}


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer abcdef.hunter2",
        "Basic aHVudGVyMg==hunter2",
        "got eyJhbGciOiJFUzI1NiJ9.hunter2.hunter2",
        "postgresql://bridge:hunter2@db/bridge",
        '{"client_secret": "hunter2"}',
        "grant_type=client_credentials&client_secret=hunter2&x=1",
        "hunter2@example.com",
        "[type=string, input_value='hunter2, and more', input_type=str]",
        "duplicate key\nDETAIL:  Key (email)=(hunter2) already exists.",
    ],
)
def test_secrets_inside_texts_are_hidden(text: str) -> None:
    assert "hunter2" not in scrub(text)
