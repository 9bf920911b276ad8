"""The devices on which a person is logged in, and ending their sessions."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext
from sqlalchemy import select

from blueprints.accounts import sessions
from blueprints.accounts.forms import EmptyForm
from blueprints.accounts.models import LoginSession
from blueprints.accounts.rules import device_name, place_of
from core.access import Viewer
from core.clock import now
from core.database import db
from core.errors import NotFound
from core.operations import Act, Outcome, operation

SESSIONS_URL = "/me/sessions"
MOST_SHOWN = 100


@dataclass(frozen=True)
class Device:
    """One session as its owner sees it. `place` is a code of `PLACE_LABELS`, `network` how it is written."""

    id: uuid.UUID
    system: str
    browser: str
    place: str
    network: str
    created_at: datetime
    last_seen_at: datetime
    is_own: bool


def sessions_of(member_id: uuid.UUID) -> list[LoginSession]:
    """The sessions of a person that are open, newest first."""
    open_ones = (
        select(LoginSession)
        .where(LoginSession.member_id == member_id, LoginSession.revoked_at.is_(None), LoginSession.expires_at > now())
        .order_by(LoginSession.id.desc())
        .limit(MOST_SHOWN)
    )
    return list(db.session.scalars(open_ones))


def devices_of(person: Viewer) -> list[Device]:
    """The phones and computers on which a person is logged in: this one first, then the newest."""
    rows = sessions_of(person.id)
    own = next((row.address for row in rows if row.id == person.session_id), "")
    devices = [
        Device(
            row.id,
            *device_name(row.device),
            *place_of(row.address, own),
            row.created_at,
            row.last_seen_at,
            row.id == person.session_id,
        )
        for row in rows
    ]
    return sorted(devices, key=lambda device: not device.is_own)


@operation("session.revoke", form=EmptyForm, requires="signed_in")
def revoke_session(act: Act) -> Outcome:
    """End one of one's own sessions."""
    if not sessions.revoke(act.person.id, act.target_id):
        raise NotFound
    return Outcome(gettext("那台设备已退出登录。"), url=SESSIONS_URL)


@operation("session.revoke_others", form=EmptyForm, requires="signed_in", waits=False)
def revoke_others(act: Act) -> Outcome:
    """End all of one's sessions but the one from which this is asked."""
    ended = sessions.revoke(act.person.id, but=act.person.session_id)
    if not ended:
        return Outcome(gettext("没有别的设备登录着。"), url=SESSIONS_URL)
    return Outcome(gettext("其他设备都已退出登录。"), url=SESSIONS_URL)
