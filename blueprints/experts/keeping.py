"""Who leads a group and who is in it: kept by the admins, and set right when somebody leaves."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from blueprints.accounts.models import Member, RoleGrant
from blueprints.experts.acts import admins, described_group
from blueprints.experts.forms import ExpertForm, LeadForm, LeaveForm
from blueprints.experts.models import Consultation, Expert, ExpertGroup
from blueprints.experts.rules import GROUPS, UNDER_WAY
from blueprints.experts.words import group_name
from core.audit import record
from core.database import db, touch
from core.errors import NotFound, Refusal
from core.operations import Act, Outcome, operation
from core.registries import ProfileFact, adds_to_profile, notice_kind, tell, when_member_leaves

notice_kind("expert_group.lead_gone", _l("专家组（%(group)s）的组长离开了，请另定组长"))
notice_kind("consultation.expert_gone", _l("承办咨询“%(topic)s”的专家离开了，请改由别人承办"))


class NoSuchMember(Refusal):
    """The phone given is no member's."""

    message = _l("没有用这个手机号的会员。")


@operation("expert_group.name_lead", form=LeadForm, requires="members.manage", lane="expert_group")
def name_lead(act: Act, *, phone: str) -> Outcome:
    """Make a member the lead of a group (the target is its slug)."""
    group, person = _group(act.target), _member(phone)
    before, group.lead_id = group.lead_id, person.id
    touch(f"consultations:{before}")
    _give(person, "lead")
    record(
        act.person,
        "expert_group.name_lead",
        "expert_group",
        group.slug,
        before={"lead_id": str(before)} if before else None,
        after={"lead_id": str(person.id)},
    )
    return Outcome(gettext("组长现在是%(name)s。", name=person.real_name), url=f"/experts/{group.slug}")


@operation("expert_group.take_in", form=ExpertForm, requires="members.manage", lane="expert_group")
def take_in(act: Act, *, phone: str, expertise: str) -> Outcome:
    """Put a member into a group, or say anew what they know."""
    group, person = _group(act.target), _member(phone)
    expert = _expert(group.slug, person)
    if expert is None:
        expert = Expert(group_slug=group.slug, member_id=person.id)
        db.session.add(expert)
    expert.expertise = expertise
    _give(person, "expert")
    record(act.person, "expert_group.take_in", "expert_group", group.slug, after={"member_id": str(person.id)})
    return Outcome(gettext("%(name)s已在组里。", name=person.real_name), url=f"/experts/{group.slug}")


@operation("expert_group.let_go", form=LeaveForm, requires="members.manage", lane="expert_group")
def let_go(act: Act) -> Outcome:
    """Take an expert (the target) out of the group; what they advise on already stays theirs."""
    expert = db.session.get(Expert, act.target_id)
    if expert is None:
        raise NotFound
    db.session.delete(expert)
    record(
        act.person,
        "expert_group.let_go",
        "expert_group",
        expert.group_slug,
        before={"member_id": str(expert.member_id)},
    )
    return Outcome(gettext("已移出专家组。"), url=f"/experts/{expert.group_slug}")


def _group(slug: str | None) -> ExpertGroup:
    if slug not in GROUPS:
        raise NotFound
    return described_group(slug)


def _member(phone: str) -> Member:
    person = db.session.scalars(select(Member).where(Member.phone == phone, Member.status == "member")).one_or_none()
    if person is None:
        raise NoSuchMember
    return person


def _expert(slug: str, person: Member) -> Expert | None:
    return db.session.scalars(
        select(Expert).where(Expert.group_slug == slug, Expert.member_id == person.id)
    ).one_or_none()


def _give(person: Member, role: str) -> None:
    if role not in {grant.role for grant in person.role_grants}:
        person.role_grants.append(RoleGrant(role=role))


@when_member_leaves
def hand_over(member_id: uuid.UUID) -> None:
    """A group whose lead leaves has none; what an expert who leaves had in hand is the lead's to give on."""
    for group in db.session.scalars(select(ExpertGroup).where(ExpertGroup.lead_id == member_id)):
        group.lead_id = None
        subject = f"expert_group:{group.slug}:{member_id}"
        tell(admins(), "expert_group.lead_gone", url=f"/experts/{group.slug}", subject=subject, group=group.name)
    in_hand = (
        select(Consultation, ExpertGroup.lead_id)
        .join(ExpertGroup)
        .where(Consultation.expert_id == member_id, Consultation.state.in_(UNDER_WAY))
    )
    for found, lead_id in db.session.execute(in_hand):
        url, subject = f"/consultations/{found.id}", f"consultation:{found.id}:gone:{member_id}"
        receivers = [lead_id] if lead_id else admins()
        tell(receivers, "consultation.expert_gone", url=url, subject=subject, topic=found.topic)


@adds_to_profile
def expertise(member_id: uuid.UUID) -> Iterator[ProfileFact]:
    """The groups that a member is in, and what they know."""
    rows = db.session.execute(
        select(ExpertGroup, Expert.expertise)
        .join(Expert, Expert.group_slug == ExpertGroup.slug)
        .where(Expert.member_id == member_id)
        .order_by(ExpertGroup.slug)
    )
    for group, known in rows:
        yield ProfileFact(group_name(group), known, f"/experts/{group.slug}")
