"""Names that changed: a member's company and position by themselves, whatever else by an admin; audited, and told."""

from __future__ import annotations

import uuid
from typing import Any

from flask_babel import gettext, lazy_gettext
from sqlalchemy import delete, exists, select

from blueprints.accounts.forms import CompanyChangeForm, CorrectionForm
from blueprints.accounts.models import Company, Member, RuleComment
from blueprints.accounts.service.membership import NotOneself
from blueprints.accounts.service.registration import company_for, everyone_with, names_of
from core import audit
from core.database import db, locked, touch
from core.errors import NotFound, Refusal, constraint_means
from core.operations import Act, Outcome, operation
from core.registries import notice_kind, notice_switch, tell
from core.text import company_name_key

PROFILE_URL = "/me/profile"
CHANGES = notice_switch("members.changes", lazy_gettext("会员改了公司或职务"), roles=("admin",))
COMPANY_CHANGED = notice_kind(
    "member.company", lazy_gettext("%(name)s 改了公司：%(before)s → %(after)s"), switch=CHANGES
)
POSITION_CHANGED = notice_kind(
    "member.position", lazy_gettext("%(name)s 改了职务：%(before)s → %(after)s"), switch=CHANGES
)
CORRECTED = notice_kind("member.corrected", lazy_gettext("秘书处更正了您的资料：%(reason)s"))


class CodeTaken(Refusal):
    """Another company has this credit code."""

    message = lazy_gettext("这个统一社会信用代码已经有公司在用。您要是换到了那家公司，请选“我换了公司”。")


constraint_means("uq_companies_uscc", CodeTaken)


@operation("company.change", form=CompanyChangeForm, lane="company")
def change_company(act: Act, *, change: str, company_name: str, uscc: str | None, new_position: str | None) -> Outcome:
    """Say that one's company is called otherwise now (for all its members), or that one works for another."""
    member = _member(act.person.id)
    before, old = member.company.name, member.company_id
    if change == "renamed":
        _rename(old, company_name, uscc)
    else:
        member.company_id = company_for(company_name, uscc, member.trade)
        db.session.flush()
        db.session.refresh(member, ["company"])
        _drop_if_nobodys(old)
        _find_again([member])
    after = db.session.get_one(Company, member.company_id).name
    if after != before or uscc:
        values: dict[str, Any] = {
            "before": {"company": before},
            "after": {"company": after} | ({"uscc": uscc} if uscc else {}),
        }
        audit.record(act.person, f"member.company_{change}", "member", member.id, **values)
        _tell_admins(act, member, COMPANY_CHANGED, before, after)
    if new_position:
        change_position(act, member, new_position)
    return Outcome(gettext("已保存"), url=PROFILE_URL)


def change_position(act: Act, member: Member, position: str) -> None:
    """Give a member another position, on the trail and told to admins; the same one is no change."""
    before = member.position
    if position == before:
        return
    member.position = position
    values: dict[str, Any] = {"before": {"position": before}, "after": {"position": position}}
    audit.record(act.person, "member.position", "member", member.id, **values)
    _tell_admins(act, member, POSITION_CHANGED, before, position)


@operation("member.correct", form=CorrectionForm, requires="members.manage")
def correct(
    act: Act,
    *,
    real_name: str,
    company_name: str,
    uscc: str | None,
    position: str,
    trade: str,
    referrer: str | None,
    reason: str,
) -> Outcome:
    """Correct what a member cannot correct themselves; the company's name and code are so for all its members."""
    if act.target_id == act.person.id:
        raise NotOneself
    member = _member(act.target_id)
    wanted = {"real_name": real_name, "position": position, "trade": trade, "referrer": referrer or ""}
    before: dict[str, Any] = {name: getattr(member, name) for name in wanted}
    company = {"company": member.company.name, "uscc": member.company.uscc or ""}
    for name, value in wanted.items():
        setattr(member, name, value)
    _rename(member.company_id, company_name, uscc)
    _find_again([member])
    before, after = before | company, wanted | {"company": company_name, "uscc": uscc or company["uscc"]}
    changed = [name for name in after if after[name] != before[name]]
    if not changed:
        return Outcome(gettext("没有变化"), url=f"/admin/members/{member.id}")
    audit.record(
        act.person,
        "member.correct",
        "member",
        member.id,
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
        reason=reason,
    )
    tell([member.id], CORRECTED, url=PROFILE_URL, subject=f"member:{member.id}:corrected:{act.op_id}", reason=reason)
    return Outcome(gettext("改好了，本人会知道。"), url=f"/admin/members/{member.id}")


def names_held(member: Member) -> dict[str, str]:
    """What the form of a correction is filled in with."""
    own = {name: getattr(member, name) for name in ("real_name", "position", "trade", "referrer")}
    return own | {"company_name": member.company.name, "uscc": member.company.uscc or ""}


def _member(member_id: uuid.UUID) -> Member:
    member = locked(Member, member_id)
    if member is None or member.status not in ("member", "suspended"):
        raise NotFound
    return member


def _rename(company_id: uuid.UUID, name: str, uscc: str | None) -> None:
    company = locked(Company, company_id)
    if company is None:
        raise NotFound
    company.name, company.name_key = name, company_name_key(name)
    company.uscc = uscc or company.uscc
    db.session.flush()
    _find_again(db.session.scalars(select(Member).where(Member.company_id == company_id)).unique().all())


def _find_again(members: Any) -> None:
    """What is kept beside the names of `members`, made anew; and the pages on which they signed."""
    for member in members:
        for name, value in names_of(member.real_name, member.company.name).items():
            setattr(member, name, value)
    signed = select(RuleComment.slug).where(RuleComment.author_id.in_([member.id for member in members])).distinct()
    touch(*(f"rule-comments:{slug}" for slug in db.session.scalars(signed)))


def _drop_if_nobodys(company_id: uuid.UUID) -> None:
    nobodys = ~exists().where(Member.company_id == company_id)
    db.session.execute(delete(Company).where(Company.id == company_id, nobodys))
    touch("people", f"company:{company_id}")


def _tell_admins(act: Act, member: Member, kind: str, before: str, after: str) -> None:
    admins = [admin for admin in everyone_with("admin") if admin != member.id]
    subject = f"member:{member.id}:{kind}:{act.op_id}"
    words = {"name": member.real_name, "before": before, "after": after}
    tell(admins, kind, url=f"/admin/members/{member.id}", subject=subject, **words)
