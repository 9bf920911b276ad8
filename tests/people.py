"""Factories: the people and companies of a test."""

from __future__ import annotations

import functools
import uuid
from typing import Any

from flask import Flask

from blueprints.accounts.models import Company, LoginSession, Member, Registration, RoleGrant
from blueprints.accounts.sessions import LIFETIME
from core import crypto, text
from core.clock import now
from core.database import db, new_id
from tests.client import Browser

PASSWORD = "huiyou-1118"


@functools.cache
def password_hash() -> str:
    """The hash of `PASSWORD`, made once (hashing is slow on purpose)."""
    return crypto.passwords.hash(PASSWORD)


class People:
    """Makes members of a test's community; each has a company of their own unless told otherwise."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.made = 0

    def member(self, real_name: str = "", *roles: str, **values: Any) -> uuid.UUID:
        """A member (or, by `status`, another) with `roles`; returns the id."""
        self.made += 1
        number = self.made
        real_name = real_name or f"会员{number}"
        with self.app.app_context():
            company = Company(
                id=new_id(),
                name=values.pop("company_name", f"天津测试{number}有限公司"),
                uscc=values.pop("uscc", None),
                trade=values.get("trade", "machinery"),
                products=values.pop("products", ""),
                buys=values.pop("buys", ""),
            )
            given = {
                "phone": f"199{number:08d}",
                "status": "member",
                "position": "经理",
                "trade": "machinery",
                "joined_at": now(),
                **values,
            }
            person = Member(
                id=new_id(),
                real_name=real_name,
                sort_key=text.pinyin_key(real_name),
                sounds_like=text.sounds_alike_key(real_name),
                search_text=text.search_text(real_name, company.name),
                password_hash=password_hash(),
                company_id=company.id,
                **given,
            )
            db.session.add_all([company, person, *(RoleGrant(member_id=person.id, role=role) for role in roles)])
            if person.status in ("applicant", "refused"):
                db.session.flush()
                state = "refused" if person.status == "refused" else "submitted"
                db.session.add(
                    Registration(
                        id=new_id(),
                        member_id=person.id,
                        state=state,
                        company_name=company.name,
                        uscc=company.uscc,
                        submitted_at=now(),
                        refusals=int(state == "refused"),
                    )
                )
            db.session.commit()
            return person.id

    def phone_of(self, member_id: uuid.UUID) -> str:
        """The phone number with which this member logs in."""
        with self.app.app_context():
            return db.session.get_one(Member, member_id).phone

    def browser(self, member_id: uuid.UUID) -> Browser:
        """A phone on which this member has logged in; their session is opened in the database, for the sake of time."""
        browser = Browser(self.app)
        with self.app.app_context():
            opened = LoginSession(
                id=new_id(),
                member_id=member_id,
                created_at=now(),
                last_seen_at=now(),
                confirmed_at=now(),
                expires_at=now() + LIFETIME,
            )
            db.session.add(opened)
            db.session.commit()
            kept = {"_user_id": str(opened.id), "_fresh": True, "_permanent": True}
        signer = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]
        browser.client.set_cookie("huiyou", signer.dumps(kept))
        return browser

    def logged_in(self, real_name: str = "", *roles: str, **values: Any) -> tuple[uuid.UUID, Browser]:
        """A new member and the phone on which they have logged in."""
        member_id = self.member(real_name, *roles, **values)
        return member_id, self.browser(member_id)
