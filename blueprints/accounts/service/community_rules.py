"""The rules of the community: which are in force, and who accepted which version."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from flask_babel import gettext, lazy_gettext
from sqlalchemy import select

from blueprints.accounts import rules
from blueprints.accounts.forms import AcceptRulesForm
from blueprints.accounts.models import Rule, RuleAcceptance
from blueprints.accounts.rules import RuleVersion, versions_shown
from core.clock import now
from core.database import db, insert_once, new_id, once, touch
from core.errors import NotFound
from core.operations import Act, Outcome, operation
from core.registries import notice_kind

_ORDER = ("community-rules", "posting-donts", "sharing-hour", "red-packets", "integrity-pledge", "privacy-policy")
ANNOUNCED = notice_kind(
    "rule.announced", lazy_gettext("《%(title)s》从%(from_on)s起改用新的一版，改了哪几句已经标出，请看")
)


@dataclass(frozen=True)
class RuleInForce:
    """A rule in the version that is in force, and when the reader accepted that version.

    `coming` is the version that was announced; `body` and its own are only read for the page of one rule.
    """

    slug: str
    title: str
    version: int
    in_force_from: datetime
    accepted_at: datetime | None = None
    body: str = ""
    coming: RuleVersion | None = None
    previous: RuleVersion | None = None


def versions() -> list[RuleVersion]:
    """Every version of every rule, without its text. One query, once in a transaction."""
    columns = (Rule.slug, Rule.version, Rule.title, Rule.published_at, Rule.in_force_from)
    return once("rule versions", lambda: [RuleVersion(*row) for row in db.session.execute(select(*columns))])


def rules_in_force(reader: uuid.UUID | None = None) -> list[RuleInForce]:
    """The version in force of every rule, without its text, in the order in which they are read."""
    accepted = _accepted_by(reader)
    known, coming = rules.in_force(versions(), now()), rules.announced(versions(), now())
    found = [
        RuleInForce(
            each.slug,
            each.title,
            each.version,
            each.in_force_from,
            accepted.get((each.slug, each.version)),
            coming=coming.get(each.slug),
        )
        for each in known.values()
    ]
    return sorted(found, key=lambda rule: (_place(rule.slug), rule.slug))


def rule(slug: str, reader: uuid.UUID | None = None) -> RuleInForce:
    """The version in force of one rule with its text, what is announced and what was before; or `NotFound`."""
    found = next((each for each in rules_in_force(reader) if each.slug == slug), None)
    if found is None:
        raise NotFound
    earlier = [each for each in versions() if each.slug == slug and each.version < found.version]
    previous = max(earlier, key=lambda each: each.version, default=None)
    return replace(found, body=body_of(slug, found.version), previous=previous)


def body_of(slug: str, version: int) -> str:
    """The text of one version."""
    return db.session.scalars(select(Rule.body).where(Rule.slug == slug, Rule.version == version)).one()


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
    return in_force <= _accepted_by(member_id).keys()


@operation("rules.accept", form=AcceptRulesForm, requires="signed_in")
def accept_rules(act: Act, *, shown: str | None) -> Outcome:
    """Accept the versions that the page showed; what changed since is asked again."""
    complete = accept_versions(act.person.id, versions_shown(shown) if shown else None)
    if complete:
        return Outcome(gettext("谢谢，已记下您接受的版本。"), url="/rules")
    return Outcome(gettext("已记下。规则刚刚又有改动，请再看一遍新的。"), url="/rules")


def _accepted_by(reader: uuid.UUID | None) -> dict[tuple[str, int], datetime]:
    if reader is None:
        return {}
    columns = (RuleAcceptance.slug, RuleAcceptance.version, RuleAcceptance.accepted_at)
    rows = db.session.execute(select(*columns).where(RuleAcceptance.member_id == reader))
    return {(row.slug, row.version): row.accepted_at for row in rows}


def _place(slug: str) -> int:
    return _ORDER.index(slug) if slug in _ORDER else len(_ORDER)
