"""What is done with a consultation: each step an operation, told to whom it concerns."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from blueprints.accounts.models import Member, RoleGrant
from blueprints.experts import rules, service
from blueprints.experts.forms import (
    AssignForm,
    CompleteForm,
    DeclineForm,
    RateForm,
    RequestForm,
    ScheduleForm,
    WithdrawForm,
)
from blueprints.experts.models import Consultation, Expert, ExpertGroup
from blueprints.experts.rules import GROUPS
from core.audit import record
from core.clock import now
from core.database import db, insert_once, locked, touch
from core.errors import Duplicate, Forbidden, NotFound, Refusal
from core.operations import Act, Outcome, free_id, operation
from core.registries import notice_kind, notice_switch, tell

MINE = notice_switch("consultations.mine", _l("我的咨询有了专家，或者办结了"))
WORK = notice_switch("consultations.work", _l("交给我办的咨询：来了、评价了"), roles=("expert", "lead", "admin"))
notice_kind("consultation.requested", _l("%(member)s提了一件咨询“%(topic)s”，等您指派专家"), switch=WORK)
notice_kind("consultation.assigned", _l("%(member)s的咨询“%(topic)s”交给了您，请约定时间"), switch=WORK)
notice_kind("consultation.expert_named", _l("您的咨询“%(topic)s”由专家%(expert)s承办，等对方约时间"), switch=MINE)
notice_kind("consultation.taken_over", _l("咨询“%(topic)s”已改由%(expert)s承办，您不用再管"), switch=WORK)
notice_kind("consultation.scheduled", _l("咨询“%(topic)s”约好了时间和地点，请看"))
notice_kind("consultation.moved", _l("咨询“%(topic)s”改了时间或地点，请看"))
notice_kind("consultation.declined", _l("咨询“%(topic)s”被谢绝，理由在里面"), urgent=True)
notice_kind("consultation.completed", _l("咨询“%(topic)s”已办结，请看小结并评价"), switch=MINE)
notice_kind("consultation.withdrawn", _l("%(member)s撤回了咨询“%(topic)s”"))
notice_kind("consultation.rated", _l("%(member)s评价了咨询“%(topic)s”"), switch=WORK)


class NotNow(Refusal):
    """The consultation has moved on: this step is no longer, or not yet, possible."""

    message = _l("这件咨询的进展已经变了，现在不能这样做。请看最新的状态。")


class AlreadyRated(NotNow):
    """A consultation is rated once."""

    message = _l("您已经评价过了，每件咨询评价一次。")


class NotInGroup(Refusal):
    """The person named is no expert of this group (any more)."""

    message = _l("请从本组的专家里选一位。")


class OwnConsultation(Refusal):
    """Nobody advises themselves."""

    message = _l("提出咨询的人不能承办自己的咨询，请选另一位专家。")


class InThePast(Refusal):
    """The meeting is in the past."""

    message = _l("这个时间已经过去了，请换一个。")


@operation("consultation.request", form=RequestForm, lane="consultation")
def request(
    act: Act,
    *,
    topic: str,
    body: str,
    mode: str | None,
    preferred_times: str | None,
    id: str | None,  # noqa: A002 - the contract's name of the field
) -> Outcome:
    """Ask a group (the target is its slug); its lead is told, or the admins where there is none."""
    if act.target not in GROUPS:
        raise NotFound
    key = free_id(Consultation, id)
    asked = Consultation(
        id=key,
        group=described_group(act.target),
        member_id=act.person.id,
        topic=topic,
        body=body,
        mode=mode or "in_person",
        preferred_times=preferred_times or "",
        state="requested",
        requested_at=_received(act),
    )
    db.session.add(asked)
    db.session.flush()
    touch(f"consultations:{asked.group.lead_id}")
    receivers = [asked.group.lead_id] if asked.group.lead_id else admins()
    _tell(act, asked, "requested", *receivers, member=act.person.real_name)
    return _outcome(asked, gettext("已提交。组长会在两个工作日内答复您。"))


@operation("consultation.assign", form=AssignForm, lane="consultation")
def assign(act: Act, *, expert_id: str) -> Outcome:
    """Name the expert; naming another one takes the consultation from the first, and its appointment with it."""
    found = _open(act, "assign")
    expert = uuid.UUID(expert_id)
    if expert == found.expert_id:
        raise Duplicate(gettext("已经指派给这位专家了。"), url=_url(found))
    person = _expert_in(found.group_slug, expert)
    if expert == found.member_id:
        raise OwnConsultation
    before, found.expert_id = found.expert_id, expert
    found.state, found.assigned_at, found.starts_at, found.place = "assigned", now(), None, ""
    found.scheduled_at = None
    _answered(found)
    _changed(found)
    touch(f"consultations:{before}")
    record(
        act.person,
        "consultation.assign",
        "consultation",
        found.id,
        before={"expert_id": str(before)} if before else None,
        after={"expert_id": str(expert)},
    )
    _tell(act, found, "assigned", expert, again=True, member=found.member.real_name)
    _tell(act, found, "expert_named", found.member_id, again=True, expert=person.real_name)
    _tell(act, found, "taken_over", before, again=True, expert=person.real_name)
    return _outcome(found, gettext("已指派给%(name)s。", name=person.real_name))


@operation("consultation.schedule", form=ScheduleForm, lane="consultation")
def schedule(act: Act, *, starts_at: datetime, place: str) -> Outcome:
    """Say when and where they meet; a later time replaces the one before."""
    found = _open(act, "schedule")
    if found.state == "scheduled" and (found.starts_at, found.place) == (starts_at, place):
        raise Duplicate(gettext("已经约在这个时间和地点了。"), url=_url(found))
    if starts_at < now():
        raise InThePast
    moves = found.state == "scheduled"
    found.state, found.starts_at, found.place, found.scheduled_at = "scheduled", starts_at, place, now()
    _changed(found)
    _tell(act, found, "moved" if moves else "scheduled", found.member_id, found.expert_id, again=True)
    return _outcome(found, gettext("已改，双方都会收到通知。") if moves else gettext("已约好，双方都会收到通知。"))


@operation("consultation.decline", form=DeclineForm, lane="consultation")
def decline(act: Act, *, reason: str) -> Outcome:
    """Say that the group cannot help, and why; the lead before an expert is named, then the expert."""
    found = _open(act, "decline")
    found.state, found.reason, found.closed_at = "declined", reason, now()
    _answered(found)
    _changed(found)
    _tell(act, found, "declined", found.member_id, found.group.lead_id)
    return _outcome(found, gettext("已谢绝，理由会让对方看到。"))


@operation("consultation.complete", form=CompleteForm, lane="consultation")
def complete(act: Act, *, summary: str) -> Outcome:
    """Write down what was advised; then it is the member's turn."""
    found = _open(act, "complete")
    found.state, found.summary, found.completed_at = "completed", summary, now()
    _changed(found)
    _tell(act, found, "completed", found.member_id)
    return _outcome(found, gettext("已办结，请对方评价。"))


