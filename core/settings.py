"""The environment, read once, typed; the application refuses to start unsafe."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

ROOT = Path(__file__).resolve().parent.parent
RELEASE = "1.0.0"
_HOURS = re.compile(r"^([01]\d|2[0-3]):([0-5]\d)$")


class UnsafeSettings(ValueError):
    """The environment holds a value with which Huiyou must not start."""


def read_time(text: str) -> time:
    """A time of day written `HH:MM`; raises `ValueError` for anything else."""
    match = _HOURS.match(text.strip())
    if not match:
        raise ValueError(f"{text!r} is not a time of day (HH:MM)")
    return time(int(match[1]), int(match[2]))


def read_hours(text: str) -> tuple[time, time]:
    """Two times of day written `HH:MM-HH:MM`, the first before the second."""
    start, separator, end = text.partition("-")
    hours = read_time(start), read_time(end)
    if not separator or hours[0] >= hours[1]:
        raise ValueError(f"{text!r} is not a span of the day (HH:MM-HH:MM)")
    return hours


def read_address(text: str) -> tuple[str, int] | None:
    """A host and a port written `HOST:PORT`, or nothing; raises `ValueError` for anything else."""
    if not text:
        return None
    host, separator, port = text.rpartition(":")
    if not (separator and host and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError(f"{text!r} is not HOST:PORT")
    return host, int(port)


@dataclass(frozen=True)
class Settings:
    """What an operator decides. Fields are named as in the README's table."""

    database_url: str
    secret_key: str = field(repr=False)
    redis_url: str | None = None
    host: str = "127.0.0.1"
    port: int = 1118
    workers: int = 2
    name: str = "会友"
    contact: str = ""
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    locale: str = "zh"
    sharing_hour: str = "11:18-12:00"
    briefing_time: str = "11:18"
    sms: str = "none"
    demo: bool = True
    frozen_at: datetime | None = None
    testing: bool = False
    instance: Path = ROOT / "instance"
    proxies: int = 0
    log: str = "json"
    metrics: tuple[str, int] | None = None

    def __post_init__(self) -> None:
        if len(self.secret_key) < 32:
            raise UnsafeSettings("SECRET_KEY must have at least 32 characters")
        if self.frozen_at and not (self.demo or self.testing):
            raise UnsafeSettings("HUIYOU_CLOCK freezes time and is for demo and test only")
        if self.locale not in ("zh", "en"):
            raise UnsafeSettings("HUIYOU_LOCALE must be zh_CN or en")
        if self.log not in ("json", "text"):
            raise UnsafeSettings("HUIYOU_LOG must be json or text")
        read_hours(self.sharing_hour)
        read_time(self.briefing_time)

    @classmethod
    def from_environment(cls, environ: dict[str, str] | None = None) -> Settings:
        """Read and check the environment; raises `UnsafeSettings` with what to mend."""
        env = dict(os.environ if environ is None else environ)
        instance = Path(env.get("HUIYOU_INSTANCE") or ROOT / "instance").absolute()
        try:
            zone = ZoneInfo(env.get("HUIYOU_TIMEZONE") or "Asia/Shanghai")
            frozen = env.get("HUIYOU_CLOCK")
            frozen_at = datetime.fromisoformat(frozen) if frozen else None
            if frozen_at and frozen_at.tzinfo is None:
                frozen_at = frozen_at.replace(tzinfo=zone)
            return cls(
                database_url=env.get("DATABASE_URL") or f"sqlite:///{instance / 'huiyou.db'}",
                secret_key=env.get("SECRET_KEY") or _kept_secret(instance / "secret_key"),
                redis_url=env.get("REDIS_URL") or None,
                host=env.get("HUIYOU_HOST") or "127.0.0.1",
                port=int(env.get("HUIYOU_PORT") or 1118),
                workers=max(1, int(env.get("HUIYOU_WORKERS") or os.cpu_count() or 1)),
                name=env.get("HUIYOU_NAME") or "会友",
                contact=env.get("HUIYOU_CONTACT") or "",
                zone=zone,
                locale=(env.get("HUIYOU_LOCALE") or "zh_CN").partition("_")[0],
                sharing_hour=env.get("HUIYOU_SHARING_HOUR") or "11:18-12:00",
                briefing_time=env.get("HUIYOU_BRIEFING_TIME") or "11:18",
                sms=env.get("HUIYOU_SMS") or "none",
                demo=(env.get("HUIYOU_DEMO") or "1") != "0",
                frozen_at=frozen_at.astimezone(UTC) if frozen_at else None,
                instance=instance,
                proxies=int(env.get("HUIYOU_PROXIES") or 0),
                log=env.get("HUIYOU_LOG") or "json",
                metrics=read_address(env.get("HUIYOU_METRICS") or ""),
            )
        except (ValueError, ZoneInfoNotFoundError) as error:
            raise UnsafeSettings(str(error)) from error


def _kept_secret(path: Path) -> str:
    """The secret in `path`; made there with mode 0600 on the first start, whole or not at all."""
    if path.exists():
        return path.read_text().strip()
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, unfinished = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(unfinished, path)
    finally:
        Path(unfinished).unlink()
    return path.read_text().strip()
