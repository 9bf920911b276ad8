"""What the desk does with an issue: each act an operation, kept as a step and told to whose turn it is."""

from __future__ import annotations

import datetime as dt

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from blueprints.briefings import rules, search_index, service
from blueprints.briefings.forms import CreateForm, EditForm, SubmitForm, VerdictForm
from blueprints.briefings.models import Briefing, BriefingNumbering, BriefingVersion
from blueprints.briefings.rules import Verdict
from blueprints.briefings.steps import (
    DayFarAway,
    DayTaken,
    Final,
    InOthersHands,
    OwnReview,
    OwnWork,
    Unwritten,
    holders,
    known,
    must_explain,
    outcome,
    ready,
    returned,
    step,
    tell_of,
    url_of,
)
from core import chamber
from core.clock import clock, now, today
from core.database import db, insert_once, new_id, stamps_of
from core.errors import Stale
from core.i18n import spoken
from core.operations import Act, Outcome, operation, version_built_on
from core.registries import notice_kind, notice_switch, tell

DESK = notice_switch(
    "briefings.desk", _l("简报轮到我审、我签，被退回或签发了"), roles=("editor", "reviewer", "publisher")
)
notice_kind("briefing.submitted", _l("%(issue_on)s的简报《%(title)s》等您审核"), switch=DESK)
notice_kind("briefing.reviewed", _l("%(issue_on)s的简报《%(title)s》等您签发"), switch=DESK)
notice_kind("briefing.returned", _l("%(issue_on)s的简报《%(title)s》被退回，请修改"), switch=DESK)
notice_kind("briefing.signed_off", _l("简报第 %(number)s 期《%(title)s》已签发，%(publishes_at)s 发布"), switch=DESK)


@operation("briefing.create", form=CreateForm, requires="briefing.edit", lane="briefing")
def create(act: Act, *, date: dt.date) -> Outcome:
    """Begin the issue of a day."""
    _must_be_free(date)
    made = Briefing(id=new_id(), date=date, editor_id=act.person.id, state="draft")
    db.session.add(made)
    db.session.flush()
    step(act, made, "create")
    return outcome(made, gettext("已建好，可以开始写了。"))


def _must_be_free(day: dt.date) -> None:
    if not rules.is_near(day, today()):
        raise DayFarAway
    taken = db.session.scalar(select(Briefing.id).where(Briefing.date == day, Briefing.state != "imported"))
    if taken:
        raise DayTaken(url=f"/desk/briefings/{taken}")


@operation("briefing.redate", form=CreateForm, requires="briefing.edit", lane="briefing")
def redate(act: Act, *, date: dt.date) -> Outcome:
    """Give a draft another day: it was begun for a wrong one, or put off."""
    found = editable(act)
    before = found.date
    if date == before:
        return outcome(found, gettext("没有改动，已经保存过了。"), result="duplicate")
    _must_be_free(date)
    found.date = date
    step(act, found, "redate", before={"date": str(before)}, after={"date": str(date)})
    return outcome(found, gettext("已改到这一天。"))


@operation("briefing.edit", form=EditForm, requires="briefing.edit", lane="briefing")
def edit(act: Act, *, title: str, body: str, version: str) -> Outcome:
    """Save a text; who builds on an older one is shown both and loses neither."""
    found = editable(act)
    if (title, body) == (found.title, found.body):
        return outcome(found, gettext("没有改动，已经保存过了。"), result="duplicate")
    base = version_built_on(act.owner, version)
    if rules.is_stale(base, text_version=found.text_version, version=found.version):
        raise Stale(current={"title": found.title, "body": found.body, "version": found.version})
    save(act, found, title, body)
    return outcome(found, gettext("已保存。"))


def editable(act: Act) -> Briefing:
    """The draft of an operation, under its lock."""
    found = known(act)
    if found.state in ("signed_off", "imported"):
        raise Final
    if not rules.is_ready_for("edit", found.state):
        raise InOthersHands
    return found


