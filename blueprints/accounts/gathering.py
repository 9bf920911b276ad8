"""Who joined on a day, and which rules came into force."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time, timedelta

from flask_babel import gettext
from sqlalchemy import Uuid, cast, literal, null, select, union_all

from blueprints.accounts.labels import TRADE_LABELS
from blueprints.accounts.models import Company, Member, Rule
from core.clock import clock
from core.database import db
from core.i18n import spoken
from core.registries import Gathered, gathers


@gathers("accounts")
def of_the_day(day: date) -> Iterator[Gathered]:
    """New members as the directory shows them to everybody, and new versions of rules."""
    start, end = clock.at(day, time()), clock.at(day + timedelta(days=1), time())
    joined = (
        select(
            literal("member").label("kind"),
            Member.id.label("key"),
            Member.real_name.label("title"),
            Company.name.label("company"),
            Member.position.label("position"),
            Member.trade.label("slug"),
            Member.joined_at.label("at"),
        )
        .join(Company, Company.id == Member.company_id)
        .where(Member.status == "member", Member.joined_at >= start, Member.joined_at < end)
    )
    announced, begun = (
        select(
            literal(kind), cast(null(), Uuid), Rule.title, literal(""), literal(""), Rule.slug, Rule.in_force_from
        ).where(when >= start, when < end)
        for kind, when in (("announced", Rule.published_at), ("notice", Rule.in_force_from))
    )
    announced = announced.where(Rule.in_force_from > Rule.published_at)
    both = union_all(joined, announced, begun).subquery()
    for row in db.session.execute(select(both).order_by(both.c.at, both.c.title)):
        if row.kind == "member":
            words = {"name": row.title, "company": row.company, "position": row.position}
            trade = str(TRADE_LABELS[row.slug])
            line = gettext("欢迎%(company)s%(position)s%(name)s（%(trade)s）", trade=trade, **words)
            yield Gathered("member", f"member:{row.key}", row.title, line, f"/members/{row.key}")
        elif row.kind == "announced":
            line = gettext(
                "《%(title)s》从%(day)s起改用新的一版，改了哪几句已经标出", title=row.title, day=spoken(row.at, "day")
            )
            yield Gathered("notice", f"announced:{row.slug}:{day}", row.title, line, f"/rules/{row.slug}")
        else:
            line = gettext("《%(title)s》有了新版，请抽空读一遍", title=row.title)
            yield Gathered("notice", f"notice:{row.slug}:{day}", row.title, line, f"/rules/{row.slug}")
