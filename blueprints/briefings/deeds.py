"""Good deeds that members send to the desk."""

from __future__ import annotations

import uuid
from datetime import date, time, timedelta

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import and_, func, select
from sqlalchemy.orm import joinedload

from blueprints.accounts.models import Member
from blueprints.briefings.forms import DeedForm
from blueprints.briefings.models import Briefing, Deed
from core.clock import clock, now
from core.database import db
from core.errors import NotFound, Refusal
from core.operations import Act, Outcome, free_id, operation
from core.registries import Gathered, check_posting

MOST_A_DAY = 20
SHOWN = 30


class EnoughForToday(Refusal):
    """More deeds than one person sees in a day."""

    message = _l("今天报的已经很多了，明天再来吧。")


@operation("deed.submit", form=DeedForm, lane="deed")
def send(act: Act, *, doer: str, body: str, id: str | None) -> Outcome:  # noqa: A002
    """Send a good deed to the desk."""
    check_posting(act.person.id)
    key = free_id(Deed, id)
    since = now() - timedelta(days=1)
    sent = select(func.count(Deed.id)).where(Deed.author_id == act.person.id, Deed.sent_at > since)
    if (db.session.scalar(sent) or 0) >= MOST_A_DAY:
        raise EnoughForToday
    db.session.add(Deed(id=key, author_id=act.person.id, doer=doer, body=body, sent_at=now()))
    return Outcome(gettext("谢谢，编辑会看到。"), url="/deeds")


def sent_by(member_id: uuid.UUID) -> list[Deed]:
    """The newest deeds that a member sent."""
    return list(
        db.session.scalars(
            select(Deed).where(Deed.author_id == member_id).order_by(Deed.sent_at.desc(), Deed.id.desc()).limit(SHOWN)
        )
    )


def with_issue(key: uuid.UUID, day: date) -> tuple[Briefing, list[Deed]]:
    """An issue, and the good deeds that were sent in on the day, in one query."""
    start, end = clock.at(day, time()), clock.at(day + timedelta(days=1), time())
    rows = db.session.execute(
        select(Briefing, Deed)
        .outerjoin(Deed, and_(Deed.sent_at >= start, Deed.sent_at < end))
        .where(Briefing.id == key)
        .options(joinedload(Deed.author).load_only(Member.real_name).raiseload(Member.company))
        .order_by(Deed.sent_at, Deed.id)
    ).all()
    if not rows:
        raise NotFound
    return rows[0][0], [deed for _, deed in rows if deed]


def card(deed: Deed) -> Gathered:
    """A good deed as a card of the desk."""
    told = " ".join(deed.body.split())
    line = gettext("%(doer)s：%(told)s（%(name)s来信）", doer=deed.doer, told=told, name=deed.author.real_name)
    return Gathered("deed", f"deed:{deed.id}", deed.doer, line)
