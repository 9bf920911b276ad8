"""What phones at one door tell each other through the server: the facts since the last that they know."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased

from blueprints.accounts.models import Company, Member
from blueprints.door import rules
from blueprints.door.models import Checkin
from blueprints.door.packs import roster_stamp
from blueprints.events.models import Event
from core.database import db
from core.values import last_four

MOST = 500
_recorder = aliased(Member)


def since(event: Event, serial: int) -> dict[str, Any]:
    """The facts that are new or have changed after `serial`, in order, at most 500; `more` says that there are others.

    `roster` is the stamp of who has signed up: another one than the pack's asks for a new pack. Two queries.
    """
    rows = db.session.execute(
        select(Checkin, Member.real_name, Company.name, _recorder.real_name)
        .outerjoin(Member, Member.id == Checkin.member_id)
        .outerjoin(Company, Company.id == Member.company_id)
        .join(_recorder, _recorder.id == Checkin.recorded_by_id)
        .where(Checkin.event_id == event.id, Checkin.serial > serial)
        .order_by(Checkin.serial)
        .limit(MOST)
    ).all()
    facts = [_told(fact, name, company, by) for fact, name, company, by in rows]
    return {
        "serial": rows[-1][0].serial if rows else serial,
        "facts": facts,
        "more": len(rows) == MOST,
        "roster": roster_stamp(event),
    }


def _told(fact: Checkin, name: str | None, company: str | None, by: str) -> dict[str, Any]:
    told = {
        "id": str(fact.id),
        "guest": str(fact.guest_id) if fact.guest_id else None,
        "name": name or fact.walk_in_name or "",
        "company": company or "",
        "last_four": last_four(fact.walk_in_phone or ""),
        "source": fact.source,
        "verdict": fact.verdict,
        "tone": rules.TONES[fact.verdict],
        "inside": fact.inside,
        "at": fact.occurred_at.isoformat(),
        "by": by,
        "device": fact.device,
        "undone": fact.undone_at is not None,
        "flags": [flag for flag in fact.flags if flag not in fact.resolved],
    }
    return {key: value for key, value in told.items() if value not in (None, "", [], False)}
