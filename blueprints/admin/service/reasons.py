"""The ready sentences of refusals and questions."""

from __future__ import annotations

from flask_babel import gettext
from sqlalchemy import delete, select

from blueprints.admin.forms import ReasonsForm
from blueprints.admin.labels import REASONS
from blueprints.admin.models import ReasonTemplate
from blueprints.admin.rules import sentences
from core import audit
from core.database import db
from core.operations import Act, Outcome, operation

URL = "/admin/reasons"


def ready() -> dict[str, list[str]]:
    """The ready sentences by verdict; those that the product brings until an admin writes others."""
    kept = db.session.scalars(select(ReasonTemplate).order_by(ReasonTemplate.place)).all()
    if not kept:
        return {verdict: [str(sentence) for sentence in known] for verdict, known in REASONS.items()}
    return {verdict: [row.body for row in kept if row.verdict == verdict] for verdict in REASONS}


@operation("admin.reasons", form=ReasonsForm, requires="registration.decide", lane="settings")
def write(act: Act, *, refuse: str | None, ask: str | None) -> Outcome:
    """Put these sentences, one a line, in the place of the old ones; with none at all the product's own come back."""
    before = ready()
    after = {"refuse": sentences(refuse or ""), "ask": sentences(ask or "")}
    if before == after:
        return Outcome(gettext("没有变化"), url=URL)
    db.session.execute(delete(ReasonTemplate))
    db.session.add_all(
        ReasonTemplate(verdict=verdict, place=place, body=body)
        for verdict, bodies in after.items()
        for place, body in enumerate(bodies)
    )
    audit.record(act.person, "admin.reasons", "chamber", "reasons", before=before, after=after)
    return Outcome(gettext("已保存"), url=URL)
