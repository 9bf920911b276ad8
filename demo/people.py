"""Companies, members, applicants, and the rules that they accepted."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from blueprints.accounts.identity import identity_purpose
from blueprints.accounts.models import (
    Company,
    Member,
    Registration,
    RegistrationEntry,
    RoleGrant,
    Rule,
    RuleAcceptance,
)
from blueprints.accounts.service.registration import names_of
from core.audit import Act
from core.text import company_name_key
from demo.community import ADMIN, LOG_INS, Record
from demo.dates import between
from demo.invented import credit_code, identity_number
from demo.loading import Loading, id_at

RULE_PUBLISHED_DAYS_AGO = {
    "community-rules": 96,
    "posting-donts": 61,
    "sharing-hour": 212,
    "red-packets": 280,
    "integrity-pledge": 212,
    "privacy-policy": 96,
}
PHONE_VISIBLE_SHARE = 0.2
IDENTITY_SHARE = 0.15
IDENTITY_KNOWN = "m017"


def name_people(loading: Loading) -> None:
    """Give every company and member an id, so that what they did can refer to them."""
    for record in (*loading.community.companies, *loading.community.members):
        loading.ids[record["id"]] = id_at(loading.founded_at)


def add_rules(loading: Loading) -> None:
    """The rules in force."""
    for rule in loading.community.rules:
        loading.add(
            Rule,
            slug=rule["slug"],
            version=rule["version"],
            title=rule["title"],
            body=rule["body"],
            published_at=_published_at(loading, rule),
        )


def add_companies(loading: Loading) -> None:
    """The companies of the data."""
    for company in loading.community.companies:
        _add_company(loading, company, loading.ids[company["id"]])


def _add_company(loading: Loading, company: Record, key: uuid.UUID) -> None:
    names = ("name", "uscc", "trade", "district", "size", "products", "buys")
    columns = {name: company.get(name, "") for name in names}
    loading.add(Company, id=key, name_key=company_name_key(company["name"]), **columns)


def add_members(loading: Loading) -> None:
    """The members, each approved before the first thing that they did; call it when all of that is known."""
    companies = {company["id"]: company for company in loading.community.companies}
    _founders(loading)
    for record in loading.community.members:
        company = companies[record["company"]]
        joined_at = _joined_at(loading, record["id"])
        key = loading.ids[record["id"]]
        known = record["id"] == IDENTITY_KNOWN or loading.rng.random() < IDENTITY_SHARE
        number = identity_number(loading.rng, loading.calendar.today) if known else None
        if record["id"] == IDENTITY_KNOWN:
            loading.identity_known = number
        visible = loading.rng.random() < PHONE_VISIBLE_SHARE and record["id"] not in LOG_INS
        loading.add(
            Member,
            **_person(loading, record, key, company["name"], number),
            phone_visible=visible or record["id"] == "m052",
            status="member",
            joined_at=joined_at,
            company_id=loading.ids[company["id"]],
            trade=company["trade"],
            referrer=loading.community.names.get(record["referrer"] or "", ""),
            strengths=loading.community.text(record["strengths"]),
            shortfalls=loading.community.text(record["shortfalls"]),
        )
        submitted_at = joined_at - timedelta(hours=loading.rng.uniform(1, 26))
        _add_registration(
            loading, key, record, company, state="approved", submitted_at=submitted_at, decided_at=joined_at
        )
        _accept(loading, key, joined_at)
        for role in sorted(loading.roles[record["id"]]):
            loading.add(RoleGrant, member_id=key, role=role)


def add_applicants(loading: Loading) -> None:
    """Who waits for the admin's decision, and two who were refused."""
    companies = {company["id"]: company for company in loading.community.companies}
    for number, record in enumerate(loading.community.applicants):
        submitted_at = _days_before(loading, record["days_ago"], number)
        key = loading.add_keyed(
            Member,
            submitted_at,
            ref=record["id"],
            **_person(loading, record, None, record["company_name"], _identity(loading, record)),
            phone_visible=False,
            status="refused" if record["state"] == "refused" else "applicant",
            joined_at=None,
            company_id=loading.ids[record["company"]] if record["company"] else id_at(submitted_at),
            trade=record["trade"],
            referrer=record["referrer"],
            strengths="",
            shortfalls="",
        )
        row = loading.rows[Member][-1]
        _seal(loading, row, key)
        company = companies.get(record["company"]) or _company_of(loading, record, row["company_id"])
        decided_at = None
        talk = [(line, _days_before(loading, line["days_ago"], number + 1)) for line in record["talk"]]
        if record["state"] == "refused":
            decided_at = talk[-1][1]
        company = {**company, "name": record["company_name"]}
        _add_registration(
            loading,
            key,
            record,
            company,
            state=record["state"],
            submitted_at=submitted_at,
            decided_at=decided_at,
            talk=talk,
        )
        _accept(loading, key, submitted_at)


