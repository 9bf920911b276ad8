"""Loading the whole community into an empty database, in one transaction."""

from __future__ import annotations

import contextlib
import logging
import random
import unicodedata
from collections.abc import Iterator

from flask import current_app

from blueprints.briefings import search_index
from core import audit, chamber, crypto
from core.chamber import ChamberSetting
from core.clock import clock
from core.database import in_transaction, is_empty
from demo.briefings import add_briefings, see_who_is_named
from demo.community import LOG_INS, PASSWORD, read_community
from demo.consultations import add_consultations, add_groups
from demo.dates import Calendar
from demo.events import add_events
from demo.loading import Loading
from demo.notices import add_notices
from demo.people import add_applicants, add_companies, add_members, add_rules, name_people
from demo.posts import add_posts

MEMBERS = 331
SEED = 1118
CONTACT = "天津市河西区友谊路 11 号海棠里 3 层 · 022-0000-1118"
ROLE_NAMES = {
    "admin": "管理员",
    "editor": "编辑",
    "reviewer": "审核",
    "publisher": "签发",
    "organizer": "活动组织者",
    "lead": "专家组组长",
    "expert": "专家",
    "member": "会员",
    "applicant": "申请人",
}


class NotEmpty(Exception):
    """Somebody is registered already: nothing was loaded."""


def load(members: int = MEMBERS, seed: int = SEED) -> Loading:
    """Load the community, grown to `members`, as of now; raises `NotEmpty`.

    What is invented on the way (who signed up in which minute, …) depends on `seed` alone.
    """
    password_hash = crypto.passwords.hash(PASSWORD)

    def work() -> Loading:
        if not is_empty():
            raise NotEmpty
        loading = _gathered(members, seed, password_hash)
        loading.write()
        search_index.rebuild()
        return loading

    with _unlogged():
        return in_transaction(work)


@contextlib.contextmanager
def _unlogged() -> Iterator[None]:
    """Log no line for each act of a past that is made up: nobody compares them with the trail."""
    level = audit.log.level
    audit.log.setLevel(logging.WARNING)
    try:
        yield
    finally:
        audit.log.setLevel(level)


def _gathered(members: int, seed: int, password_hash: str) -> Loading:
    community, rng = read_community(), random.Random(seed)
    if members > len(community.members):
        from demo.larger import enlarged

        community = enlarged(community, members, rng)
    calendar = Calendar(clock.now(), clock.zone, chamber.current().sharing_hours)
    loading = Loading(community, calendar, rng, current_app.extensions["vault"], password_hash)
    for member, (role, _) in LOG_INS.items():
        if role != "member":
            loading.roles[member].add(role)
    name_people(loading)
    add_rules(loading)
    add_groups(loading)
    add_events(loading)
    add_posts(loading)
    add_consultations(loading)
    see_who_is_named(loading)
    add_companies(loading)
    add_members(loading)
    add_applicants(loading)
    add_briefings(loading, f"{chamber.current().briefing_at:%H:%M}")
    add_notices(loading)
    if not chamber.current().contact:
        loading.add(ChamberSetting, key="contact", value=CONTACT)
    return loading


def log_ins() -> list[str]:
    """The printed table of who can log in."""
    community = read_community()
    rows = [(role, community.names[member], phone) for member, (role, phone) in LOG_INS.items()]
    applicant = community.applicants[0]
    rows.append(("applicant", applicant["real_name"], applicant["phone"]))
    lines = [f"  {_padded(ROLE_NAMES[role], 12)}{role:<11}{_padded(name, 9)}{phone}" for role, name, phone in rows]
    return [f"The demo community is loaded. Everybody's password: {PASSWORD}", *lines]


def _padded(text: str, width: int) -> str:
    """`text` and spaces up to a width on the terminal, where a Chinese character takes two columns."""
    return text + " " * (width - sum(1 + (unicodedata.east_asian_width(char) in "WF") for char in text))
