"""Settings: explained where they are read, secrets from files, one line when they are bad."""

import re
from pathlib import Path

import pytest
from reference_engine.errors import StartupError
from reference_engine.kafka import security
from reference_engine.settings import DEMONSTRATION_SECRET, Settings, load

README = (Path(__file__).parents[2] / "engines/reference/README.md").read_text()


def test_the_readme_tells_every_setting_in_its_own_words() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \|.*?\| (.*) \|$", README, re.MULTILINE)
    assert rows == [(name.upper(), field.description) for name, field in Settings.model_fields.items()]


def test_the_secret_may_be_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "secret"
    file.write_text("s" * 32 + "\n")
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9092")
    assert load().secret().get_secret_value() == DEMONSTRATION_SECRET
    monkeypatch.setenv("REFERENCE_ENGINE_SECRET_FILE", str(file))
    assert load().secret().get_secret_value() == "s" * 32
    assert "sss" not in repr(load())


def test_every_bad_setting_is_named_and_no_secret_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
    monkeypatch.setenv("REFERENCE_ENGINE_SECRET", "too-short")
    monkeypatch.setenv("REFERENCE_ENGINE_URL", "ftp://x")
    with pytest.raises(SystemExit) as ended:
        load()
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert len(said.splitlines()) == 1
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "REFERENCE_ENGINE_SECRET", "REFERENCE_ENGINE_URL"):
        assert name in said
    assert "too-short" not in said


def test_sasl_without_a_password_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9092")
    monkeypatch.setenv("KAFKA_SECURITY_PROTOCOL", "SASL_SSL")
    with pytest.raises(SystemExit):
        load()
    assert capsys.readouterr().err == "settings: SASL needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD\n"


@pytest.mark.parametrize("variable", ["KAFKA_SASL_PASSWORD_FILE", "KAFKA_SSL_CA_FILE"])
def test_a_file_that_cannot_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str
) -> None:
    for name, value in {
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092",
        "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "KAFKA_SASL_USERNAME": "engine",
        "KAFKA_SASL_PASSWORD": "secret",
        variable: str(tmp_path / "none"),
    }.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StartupError, match=variable):
        security.options(load())