def _company_of(loading: Loading, record: Record, key: uuid.UUID) -> Record:
    coded = "公司" in record["company_name"]
    uscc = credit_code(loading.rng) if coded else None
    company = {"name": record["company_name"], "uscc": uscc, "trade": record["trade"]}
    _add_company(loading, company, key)
    return company


def _person(
    loading: Loading, record: Record, key: uuid.UUID | None, company_name: str, number: str | None
) -> dict[str, Any]:
    row = {
        "real_name": record["real_name"],
        **names_of(record["real_name"], company_name),
        "phone": record["phone"],
        "password_hash": loading.password_hash,
        "position": record["position"],
        "introduction": loading.community.text(record["introduction"]),
        "identity_number": number,
        "identity_digest": number,
    }
    if key:
        row["id"] = key
        _seal(loading, row, key)
    return row


def _seal(loading: Loading, row: dict[str, Any], key: uuid.UUID) -> None:
    """Keep an identity number as the product keeps it: encrypted, and as a hash to compare."""
    if number := row["identity_number"]:
        row["identity_number"] = loading.vault.encrypt(number, identity_purpose(key))
        row["identity_digest"] = loading.vault.keyed_hash(number, "identity number")


def _identity(loading: Loading, record: Record) -> str | None:
    if record["identity"] == IDENTITY_KNOWN:
        return loading.identity_known
    return identity_number(loading.rng, loading.calendar.today) if record["identity"] else None


def _founders(loading: Loading) -> None:
    """Who approves the others was there first; who answers for something, in the first weeks."""
    for member in LOG_INS:
        loading.seen(member, loading.founded_at + timedelta(days=12))
    loading.seen(ADMIN, loading.founded_at)


def _joined_at(loading: Loading, member: str) -> datetime:
    first_seen = loading.first_seen.get(member)
    if first_seen is None:
        first_seen = loading.now - timedelta(days=loading.rng.randint(3, 300))
    day = first_seen.astimezone(loading.calendar.zone).date() - timedelta(days=loading.rng.randint(1, 14))
    morning = loading.calendar.at(day, "09:00")
    joined = morning + timedelta(minutes=loading.rng.randint(0, 660))
    return max(loading.founded_at, min(joined, first_seen - timedelta(minutes=30)))


def _add_registration(
    loading: Loading,
    member_id: uuid.UUID,
    record: Record,
    company: Record,
    *,
    state: str,
    submitted_at: datetime,
    decided_at: datetime | None,
    talk: list[tuple[Record, datetime]] | None = None,
) -> None:
    admin = loading.ids[ADMIN]
    by_admin = decided_at is not None and record["id"] != ADMIN
    key = loading.add_keyed(
        Registration,
        submitted_at,
        ref=f"registration of {record['id']}",
        member_id=member_id,
        state=state,
        company_name=company["name"],
        uscc=company.get("uscc"),
        submitted_at=submitted_at,
        decided_at=decided_at,
        decided_by_id=admin if by_admin else None,
        refusals=record.get("refusals", 0),
    )
    lines = [(line["kind"], line["body"], at) for line, at in talk or []]
    if state == "approved" and by_admin and decided_at:
        lines.append(("approved", "", decided_at))
    acts = {"approved": "approve", "refused": "refuse", "asked": "ask"}
    for kind, body, at in lines:
        author = member_id if kind == "answered" else admin
        loading.add_keyed(RegistrationEntry, at, registration_id=key, at=at, kind=kind, author_id=author, body=body)
        if kind in acts:
            act = f"registration.{acts[kind]}"
            audit(loading, at, ADMIN, act, subject=("registration", key), after={"state": kind}, reason=body)


def audit(
    loading: Loading,
    at: datetime,
    actor: str,
    act: str,
    *,
    subject: tuple[str, uuid.UUID],
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """One act on the audit trail."""
    loading.acts.append(
        Act(
            act=act,
            subject_kind=subject[0],
            subject_id=str(subject[1]),
            actor_id=loading.ids[actor],
            actor_name=loading.community.names[actor],
            after=after,
            reason=reason or None,
            at=at,
            id=id_at(at),
        )
    )


def _accept(loading: Loading, member_id: uuid.UUID, from_then: datetime) -> None:
    for rule in loading.community.rules:
        published_at = _published_at(loading, rule)
        accepted_at = from_then
        if published_at > from_then:
            accepted_at = between(published_at, published_at + timedelta(days=20), loading.rng)
        loading.add_keyed(
            RuleAcceptance,
            accepted_at,
            member_id=member_id,
            slug=rule["slug"],
            version=rule["version"],
            accepted_at=accepted_at,
        )


def _published_at(loading: Loading, rule: Record) -> datetime:
    return loading.calendar.at(loading.calendar.day(-RULE_PUBLISHED_DAYS_AGO[rule["slug"]]), "09:30")


def _days_before(loading: Loading, days: int, number: int) -> datetime:
    """An instant that many days before, never after the load."""
    morning = loading.calendar.at(loading.calendar.day(-days), "08:10") + timedelta(minutes=17 * (number % 24))
    return min(morning, loading.now - timedelta(minutes=2 * (24 - number % 24)))
