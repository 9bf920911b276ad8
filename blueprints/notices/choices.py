"""What a member wants to be told of, switch by switch, and whether by SMS too."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from flask_babel import gettext
from sqlalchemy import delete, select

from blueprints.notices.forms import SMS, ChoicesForm
from blueprints.notices.models import MutedNotice, SmsMessage
from core import sms
from core.access import Viewer
from core.database import db, insert_once, touch
from core.operations import Act, Outcome, operation
from core.registries import notice_switches

CHOICES_URL = "/me/notices"


def offered(person: Viewer) -> dict[str, Any]:
    """The switches that concern this person with their words: everybody's first, then their roles', then SMS."""
    known = sorted(notice_switches.items())
    everybodys = {code: each.label for code, each in known if not each.roles}
    own = {code: each.label for code, each in known if each.roles & person.roles}
    messages = {SMS: dict(ChoicesForm().wanted.choices)[SMS]} if sms.available() else {}
    return (everybodys if person.is_member else {}) | own | messages


def muted_by(member_id: uuid.UUID) -> set[str]:
    """What a member has switched off."""
    return set(db.session.scalars(select(MutedNotice.switch).where(MutedNotice.member_id == member_id)))


def without_muted(members: Sequence[uuid.UUID], switch: str) -> list[uuid.UUID]:
    """Those of `members` who have not switched this off; all of them where nothing switches it off."""
    if not switch or not members:
        return list(members)
    muted = select(MutedNotice.member_id).where(MutedNotice.switch == switch, MutedNotice.member_id.in_(members))
    silent = set(db.session.scalars(muted))
    return [member_id for member_id in members if member_id not in silent]


@operation("notices.choose", form=ChoicesForm, requires="signed_in", lane="notices")
def choose(act: Act, *, wanted: list[str], shown: str | None) -> Outcome:
    """Switch on what was ticked, and off what was offered and not ticked; messages that wait go with their switch."""
    known = {*notice_switches, SMS}
    on = set(wanted)
    off = (set((shown or "").split(",")) & known) - on
    mine = MutedNotice.member_id == act.person.id
    db.session.execute(delete(MutedNotice).where(mine, MutedNotice.switch.in_(on)))
    if off:
        rows = [{"member_id": act.person.id, "switch": switch} for switch in sorted(off)]
        once = insert_once(MutedNotice).values(rows)
        db.session.execute(once.on_conflict_do_nothing(index_elements=["member_id", "switch"]))
    if SMS in off:
        db.session.execute(delete(SmsMessage).where(SmsMessage.member_id == act.person.id))
    touch(f"notice-choices:{act.person.id}")
    return Outcome(gettext("记下了"), url=CHOICES_URL)
