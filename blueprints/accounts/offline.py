"""What of accounts a phone keeps, and what each page's etag is made of."""

from __future__ import annotations

from collections.abc import Iterator

from blueprints.accounts.models import Registration
from blueprints.accounts.rules import announced, in_force, versions_text
from blueprints.accounts.service import application_of
from blueprints.accounts.service.community_rules import versions
from core import sms
from core.access import Viewer
from core.clock import now
from core.registries import OfflinePage, keeps_offline, visitors_keep_offline

REGISTER = OfflinePage("/register", dated=False)
LOGIN = OfflinePage("/login", dated=False)
DIRECTORY = OfflinePage("/members", ("people",), dated=False, alike=True)


def status_page(application: Registration) -> OfflinePage:
    """Where an application stands."""
    topics = (f"registration:{application.id}", f"member:{application.member_id}")
    return OfflinePage("/register/status", topics, ("by code",) if sms.available() else ())


def rules_page(reader: Viewer | None, slug: str = "") -> OfflinePage:
    """The list of rules, or one of them."""
    own = (f"member:{reader.id}",) if reader else ()
    said = (f"rule-comments:{slug}",) if slug and reader and reader.is_member else ()
    topics = ("rules", *own, *said)
    due = ("due",) if reader and reader.rules_due else ()
    known = versions()
    coming = announced(known, now()).values()
    states = (*due, versions_text((each.slug, each.version) for each in in_force(known, now()).values()))
    until = min((each.in_force_from for each in coming), default=None)
    return OfflinePage(f"/rules/{slug}" if slug else "/rules", topics, states, until, dated=False)


def profile_page(person: Viewer) -> OfflinePage:
    """The forms about oneself and one's company."""
    return OfflinePage("/me/profile", ("people", f"member:{person.id}"), dated=False)


@keeps_offline("accounts")
def pages(person: Viewer) -> Iterator[OfflinePage]:
    """The rules for everyone; the directory and one's profile for members; the application for applicants."""
    yield from _rules(person)
    if person.is_member:
        yield DIRECTORY
        yield profile_page(person)
    elif application := application_of(person.id):
        yield status_page(application)


@visitors_keep_offline("accounts")
def visitors() -> Iterator[OfflinePage]:
    """The ways in, and the rules."""
    yield REGISTER
    yield LOGIN
    yield from _rules(None)


def _rules(reader: Viewer | None) -> Iterator[OfflinePage]:
    yield rules_page(reader)
    for slug in in_force(versions(), now()):
        yield rules_page(reader, slug)
