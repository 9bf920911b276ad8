"""What members say of themselves and their company, and how their screen is shown."""

from __future__ import annotations

import uuid
from typing import Any

from flask_babel import gettext
from sqlalchemy import update

from blueprints.accounts.forms import CompanyForm, DisplayForm, EmptyForm, ProfileForm
from blueprints.accounts.models import Company, Member
from blueprints.accounts.service.corrections import change_position
from blueprints.accounts.service.registration import STATUS_URL
from core.database import db, locked
from core.errors import NotFound, Stale
from core.operations import Act, Outcome, operation, version_built_on

PROFILE_URL = "/me"


def profile_of(member_id: uuid.UUID) -> Member:
    """A person's own rows: member and company, in one query."""
    return db.session.get_one(Member, member_id)


def profile_values(member: Member) -> dict[str, Any]:
    """What the profile form is filled in with."""
    return {name: getattr(member, name) for name in ProfileForm.names()}


def company_values(company: Company) -> dict[str, str]:
    """What the company form is filled in with."""
    return {"products": company.products, "buys": company.buys, "version": str(company.version)}


@operation("profile.update", form=ProfileForm, requires="member")
def update_profile(
    act: Act,
    *,
    position: str | None,
    introduction: str | None,
    strengths: str | None,
    shortfalls: str | None,
    phone_visible: bool,
) -> Outcome:
    """Change what members read about oneself; without a position the old one stays."""
    member = _self(act)
    if position:
        change_position(act, member, position)
    member.introduction = introduction or ""
    member.strengths = strengths or ""
    member.shortfalls = shortfalls or ""
    member.phone_visible = phone_visible
    return Outcome(gettext("已保存"), url=PROFILE_URL)


@operation("company.update", form=CompanyForm, requires="member")
def update_company(act: Act, *, products: str | None, buys: str | None, version: str | None) -> Outcome:
    """Change what one's company makes and buys; colleagues edit the same, so that a `Stale` shows both versions."""
    company = locked(Company, _self(act).company_id)
    if company is None:
        raise NotFound
    if version and version_built_on(act.owner, version) != company.version:
        raise Stale(company_values(company))
    company.products = products or ""
    company.buys = buys or ""
    db.session.flush()
    return Outcome(gettext("已保存"), url=PROFILE_URL, made_version=company.version)


@operation("profile.withdraw_identity", form=EmptyForm, requires="signed_in")
def withdraw_identity(act: Act) -> Outcome:
    """Take one's identity number back, as the privacy text promises."""
    member = _self(act)
    member.identity_number = member.identity_digest = member.identity_digest_next = None
    return Outcome(gettext("身份证号已删去。"), url=PROFILE_URL if act.person.is_member else STATUS_URL)


@operation("display.set", form=DisplayForm, requires="signed_in", waits=False)
def set_display(act: Act, *, large: str | None, palette: str | None, language: str | None) -> Outcome:
    """Keep how the screen is shown. It stands on no page that others see: nothing is stamped."""
    chosen: dict[str, Any] = {"palette": palette, "language": language, "large": large and large == "1"}
    changed = {name: value for name, value in chosen.items() if value not in (None, "")}
    if changed:
        db.session.execute(update(Member).where(Member.id == act.person.id).values(**changed))
    return Outcome()


def _self(act: Act) -> Member:
    member = locked(Member, act.person.id)
    if member is None:
        raise NotFound
    return member
