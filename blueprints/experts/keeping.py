"""Who leads a group and who is in it: kept by the admins."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from blueprints.accounts.models import Member
from blueprints.experts.acts import described_group
from blueprints.experts.forms import ExpertForm, LeadForm, LeaveForm
from blueprints.experts.models import Expert, ExpertGroup
from blueprints.experts.rules import GROUPS
from core.audit import record
from core.database import db, touch
from core.errors import NotFound, Refusal
from core.operations import Act, Outcome, operation


class NoSuchMember(Refusal):
    """The phone given is no member's."""

    message = _l("没有用这个手机号的会员。")


@operation("expert_group.name_lead", form=LeadForm, requires="members.manage", lane="expert_group")
def name_lead(act: Act, *, phone: str) -> Outcome:
    """Make a member the lead of a group (the target is its slug)."""
    group, person = _group(act.target), _member(phone)
    before, group.lead_id = group.lead_id, person.id
    touch(f"consultations:{before}")
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
