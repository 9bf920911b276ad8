"""The outbox, and what is on this phone: what the server knows stands here, the rest is the phone's own to fill in."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime

from flask import Response, request
from flask_babel import gettext
from sqlalchemy import select

from blueprints.offline.blueprint import blueprint
from blueprints.offline.envelope import read_id
from blueprints.offline.words import OPERATIONS, OUTCOMES, label_of
from core.access import Viewer, public, viewer
from core.database import db
from core.i18n import language
from core.operations import LedgerRow
from core.pages import page
from core.registries import OfflinePage

PER_PAGE = 20
_CHINESE = re.compile("[\u4e00-\u9fff]")
ON_THE_PHONE = OfflinePage("/offline", dated=False)


@dataclass(frozen=True)
class Decided:
    """One operation that the server has decided, as its owner reads it."""

    op_id: str
    label: str
    outcome: str
    told: str
    url: str | None
    received_at: datetime

    @property
    def message(self) -> str:
        """The sentence as it was told then, in this reader's language where it has one word for all."""
        return gettext(self.told) if self.told else ""

    @property
    def tongue(self) -> str | None:
        """The sentence's language, where it is not the page's."""
        return "zh-CN" if language() == "en" and _CHINESE.search(self.message) else None

    @property
    def words(self) -> str:
        """The outcome in words."""
        return str(OUTCOMES[self.outcome][0])

    @property
    def tone(self) -> str:
        """The colour of the outcome's chip."""
        return OUTCOMES[self.outcome][1]


def outbox_page(reader: Viewer | None) -> OfflinePage:
    """The outbox: it changes with whatever is decided for its owner."""
    return OfflinePage("/outbox", (f"outbox:{reader.id}",) if reader else (), dated=False)


@blueprint.get("/outbox")
@public
def outbox() -> Response:
    """What waits on this phone, and what was decided lately for this account."""
    person = viewer()

    def load() -> dict[str, object]:
        rows, more = decided_for(person, request.args.get("after", "")) if person else ([], None)
        return {"decided": rows, "next_url": f"/outbox?after={more}" if more else None}

    kept = outbox_page(person)
    return page("offline/outbox.html", topics=kept.topics, states=kept.states, dated=kept.dated, load=load, tab="me")


@blueprint.get("/offline")
@public
def on_the_phone() -> Response:
    """Which pages lie on this phone; the phone fills them in."""
    return page("offline/offline.html", topics=ON_THE_PHONE.topics, dated=ON_THE_PHONE.dated, tab="me")


def decided_for(person: Viewer, after: str = "") -> tuple[list[Decided], uuid.UUID | None]:
    """A page of what was decided for `person`, latest first, and the id after which the next one begins."""
    wanted = select(LedgerRow).where(LedgerRow.owner == str(person.id), LedgerRow.name.in_(OPERATIONS))
    if last := read_id(after):
        wanted = wanted.where(LedgerRow.id < uuid.UUID(last))
    rows = db.session.scalars(wanted.order_by(LedgerRow.id.desc()).limit(PER_PAGE + 1)).all()
    shown = [
        Decided(row.op_id, label_of(row.name), row.outcome or "accepted", row.message, row.url, row.received_at)
        for row in rows[:PER_PAGE]
    ]
    return shown, rows[PER_PAGE - 1].id if len(rows) > PER_PAGE else None
