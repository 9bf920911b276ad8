"""What the installation calls itself: the environment's settings, and the admin's that win over them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time

from flask import current_app
from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, db
from core.settings import Settings, read_hours, read_time

ON_SCREEN = ("name", "contact", "sharing_hour", "briefing_time")


class ChamberSetting(Base):
    """One setting that an admin changed on the screen."""

    __tablename__ = "chamber_settings"

    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(200))

    def topics(self) -> tuple[str, ...]:
        return ("chamber",)


@dataclass(frozen=True)
class Chamber:
    """Name, contact, and the hours of the community."""

    name: str
    contact: str
    sharing_hour: str
    briefing_time: str
    stamp: str = ""

    @property
    def sharing_hours(self) -> tuple[time, time]:
        return read_hours(self.sharing_hour)

    @property
    def briefing_at(self) -> time:
        return read_time(self.briefing_time)


def current() -> Chamber:
    """The chamber as this process last read it; read afresh when its stamp changes."""
    state = current_app.extensions.get("chamber")
    return state or _read("")


def stamp() -> str:
    """The stamp of what `current` holds."""
    return current().stamp


def refresh(stamps: Mapping[str, str]) -> None:
    """Read the settings again if `stamps` says that they changed since."""
    seen = stamps.get("chamber", "")
    if current().stamp != seen:
        _read(seen)


def _read(seen: str) -> Chamber:
    settings: Settings = current_app.extensions["settings"]
    values = {key: getattr(settings, key) for key in ON_SCREEN}
    values.update({row.key: row.value for row in db.session.scalars(select(ChamberSetting)) if row.key in values})
    current_app.extensions["chamber"] = chamber = Chamber(**values, stamp=seen)
    return chamber
