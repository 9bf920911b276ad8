"""What the experts have to tell of a day: how many consultations each group completed, nothing of their contents."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time, timedelta

from flask_babel import ngettext
from sqlalchemy import func, select

from blueprints.experts.models import Consultation, ExpertGroup
from core.clock import clock
from core.database import db
from core.registries import Gathered, gathers


@gathers("experts")
def of_the_day(day: date) -> Iterator[Gathered]:
    """The groups that completed consultations on the day, with their number: no topic, no member, no expert."""
    start, end = clock.at(day, time()), clock.at(day + timedelta(days=1), time())
    rows = db.session.execute(
        select(ExpertGroup.slug, ExpertGroup.name, func.count(Consultation.id))
        .join(Consultation, Consultation.group_slug == ExpertGroup.slug)
        .where(Consultation.completed_at >= start, Consultation.completed_at < end)
        .group_by(ExpertGroup.slug, ExpertGroup.name)
        .order_by(ExpertGroup.slug)
    )
    for slug, name, number in rows:
        line = ngettext(
            "%(group)s完成咨询 %(num)s 件，全部无偿", "%(group)s完成咨询 %(num)s 件，全部无偿", number, group=name
        )
        yield Gathered("consultation", f"consultation:{slug}:{day}", name, line, f"/experts/{slug}")
