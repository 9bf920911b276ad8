"""Announcing new versions of the rules, and taking an announcement back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from flask_babel import gettext, lazy_gettext
from sqlalchemy import delete, func, select

from blueprints.accounts import rules
from blueprints.accounts.forms import EmptyForm, RuleTextForm
from blueprints.accounts.models import Member, Rule
from blueprints.accounts.service.community_rules import (
    ANNOUNCED,
    RuleInForce,
    body_of,
    rule,
    rules_in_force,
    versions,
)
from core import audit
from core.access import Viewer
from core.clock import clock, now, today
from core.database import db, touch
from core.errors import Duplicate, Refusal, Stale
from core.operations import Act, Outcome, operation, version_built_on
from core.registries import tell, untell


class TooSoon(Refusal):
    """The texts promise seven days' notice."""

    message = lazy_gettext("规则答应了提前七天公布，请选七天以后的日子。")


class NothingAnnounced(Duplicate):
    """There is nothing to take back."""

    message = lazy_gettext("这份规则没有公布要改。")


@operation("rule.publish", form=RuleTextForm, requires="settings.change", lane="rule")
def announce(act: Act, *, title: str, body: str, on: date | None, version: str | None) -> Outcome:
    """Announce a rule's new text, for seven days hence or later. Raises `TooSoon`, `Stale`."""
    found = rule(act.target or "")
    latest = newest(found)
    if version and version_built_on(act.owner, version) != latest.version:
        raise Stale({"title": latest.title, "body": rules.text_below(latest.body)})
    earliest = today() + timedelta(days=rules.NOTICE_DAYS)
    if on and on < earliest:
        raise TooSoon
    url = f"/rules/{found.slug}"
    same = (title, body.strip()) == (latest.title, rules.text_below(latest.body))
    text = latest.body if same else f"# {title}\n\n{body.strip()}\n"
    if not publish({found.slug: (title, text)}, on or earliest, act.person):
        return Outcome(gettext("没有变化"), url=url)
    db.session.flush()
    made = db.session.scalar(select(func.max(Rule.version)).where(Rule.slug == found.slug))
    return Outcome(gettext("公布了，会员会收到通知。"), url=url, made_version=made)


@operation("rule.withdraw", form=EmptyForm, requires="settings.change", lane="rule")
def withdraw(act: Act) -> Outcome:
    """Take an announcement back: the text in force stays. Raises `NothingAnnounced`."""
    found = rule(act.target or "")
    if found.coming is None:
        raise NothingAnnounced(url=f"/admin/rules/{found.slug}")
    _taken_back(found, act.person)
    return Outcome(gettext("撤回了，还用现在这一版。"), url=f"/admin/rules/{found.slug}")


@dataclass(frozen=True)
class Newest:
    """The text that is to be edited: what is announced, else what is in force."""

    version: int
    title: str
    body: str


@dataclass(frozen=True)
class Draft:
    """A text that is to be in force from a day on."""

    slug: str
    title: str
    body: str
    on: date


def newest(found: RuleInForce) -> Newest:
    """What is announced of this rule, else what is in force."""
    version = found.coming or found
    return Newest(version.version, version.title, body_of(found.slug, version.version))


def publish(texts: dict[str, tuple[str, str]], on: date, by: Viewer | None = None) -> list[str]:
    """Announce the rules whose title and text differ, for the day `on`; the caller commits.

    A rule that there was not, or one for today, is in force at once. What was announced
    and is not in force gives way to the newer text; to the text in force, if that was given again.
    Returns a line for each that changed.
    """
    known = {each.slug: each for each in rules_in_force()}
    said = []
    for slug, (title, body) in texts.items():
        old = known.get(slug)
        if old is None:
            said.append(_added(None, Draft(slug, title, body, today()), by))
        elif newest(old).body.strip() == body.strip():
            continue
        elif body_of(slug, old.version).strip() == body.strip():
            said.append(_taken_back(old, by))
        else:
            said.append(_added(old, Draft(slug, title, body, on), by))
    return said


def _added(old: RuleInForce | None, draft: Draft, by: Viewer | None) -> str:
    slug, title, on = draft.slug, draft.title, draft.on
    version = max((each.version for each in versions() if each.slug == slug), default=0) + 1
    from_then = _from_then(on)
    before = {"version": old.version, "title": old.title} if old else None
    after: dict[str, Any] = {"version": version, "title": title}
    if old and old.coming:
        _drop(slug, old.coming.version)
    if from_then > now():
        after["in_force_from"] = on.isoformat()
    db.session.add(
        Rule(slug=slug, version=version, title=title, body=draft.body, published_at=now(), in_force_from=from_then)
    )
    audit.record(by, "rule.publish", "rule", slug, before=before, after=after)
    if old:
        everybody = db.session.scalars(select(Member.id).where(Member.status.in_(("member", "applicant"))))
        subject = f"rule:{slug}:{version}"
        tell(everybody, ANNOUNCED, url=f"/rules/{slug}", subject=subject, title=title, from_on=on.isoformat())
    when = f"，{on.isoformat()} 起用" if from_then > now() else ""
    return f"{slug}: {title} 第 {version} 版{when}"


def _taken_back(old: RuleInForce, by: Viewer | None) -> str:
    coming: rules.RuleVersion | None = old.coming
    if coming is None:  # pragma: no cover - what is in force differs from the newest only where one is announced
        raise LookupError(old.slug)
    _drop(old.slug, coming.version)
    audit.record(by, "rule.withdraw", "rule", old.slug, before={"version": coming.version, "title": coming.title})
    return f"{old.slug}: {coming.title} 第 {coming.version} 版撤回了"


def _drop(slug: str, version: int) -> None:
    """A version that was never in force, and what was told of it, goes: nobody has accepted it."""
    db.session.execute(delete(Rule).where(Rule.slug == slug, Rule.version == version))
    untell(f"rule:{slug}:{version}")
    touch("rules")


def _from_then(on: date) -> datetime:
    return now() if on <= today() else clock.at(on, time())
