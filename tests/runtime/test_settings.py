from pathlib import Path

import pytest
from pydantic import Field, SecretStr
from runtime.settings import ServiceSettings, derive, load, present

BASE = {
    "KAFKA_BOOTSTRAP_SERVERS": "kafka:9092",
    "DATABASE_URL": "postgresql://u:hidden@db/bridge",
    "INTERNAL_API_TOKEN": "t0ken",
}


class Settings(ServiceSettings):
    shop_internal_port: int = Field(default=9082, ge=1, le=65535)
    shop_key: SecretStr | None = None


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KAFKA_TOPIC_PREFIX", "PUBLIC_URL", "SMARTRECRUITERS_API_URL", "ENCRYPTION_KEYS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in BASE.items():
        monkeypatch.setenv(name, value)


def refused(capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as caught:
        load(Settings)
    assert caught.value.code == 2
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    return line


def test_defaults_stand_where_nothing_is_set() -> None:
    settings = load(Settings)
    assert settings.shop_internal_port == 9082
    assert settings.credentials_url == "http://127.0.0.1:9081"
    assert settings.fence_hosts == [
        "api.smartrecruiters.com",
        "*.smartrecruiters.com",
        "api.smartrecruiters.com",
    ]


def test_a_sandbox_in_plain_http_is_inside_the_fence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMARTRECRUITERS_API_URL", "http://sandbox:8090")
    assert load(Settings).fence_hosts[-1] == "http://sandbox:8090"


def test_a_secret_is_read_from_its_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from a file\n")
    monkeypatch.setenv("SHOP_KEY_FILE", str(tmp_path / "key"))
    key = load(Settings).shop_key
    assert key is not None
    assert key.get_secret_value() == "from a file"
    assert "from a file" not in repr(load(Settings))


def test_every_bad_setting_is_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS")
    monkeypatch.setenv("SHOP_INTERNAL_PORT", "many")
    monkeypatch.setenv("PUBLIC_URL", "bridge.example")
    line = refused(capsys)
    assert "KAFKA_BOOTSTRAP_SERVERS: is missing" in line
    assert "SHOP_INTERNAL_PORT: Input should be a valid integer" in line
    assert "PUBLIC_URL: " in line
    assert "hidden" not in line


def test_a_file_that_is_not_there_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHOP_KEY_FILE", "/nowhere/key")
    assert "SHOP_KEY_FILE: /nowhere/key cannot be read" in refused(capsys)


def test_a_secret_given_twice_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "key").write_text("one")
    monkeypatch.setenv("SHOP_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("SHOP_KEY", "two")
    assert "SHOP_KEY and SHOP_KEY_FILE are both set" in refused(capsys)


def test_the_internal_token_follows_from_the_encryption_keys(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("INTERNAL_API_TOKEN")
    assert "INTERNAL_API_TOKEN: is missing" in refused(capsys)
    monkeypatch.setenv("ENCRYPTION_KEYS", "1:abc")
    first = load(Settings).internal_api_token
    monkeypatch.setenv("ENCRYPTION_KEYS", "2:def,1:abc")
    assert load(Settings).internal_api_token == first
    assert derive("1:abc", "one") != derive("1:abc", "two")


def test_a_secret_is_read_anew_from_its_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("one\n")
    assert present("MASTER_CLIENT_SECRET", SecretStr("first"))().get_secret_value() == "first"
    monkeypatch.setenv("MASTER_CLIENT_SECRET_FILE", str(path))
    read = present("MASTER_CLIENT_SECRET", SecretStr("first"))
    assert read().get_secret_value() == "one"
    path.write_text("two\n")
    assert read().get_secret_value() == "two"
    path.write_text("")
    assert read().get_secret_value() == "two", "caught in the middle of being written"
    path.unlink()
    assert read().get_secret_value() == "two"
