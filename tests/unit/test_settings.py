"""The environment: what it is read as, and with what Huiyou does not start."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.settings import Settings, UnsafeSettings

SECRET = "a secret for tests alone, 32 characters or more"


def read(tmp_path: Path, **environ: str) -> Settings:
    return Settings.from_environment({"HUIYOU_INSTANCE": str(tmp_path), "SECRET_KEY": SECRET, **environ})


def test_without_a_word_it_is_a_demo_on_this_machine(tmp_path: Path) -> None:
    settings = read(tmp_path)
    assert (settings.host, settings.port, settings.demo, settings.sms) == ("127.0.0.1", 1118, True, "none")
    assert (settings.name, settings.locale, settings.zone.key, settings.proxies) == ("会友", "zh", "Asia/Shanghai", 0)
    assert settings.database_url == f"sqlite:///{tmp_path}/huiyou.db"
    assert settings.workers >= 1


def test_the_secret_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    environ = {"HUIYOU_INSTANCE": str(tmp_path)}
    first, second = Settings.from_environment(environ), Settings.from_environment(environ)
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) >= 32
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
    assert first.secret_key not in repr(first)


def test_a_folder_named_from_here_is_found_from_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.from_environment({"HUIYOU_INSTANCE": "data", "SECRET_KEY": SECRET})
    assert settings.instance == tmp_path / "data"
    assert settings.database_url == f"sqlite:///{tmp_path}/data/huiyou.db"


def test_an_instant_without_a_zone_is_the_installations(tmp_path: Path) -> None:
    assert read(tmp_path, HUIYOU_CLOCK="2026-11-21T10:00").frozen_at == datetime(2026, 11, 21, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "environ",
    [
        {"SECRET_KEY": "short"},
        {"HUIYOU_CLOCK": "2026-11-21T10:00", "HUIYOU_DEMO": "0"},
        {"HUIYOU_CLOCK": "noon"},
        {"HUIYOU_LOCALE": "fr_FR"},
        {"HUIYOU_TIMEZONE": "Asia/Nowhere"},
        {"HUIYOU_SHARING_HOUR": "12:00-11:18"},
        {"HUIYOU_BRIEFING_TIME": "25:00"},
        {"HUIYOU_PORT": "http"},
        {"HUIYOU_PROXIES": "one"},
    ],
)
def test_with_a_wrong_setting_nothing_starts(tmp_path: Path, environ: dict[str, str]) -> None:
    with pytest.raises(UnsafeSettings):
        read(tmp_path, **environ)