def save(act: Act, found: Briefing, title: str, body: str) -> None:
    """Make a version of the text, which the actor has had a hand in from now on."""
    before = found.title
    found.title, found.body, found.editor_id = title, body, act.person.id
    found.text_version = found.version + 1
    db.session.flush()
    db.session.add(
        BriefingVersion(
            briefing_id=found.id,
            version=found.version,
            title=title,
            body=body,
            author_id=act.person.id,
            saved_at=now(),
        )
    )
    step(act, found, "edit", before={"title": before}, after={"title": title, "version": found.version})


@operation("briefing.submit", form=SubmitForm, requires="briefing.edit", lane="briefing")
def submit(act: Act) -> Outcome:
    """Pass a draft on to the reviewers."""
    found = ready(act, "submit")
    if not (found.title and found.body):
        raise Unwritten
    found.state = rules.after("submit")
    step(act, found, "submit")
    hands = service.hands_on((found.id,))[found.id]
    tell_of(act, found, "submitted", [person for person in holders("reviewer") if person not in hands])
    return outcome(found, gettext("已提交，等审核。"))


@operation("briefing.review", form=VerdictForm, requires="briefing.review", lane="briefing")
def review(act: Act, *, verdict: Verdict, comment: str | None) -> Outcome:
    """Pass an issue on to the publishers, or give it back."""
    found = ready(act, "review")
    hands = service.hands_on((found.id,))[found.id]
    if not rules.may_review(act.person.id, hands=hands):
        raise OwnWork
    if verdict == "return":
        must_explain(act, found, comment)
    found.state = rules.after("review", verdict)
    found.reviewer_id = act.person.id if verdict == "pass" else None
    step(act, found, "review", verdict, comment)
    if verdict == "return":
        return returned(act, found)
    others = [person for person in holders("publisher") if person not in {*hands, act.person.id}]
    tell_of(act, found, "reviewed", others)
    return outcome(found, gettext("已通过，等签发。"))


@operation("briefing.sign_off", form=VerdictForm, requires="briefing.sign_off", lane="briefing")
def sign_off(act: Act, *, verdict: Verdict, comment: str | None) -> Outcome:
    """Give an issue its number and its hour, or give it back."""
    found = ready(act, "sign_off")
    hands = service.hands_on((found.id,))[found.id]
    if not rules.may_sign_off(act.person.id, hands=hands, reviewer=found.reviewer_id):
        raise OwnReview if act.person.id == found.reviewer_id else OwnWork
    if verdict == "return":
        must_explain(act, found, comment)
        found.state, found.reviewer_id = rules.after("sign_off", verdict), None
        step(act, found, "sign_off", verdict, comment)
        return returned(act, found)
    chamber.refresh(stamps_of(("chamber",)))
    moment, number = now(), _next_number()
    found.number, found.state, found.publisher_id, found.signed_off_at = number, "signed_off", act.person.id, moment
    day = found.date or moment.date()
    found.publishes_at = rules.publication(clock.at(day, chamber.current().briefing_at), moment)
    search_index.put(found)
    step(act, found, "sign_off", verdict, comment, after={"number": number})
    tell(
        [person for person in (found.editor_id, found.reviewer_id) if person],
        "briefing.signed_off",
        url=url_of(found),
        subject=f"briefing:{found.id}:signed_off",
        number=str(found.number),
        title=found.title,
        publishes_at=found.publishes_at.isoformat(),
    )
    moment_said = spoken(found.publishes_at)
    return outcome(found, gettext("第 %(number)s 期已签发，%(moment)s 发布。", number=found.number, moment=moment_said))


def _next_number() -> int:
    """The number after the highest, under the lock that is kept until the transaction ends."""
    statement = insert_once(BriefingNumbering).values(id=1)
    db.session.execute(statement.on_conflict_do_update(index_elements=["id"], set_={"id": 1}))
    return (db.session.scalar(select(func.max(Briefing.number))) or 0) + 1
