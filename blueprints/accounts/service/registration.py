"""Applying for membership under one's real name, and answering what the chamber asks."""

from __future__ import annotations

import uuid

from flask_babel import gettext, lazy_gettext
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from blueprints.accounts import limiting
from blueprints.accounts.forms import AnswerForm, RegistrationForm
from blueprints.accounts.identity import keep_number
from blueprints.accounts.models import Company, Member, Registration, RegistrationEntry, RoleGrant
from blueprints.accounts.passwords import hash_ahead
from blueprints.accounts.rules import may_answer
from blueprints.accounts.service.community_rules import accept_versions
from core import text
from core.access import Viewer
from core.clock import now
from core.database import db, insert_once, new_id
from core.errors import NotFound, Refusal, constraint_means
from core.fields import Form
from core.operations import Act, Outcome, operation
from core.registries import notice_kind, notice_switch, tell

STATUS_URL = "/register/status"
APPLICATIONS = notice_switch("registrations.new", lazy_gettext("新的入会申请，和补充的话"), roles=("admin",))
SUBMITTED = notice_kind("registration.submitted", lazy_gettext("%(name)s（%(company)s）申请入会"), switch=APPLICATIONS)
ANSWERED = notice_kind(
    "registration.answered", lazy_gettext("%(name)s（%(company)s）补充了入会申请"), switch=APPLICATIONS
)


class PhoneTaken(Refusal):
    """The phone has an account or an application already; its owner logs in."""

    message = lazy_gettext("这个手机号已有账号或申请。请用它登录，忘了密码可以找回。")


constraint_means("uq_members_phone", PhoneTaken)


class AlreadyMember(Refusal):
    """There is nothing to answer any more."""

    message = lazy_gettext("您的申请已经通过，不用再补充。")


def everyone_with(role: str) -> list[uuid.UUID]:
    """The members who have `role`."""
    return list(
        db.session.scalars(
            select(RoleGrant.member_id)
            .join(Member, Member.id == RoleGrant.member_id)
            .where(RoleGrant.role == role, Member.status == "member")
        )
    )


def within_limits(_form: Form, _actor: Viewer | None) -> None:
    """Count a registration that comes from an outbox against its address; raises `TooOften`."""
    limiting.count(limiting.REGISTRATIONS, f"registration {limiting.address()}")


@operation("registration.submit", form=RegistrationForm, requires=None, ahead=within_limits)
def submit_registration(
    _act: Act,
    *,
    real_name: str,
    phone: str,
    password: str,
    company_name: str,
    uscc: str | None,
    position: str,
    trade: str,
    id_number: str | None,
    referrer: str | None,
    introduction: str | None,
    **_accepted: bool,
) -> Outcome:
    """Hand in an application; raises `PhoneTaken`. The password's hash was computed by the form."""
    if db.session.scalar(select(Member.id).where(Member.phone == phone)):
        raise PhoneTaken
    member = Member(
        id=new_id(),
        real_name=real_name,
        phone=phone,
        password_hash=hash_ahead(password),
        status="applicant",
        company_id=company_for(company_name, uscc, trade),
        position=position,
        trade=trade,
        referrer=referrer or "",
        introduction=introduction or "",
        **names_of(real_name, company_name),
    )
    if id_number:
        keep_number(member, id_number)
    application = Registration(
        id=new_id(), member_id=member.id, state="submitted", company_name=company_name, uscc=uscc, submitted_at=now()
    )
    db.session.add(member)
    db.session.flush()
    db.session.add(application)
    accept_versions(member.id)
    tell_admins(application, member, SUBMITTED, "submitted")
    return Outcome(gettext("申请已经交上。"), url=STATUS_URL)


@operation("registration.answer", form=AnswerForm, requires="signed_in")
def answer_registration(act: Act, *, body: str) -> Outcome:
    """Add to one's application; a refused one is handed in again and waits anew."""
    application = db.session.scalars(
        select(Registration).where(Registration.member_id == act.person.id).with_for_update(of=Registration)
    ).one_or_none()
    if application is None:
        raise NotFound
    if not may_answer(application.state):
        raise AlreadyMember
    if application.state == "refused":
        application.submitted_at = now()
        application.decided_at = application.decided_by_id = None
        application.member.status = "applicant"
    application.state = "submitted"
    entry = add_entry(application, "answered", act.person.id, body)
    tell_admins(application, application.member, ANSWERED, str(entry.id))
    return Outcome(gettext("已经送到秘书处。"), url=STATUS_URL)


def application_of(member_id: uuid.UUID) -> Registration | None:
    """A person's own application with its talk, or `None` for who never applied."""
    return db.session.scalars(
        select(Registration).where(Registration.member_id == member_id).options(selectinload(Registration.entries))
    ).one_or_none()


def add_entry(application: Registration, kind: str, author_id: uuid.UUID, body: str = "") -> RegistrationEntry:
    """Write one line of the talk over an application."""
    entry = RegistrationEntry(
        id=new_id(), registration_id=application.id, at=now(), kind=kind, author_id=author_id, body=body
    )
    db.session.add(entry)
    return entry


def company_for(name: str, uscc: str | None, trade: str) -> uuid.UUID:
    """The id of the company with this credit code, made when there is none; without a code a new one."""
    company_id = new_id()
    db.session.execute(
        insert_once(Company)
        .values(id=company_id, name=name, uscc=uscc, trade=trade)
        .on_conflict_do_nothing(index_elements=["uscc"])
    )
    known = db.session.scalar(select(Company.id).where(Company.uscc == uscc)) if uscc else None
    return known or company_id


def names_of(real_name: str, company_name: str) -> dict[str, str]:
    """What is kept beside a name, so that it is sorted, found, and compared by sound."""
    return {
        "sort_key": text.pinyin_key(real_name)[:200],
        "sounds_like": text.sounds_alike_key(real_name)[:200],
        "search_text": text.search_text(real_name, company_name),
    }


def tell_admins(application: Registration, member: Member, kind: str, cause: str) -> None:
    """Tell every admin that an application wants to be looked at."""
    tell(
        everyone_with("admin"),
        kind,
        url=f"/admin/registrations/{application.id}",
        subject=f"registration:{application.id}:{cause}",
        name=member.real_name,
        company=application.company_name,
    )
