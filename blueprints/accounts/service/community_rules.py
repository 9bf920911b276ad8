"""The rules of the community: which are in force, and who accepted which version."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext
from sqlalchemy import and_, func, select
from sqlalchemy.orm import aliased

from blueprints.accounts.forms import AcceptRulesForm
from blueprints.accounts.models import Rule, RuleAcceptance
from blueprints.accounts.rules import versions_shown
from core.clock import now
from core.database import db, insert_once, new_id, touch
from core.errors import NotFound
from core.operations import Act, Outcome, operation

_newer = aliased(Rule)
_ORDER = ("community-rules", "posting-donts", "sharing-hour", "red-packets", "integrity-pledge", "privacy-policy")


@dataclass(frozen=True)
class RuleInForce:
    """A rule in its newest version, and when the reader accepted that version."""

    slug: str
    title: str
    version: int
    published_at: datetime
    accepted_at: datetime | None = None
    body: str = ""


def rules_in_force(reader: uuid.UUID | None = None) -> list[RuleInForce]:
    """The newest version of every rule, without its text, in the order in which they are read."""
    accepted = and_(
        RuleAcceptance.slug == Rule.slug, RuleAcceptance.version == Rule.version, RuleAcceptance.member_id == reader
    )
    rows = db.session.execute(
        select(Rule.slug, Rule.title, Rule.version, Rule.published_at, RuleAcceptance.accepted_at)
        .outerjoin(RuleAcceptance, accepted)
        .where(Rule.version == _newest())
    )
    return sorted((RuleInForce(*row) for row in rows), key=lambda rule: (_place(rule.slug), rule.slug))


def rule(slug: str, reader: uuid.UUID | None = None) -> RuleInForce:
    """The newest version of one rule with its text, or `NotFound`."""
    newest = db.session.scalars(select(Rule).where(Rule.slug == slug, Rule.version == _newest())).one_or_none()
    if newest is None:
        raise NotFound
    accepted_at = db.session.scalar(
        select(RuleAcceptance.accepted_at).where(
            RuleAcceptance.member_id == reader, RuleAcceptance.slug == slug, RuleAcceptance.version == newest.version
        )
    )
    return RuleInForce(newest.slug, newest.title, newest.version, newest.published_at, accepted_at, newest.body)


def accept_versions(member_id: uuid.UUID, wanted: frozenset[tuple[str, int]] | None = None) -> bool:
    """Record that a member accepts `wanted`, or everything in force; returns whether all in force is accepted."""
    in_force = {(newest.slug, newest.version) for newest in rules_in_force()}
    taken = in_force if wanted is None else in_force & wanted
    for slug, version in sorted(taken):
        db.session.execute(
            insert_once(RuleAcceptance)
            .values(id=new_id(), member_id=member_id, slug=slug, version=version, accepted_at=now())
            .on_conflict_do_nothing(index_elements=["member_id", "slug", "version"])
        )
    touch(f"member:{member_id}")
    already = set(
        db.session.execute(
            select(RuleAcceptance.slug, RuleAcceptance.version).where(RuleAcceptance.member_id == member_id)
        )
    )
    return in_force <= already


@operation("rules.accept", form=AcceptRulesForm, requires="signed_in")
def accept_rules(act: Act, *, shown: str | None) -> Outcome:
    """Accept the versions that the page showed; what changed since is asked again."""
    complete = accept_versions(act.person.id, versions_shown(shown) if shown else None)
    if complete:
        return Outcome(gettext("谢谢，已记下您接受的版本。"), url="/rules")
    return Outcome(gettext("已记下。规则刚刚又有改动，请再看一遍新的。"), url="/rules")


def _newest():  # type: ignore[no-untyped-def]
    return select(func.max(_newer.version)).where(_newer.slug == Rule.slug).scalar_subquery()


def _place(slug: str) -> int:
    return _ORDER.index(slug) if slug in _ORDER else len(_ORDER)
