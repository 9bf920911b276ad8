"""Members and their companies, registrations, log-in sessions, and the rules they accepted."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.database import Base, Keyed, Versioned
from core.text import company_name_key

TRADES = (
    "new_energy",
    "new_materials",
    "environment",
    "logistics",
    "internet",
    "culture_media",
    "machinery",
    "software",
    "agriculture",
    "services",
    "construction",
    "finance",
    "health",
    "trading",
)
STATUSES = ("applicant", "member", "refused", "suspended", "erased")


def _key_of_name(context: Any) -> str:
    return company_name_key(context.get_current_parameters()["name"])


class Company(Keyed, Versioned, Base):
    """A company, known by its unified social credit code (GB 32100-2015) where it gave one.

    `name_key` is equal for the same name written differently.
    """

    __tablename__ = "companies"
    __table_args__ = (UniqueConstraint("uscc", name="uq_companies_uscc"),)

    name: Mapped[str] = mapped_column(String(80), index=True)
    name_key: Mapped[str] = mapped_column(String(80), default=_key_of_name, index=True)
    uscc: Mapped[str | None] = mapped_column(String(18))
    trade: Mapped[str] = mapped_column(String(20), index=True)
    district: Mapped[str] = mapped_column(String(40), default="")
    size: Mapped[str] = mapped_column(String(40), default="")
    products: Mapped[str] = mapped_column(Text, default="")
    buys: Mapped[str] = mapped_column(Text, default="")

    def topics(self) -> Iterable[str]:
        return ("people", f"company:{self.id}")


class Member(Keyed, Versioned, Base):
    """A person under their real name: applicant, member, refused, suspended, or erased.

    `phone` is national for mainland mobiles (`13800000001`), E.164 otherwise.
    `sort_key` orders by pinyin; `search_text` is what the directory searches.
    `phone_verified_at` is when a code that was sent to `phone` came back; `erase_asked_at`
    when its owner asked to be erased, which happens some days later.
    """

    __tablename__ = "members"
    __table_args__ = (
        UniqueConstraint("phone", name="uq_members_phone"),
        UniqueConstraint("calendar_token", name="uq_members_calendar_token"),
        CheckConstraint("status IN ('applicant', 'member', 'refused', 'suspended', 'erased')", name="status_known"),
        Index("ix_members_status_sort_key", "status", "sort_key", "id"),
    )

    real_name: Mapped[str] = mapped_column(String(40))
    sort_key: Mapped[str] = mapped_column(String(200), index=True)
    sounds_like: Mapped[str] = mapped_column(String(200), index=True)
    search_text: Mapped[str] = mapped_column(Text, default="")
    phone: Mapped[str] = mapped_column(String(20))
    phone_visible: Mapped[bool] = mapped_column(default=False)
    password_hash: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(12))
    joined_at: Mapped[datetime | None]
    company_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("companies.id"), index=True)
    position: Mapped[str] = mapped_column(String(40))
    trade: Mapped[str] = mapped_column(String(20), index=True)
    introduction: Mapped[str] = mapped_column(Text, default="")
    strengths: Mapped[str] = mapped_column(Text, default="")
    shortfalls: Mapped[str] = mapped_column(Text, default="")
    referrer: Mapped[str] = mapped_column(String(40), default="")
    identity_number: Mapped[str | None] = mapped_column(String(200))
    identity_digest: Mapped[str | None] = mapped_column(String(64), index=True)
    identity_digest_next: Mapped[str | None] = mapped_column(String(64))
    language: Mapped[str | None] = mapped_column(String(2))
    large: Mapped[bool] = mapped_column(default=False)
    palette: Mapped[str] = mapped_column(String(5), default="auto")
    calendar_token: Mapped[str | None] = mapped_column(String(64))
    suspended_reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    phone_verified_at: Mapped[datetime | None]
    erase_asked_at: Mapped[datetime | None] = mapped_column(index=True)

    # An inner join inside an outer one is read whole by SQLite: hence a plain outer join.
    company: Mapped[Company] = relationship(lazy="joined")
    role_grants: Mapped[list[RoleGrant]] = relationship(cascade="all, delete-orphan", back_populates="member")

    def topics(self) -> Iterable[str]:
        return ("people", f"member:{self.id}")


class RoleGrant(Base):
    """One role of one member (`core.access.ROLES`)."""

    __tablename__ = "role_grants"

    member_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str] = mapped_column(String(12), primary_key=True)
    member: Mapped[Member] = relationship(back_populates="role_grants")


class Registration(Keyed, Versioned, Base):
    """The application of one person: its state, and when and by whom it was decided.

    States: `submitted`, `asked`, `approved`, `refused`. What was given at registration
    stands on the member and company; this holds what belongs to the application.
    """

    __tablename__ = "registrations"
    __table_args__ = (
        CheckConstraint("state IN ('submitted', 'asked', 'approved', 'refused')", name="state_known"),
        Index("ix_registrations_state_submitted_at", "state", "submitted_at", "id"),
    )

    member_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), unique=True)
    state: Mapped[str] = mapped_column(String(10), default="submitted")
    company_name: Mapped[str] = mapped_column(String(80))
    uscc: Mapped[str | None] = mapped_column(String(18), index=True)
    submitted_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[uuid.UUID | None]
    refusals: Mapped[int] = mapped_column(Integer, default=0)
    member: Mapped[Member] = relationship(lazy="joined", innerjoin=True)
    entries: Mapped[list[RegistrationEntry]] = relationship(
        order_by="RegistrationEntry.id", cascade="all, delete-orphan"
    )

    def topics(self) -> Iterable[str]:
        return ("registrations", f"registration:{self.id}", f"member:{self.member_id}")


class RegistrationEntry(Keyed, Base):
    """One line of the talk over an application: `asked`, `answered`, `refused`, `approved`."""

    __tablename__ = "registration_entries"

    registration_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("registrations.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(10))
    author_id: Mapped[uuid.UUID | None]
    body: Mapped[str] = mapped_column(Text, default="")
    author: Mapped[Member | None] = relationship(
        primaryjoin="foreign(RegistrationEntry.author_id) == Member.id", viewonly=True, lazy="raise"
    )

    def topics(self) -> Iterable[str]:
        return ("registrations", f"registration:{self.registration_id}")


class LoginSession(Keyed, Base):
    """One phone or computer on which a member is logged in; 90 days at most.

    `address` is the network alone (`rules.network_of`); `confirmed_at` when the password was
    given on it for the last time.
    """

    __tablename__ = "login_sessions"

    member_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    revoked_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    device: Mapped[str] = mapped_column(String(200), default="")
    address: Mapped[str] = mapped_column(String(45), default="")

    def topics(self) -> Iterable[str]:
        return (f"sessions:{self.member_id}",)


class Passkey(Keyed, Base):
    """A key that a member's device keeps (WebAuthn level 3); only its public half is here.

    `credential_id` is base64url without padding, `public_key` COSE (RFC 9052).
    """

    __tablename__ = "passkeys"
    __table_args__ = (UniqueConstraint("credential_id", name="uq_passkeys_credential_id"),)

    member_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[str] = mapped_column(String(1400))
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger, default=0)
    name: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]

    def topics(self) -> Iterable[str]:
        return (f"sessions:{self.member_id}",)


class Look(Keyed, Base):
    """That somebody opened what another person had handed in: whose, by whom, once a day.

    `what` is `application` or `account`. It is the one thing that a GET writes.
    """

    __tablename__ = "looks"
    __table_args__ = (
        CheckConstraint("what IN ('application', 'account')", name="what_known"),
        UniqueConstraint("member_id", "reader_id", "what", "day", name="uq_looks_once_a_day"),
    )

    member_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    reader_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id"), index=True)
    what: Mapped[str] = mapped_column(String(12))
    day: Mapped[date]
    at: Mapped[datetime] = mapped_column(index=True)

    reader: Mapped[Member] = relationship(foreign_keys=[reader_id])


class OneTimeLink(Keyed, Base):
    """A way back in, given once by an admin or sent by SMS; only a digest of the secret is kept."""

    __tablename__ = "one_time_links"

    member_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str] = mapped_column(String(20))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    phone: Mapped[str | None] = mapped_column(String(20))
    made_by_id: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(Integer, default=0)


def _when_published(context: Any) -> datetime:
    published_at: datetime = context.get_current_parameters()["published_at"]
    return published_at


class Rule(Base):
    """One text that members accept, by version; the newest that has come into force is in force.

    One that is announced comes into force later than it was published.
    """

    __tablename__ = "rules"

    slug: Mapped[str] = mapped_column(String(40), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(80))
    body: Mapped[str] = mapped_column(Text)
    published_at: Mapped[datetime]
    in_force_from: Mapped[datetime] = mapped_column(default=_when_published)

    def topics(self) -> Iterable[str]:
        return ("rules",)


class RuleComment(Keyed, Base):
    """What a member says of a rule under their own name, and of which version; members read it."""

    __tablename__ = "rule_comments"
    __table_args__ = (Index("ix_rule_comments_slug", "slug", "id"),)

    slug: Mapped[str] = mapped_column(String(40))
    version: Mapped[int]
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id"), index=True)
    body: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]
    hidden: Mapped[bool] = mapped_column(default=False)

    author: Mapped[Member] = relationship()

    def topics(self) -> Iterable[str]:
        return (f"rule-comments:{self.slug}",)


class RuleAcceptance(Keyed, Base):
    """That one member accepted one version of a rule, and when."""

    __tablename__ = "rule_acceptances"
    __table_args__ = (UniqueConstraint("member_id", "slug", "version"),)

    member_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    slug: Mapped[str] = mapped_column(String(40))
    version: Mapped[int]
    accepted_at: Mapped[datetime]

    def topics(self) -> Iterable[str]:
        return (f"member:{self.member_id}",)
