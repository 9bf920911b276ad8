"""Telling members, once each, and what they have read."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from flask import current_app
from flask_babel import force_locale, gettext
from sqlalchemy import bindparam, delete, func, or_, select, update

from blueprints.accounts.models import Member
from blueprints.notices import choices, rules, sender
from blueprints.notices.forms import SMS, OpenForm, ReadForm
from blueprints.notices.models import Notice, SmsMessage
from core import chamber, sms
from core.access import Viewer
from core.clock import now
from core.database import db, execute_count, insert_once, new_id, touch
from core.errors import NotFound
from core.i18n import spoken
from core.operations import Act, Outcome, operation
from core.pages import unread_count
from core.registries import notice_kinds, teller, unteller
from core.settings import Settings

_UNREAD = (
    select(func.count()).select_from(Notice).where(Notice.member_id == bindparam("member_id"), Notice.read_at.is_(None))
)
ROWS_AT_ONCE = 500
PER_PAGE = 30


@dataclass(frozen=True)
class Told:
    """One notice as its reader sees it."""

    id: uuid.UUID
    sentence: str
    url: str
    made_at: datetime
    unread: bool


@teller
def tell(members: Iterable[uuid.UUID], kind: str, *, url: str, subject: str, words: dict[str, str]) -> None:
    """Tell each of `members` of `kind` once for `subject`, in the transaction of the cause.

    Who was told already, or has switched this kind off, is left alone. An urgent kind also becomes
    an SMS where a gateway is set, for who has not switched those off.
    """
    recipients = sorted(set(members))
    told: list[uuid.UUID] = []
    for start in range(0, len(recipients), ROWS_AT_ONCE):
        listening = choices.without_muted(recipients[start : start + ROWS_AT_ONCE], notice_kinds[kind].switch)
        if not listening:
            continue
        statement = insert_once(Notice).values(
            [
                {
                    "id": new_id(),
                    "member_id": member_id,
                    "kind": kind,
                    "subject": subject,
                    "words": words,
                    "url": url,
                    "made_at": now(),
                }
                for member_id in listening
            ]
        )
        once = statement.on_conflict_do_nothing(index_elements=["member_id", "kind", "subject"])
        told += db.session.scalars(once.returning(Notice.member_id))
    touch(*(f"notices:{member_id}" for member_id in told))
    if notice_kinds[kind].urgent and told and sms.available():
        _send(choices.without_muted(told, SMS), kind, words)


@unteller
def take_back(thing: str) -> None:
    """Delete every notice about `thing`, whoever was told."""
    about = or_(Notice.subject == thing, Notice.subject.startswith(f"{thing}:", autoescape=True))
    readers = db.session.scalars(delete(Notice).where(about).returning(Notice.member_id)).all()
    touch(*(f"notices:{member_id}" for member_id in readers))


def _send(members: list[uuid.UUID], kind: str, words: dict[str, str]) -> None:
    settings: Settings = current_app.extensions["settings"]
    rows = db.session.execute(select(Member.id, Member.language).where(Member.id.in_(members)))
    languages = {member_id: language or settings.locale for member_id, language in rows}
    texts = {}
    for language in set(languages.values()):
        with force_locale(language):
            texts[language] = gettext(
                "【%(name)s】%(sentence)s", name=chamber.current().name, sentence=say(kind, words)
            )
    for member_id in members:
        body = texts[languages[member_id]]
        db.session.add(SmsMessage(member_id=member_id, body=body, made_at=now(), next_try_at=now()))
    sender.wake_after_commit()


def _said(moment: date) -> str:
    return spoken(moment, "full" if isinstance(moment, datetime) else "day")


def say(kind: str, words: dict[str, str]) -> str:
    """The sentence of a notice, in the language of this request (or of `force_locale`)."""
    known = notice_kinds.get(kind)
    return rules.sentence(str(known.sentence), words, _said) if known else gettext("有一条新消息")


def latest(member_id: uuid.UUID, after: uuid.UUID | None = None) -> tuple[list[Told], uuid.UUID | None]:
    """A page of notices, newest first, and the id from which the next one goes on."""
    wanted = select(Notice).where(Notice.member_id == member_id).order_by(Notice.id.desc()).limit(PER_PAGE + 1)
    if after:
        wanted = wanted.where(Notice.id < after)
    rows = list(db.session.scalars(wanted))
    shown = rows[:PER_PAGE]
    told = [Told(row.id, say(row.kind, row.words), row.url, row.made_at, row.read_at is None) for row in shown]
    return told, shown[-1].id if len(rows) > PER_PAGE else None


def count_unread(person: Viewer) -> int:
    """How many notices the person has not read, for the shell's bell."""
    return db.session.scalar(_UNREAD, {"member_id": person.id}) or 0


unread_count[:] = [count_unread]


@operation("notices.read", form=ReadForm, requires="signed_in", lane="notices")
def read_all(act: Act, *, until: str | None) -> Outcome:
    """Mark as read what the person has seen."""
    reading = update(Notice).where(Notice.member_id == act.person.id, Notice.read_at.is_(None))
    if until:
        reading = reading.where(Notice.id <= uuid.UUID(until))
    execute_count(reading.values(read_at=now()))
    touch(f"notices:{act.person.id}")
    return Outcome(gettext("都标为已读了"), url="/notices")


@operation("notice.read", form=OpenForm, requires="signed_in", lane="notices")
def read_one(act: Act) -> Outcome:
    """Mark one notice as read and go to what it is about."""
    notice = db.session.get(Notice, act.target_id)
    if notice is None or notice.member_id != act.person.id:
        raise NotFound
    notice.read_at = notice.read_at or now()
    return Outcome(url=notice.url)