@operation("consultation.withdraw", form=WithdrawForm, lane="consultation")
def withdraw(act: Act) -> Outcome:
    """Take one's own request back, until it is completed."""
    found = _known(act)
    if found.state == "withdrawn" and found.member_id == act.person.id:
        raise Duplicate(gettext("这件咨询已经撤回了。"), url=_url(found))
    _may(found, act, "withdraw")
    found.state, found.closed_at = "withdrawn", now()
    _changed(found)
    _tell(act, found, "withdrawn", found.expert_id, found.group.lead_id, member=act.person.real_name)
    return _outcome(found, gettext("已撤回。"))


@operation("consultation.rate", form=RateForm, lane="consultation")
def rate(act: Act, *, stars: str, comment: str | None) -> Outcome:
    """Say how it was, once."""
    found = _known(act)
    if found.state == "rated" and found.member_id == act.person.id:
        raise AlreadyRated
    _may(found, act, "rate")
    found.state, found.stars, found.comment, found.rated_at = "rated", int(stars), comment or "", now()
    _changed(found)
    _tell(act, found, "rated", found.expert_id, found.group.lead_id, member=act.person.real_name)
    return _outcome(found, gettext("谢谢您的评价。"))


def described_group(slug: str) -> ExpertGroup:
    """The row of a group, made where nobody has described it yet."""
    blank = service.blank_group(slug)
    statement = insert_once(ExpertGroup).values(slug=slug, name=blank.name, description="")
    db.session.execute(statement.on_conflict_do_nothing(index_elements=["slug"]))
    return db.session.get_one(ExpertGroup, slug)


def _known(act: Act) -> Consultation:
    """The consultation under its lock, for somebody who has a part in it; for all others there is none."""
    found = locked(Consultation, act.target_id)
    if found is None or found.member_id is None or not service.parts_in(found, act.person):
        raise NotFound
    return found


def _open(act: Act, step: str) -> Consultation:
    found = _known(act)
    _may(found, act, step)
    return found


def _may(found: Consultation, act: Act, step: str) -> None:
    parts = service.parts_in(found, act.person)
    if not rules.is_anyones(step, parts):
        raise Forbidden
    if step not in rules.allowed(found.state, parts):
        raise NotNow(url=_url(found))


def _expert_in(slug: str, person: uuid.UUID) -> Member:
    found = db.session.scalars(
        select(Member)
        .join(Expert, Expert.member_id == Member.id)
        .where(Expert.group_slug == slug, Member.id == person, Member.status == "member")
    ).one_or_none()
    if found is None:
        raise NotInGroup
    return found


def admins() -> list[uuid.UUID]:
    """Who names experts where a group has no lead."""
    return list(
        db.session.scalars(
            select(Member.id)
            .join(RoleGrant, RoleGrant.member_id == Member.id)
            .where(RoleGrant.role == "admin", Member.status == "member")
        )
    )


def _received(act: Act) -> datetime:
    return act.received_at or now()


def _answered(found: Consultation) -> None:
    found.first_answered_at = found.first_answered_at or now()


def _changed(found: Consultation) -> None:
    db.session.flush()
    touch(f"consultations:{found.group.lead_id}")


def _url(found: Consultation) -> str:
    return f"/consultations/{found.id}"


def _tell(
    act: Act, found: Consultation, what: str, *people: uuid.UUID | None, again: bool = False, **words: str
) -> None:
    """Tell everybody named but the actor; `again` for what may happen more than once."""
    receivers = {person for person in people if person and person != act.person.id}
    subject = f"consultation:{found.id}:{what}" + (f":{found.version}" if again else "")
    url = "/consultations?as=expert" if what == "taken_over" else _url(found)  # it is no longer theirs to read
    tell(sorted(receivers), f"consultation.{what}", url=url, subject=subject, topic=found.topic, **words)


def _outcome(found: Consultation, message: str, **more: Any) -> Outcome:
    return Outcome(message, url=_url(found), made_version=found.version, **more)
