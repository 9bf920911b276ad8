"""What the needs have to tell of a day: what was asked for, what was offered, what was solved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time, timedelta

from flask_babel import gettext
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from blueprints.accounts.models import Member
from blueprints.needs.labels import CATEGORY_LABELS
from blueprints.needs.models import Need, Outcome
from core.clock import clock
from core.database import db
from core.i18n import amount_said
from core.registries import Gathered, gathers


@gathers("needs")
def of_the_day(day: date) -> Iterator[Gathered]:
    """Needs and offers of the day, then what was solved on it; withdrawn and hidden ones are told of nowhere."""
    start, end = clock.at(day, time()), clock.at(day + timedelta(days=1), time())
    posted = and_(Need.created_at >= start, Need.created_at < end, Need.state != "withdrawn")
    solved = and_(Outcome.result == "solved", Outcome.closed_at >= start, Outcome.closed_at < end)
    rows = db.session.scalars(
        select(Need)
        .outerjoin(Need.outcome)
        .where(or_(posted, solved), ~Need.hidden)
        .options(
            contains_eager(Need.outcome)
            .joinedload(Outcome.partner)
            .load_only(Member.real_name)
            .raiseload(Member.company),
            joinedload(Need.author).load_only(Member.real_name, Member.company_id).joinedload(Member.company),
        )
        .order_by(Need.created_at, Need.id)
    ).all()
    for need in rows:
        if start <= need.created_at < end:
            yield Gathered(need.kind, f"{need.kind}:{need.id}", need.title, _asked(need), f"/needs/{need.id}")
    for need in rows:
        if (end_of := need.outcome) and end_of.result == "solved" and start <= end_of.closed_at < end:
            yield Gathered("solved", f"solved:{need.id}", need.title, _solved(need, end_of), f"/needs/{need.id}")


def _asked(need: Need) -> str:
    words = [
        str(CATEGORY_LABELS[need.category]),
        f"{need.author.company.name} {need.author.real_name}",
        amount_said(need.amount_cny) if need.amount_cny else "",
        gettext("%(month)s 月 %(day)s 日前", month=need.expires_on.month, day=need.expires_on.day)
        if need.expires_on
        else "",
    ]
    return gettext("%(title)s（%(words)s）", title=need.title, words="，".join(filter(None, words)))


def _solved(need: Need, outcome: Outcome) -> str:
    partner = outcome.partner.real_name if outcome.partner else outcome.partner_name
    words = [
        need.author.real_name,
        gettext("与%(partner)s对接", partner=partner) if partner else "",
        amount_said(outcome.amount_cny) if outcome.amount_cny else "",
    ]
    said = gettext("%(title)s：已解决（%(words)s）", title=need.title, words="，".join(filter(None, words)))
    summary = " ".join(outcome.summary.split())
    return f"{said}{summary}" if 0 < len(summary) <= 80 else said
