"""Where features declare what they contribute, so that a higher one can ask them all.

Operations have a registry of their own in `core.operations`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from core.access import Viewer
from core.clock import earlier
from core.errors import Refusal


@dataclass(frozen=True)
class OfflinePage:
    """A page that a phone keeps: its URL and what its etag is made of.

    `until` is when the clock next changes its states, or which pages its feature
    keeps; local midnight always may. `pack` marks data for a thing of that id,
    answered as JSON, which the phone keeps apart from pages. What a new day does
    not change is not `dated`; what is the same for all readers of one standing is `alike`.
    """

    url: str
    topics: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    until: datetime | None = None
    pack: uuid.UUID | None = None
    dated: bool = True
    alike: bool = False


@dataclass(frozen=True)
class NoticeKind:
    """A kind of notice: its sentence (a lazy format string), and whether an absent person must know it.

    `switch` is what it is switched off by; a kind without one is always told.
    """

    name: str
    sentence: Any
    urgent: bool = False
    switch: str = ""


@dataclass(frozen=True)
class NoticeSwitch:
    """What a member may switch off in one go: some kinds of notices, in a person's words.

    `roles` are those to whom it is offered; none means everybody.
    """

    code: str
    label: Any
    roles: frozenset[str] = frozenset()


OfflinePages = Callable[[Viewer], Iterable[OfflinePage]]
VisitorsPages = Callable[[], Iterable[OfflinePage]]
offline_pages: dict[str, OfflinePages] = {}
visitors_pages: dict[str, VisitorsPages] = {}
alike_features: set[str] = set()
notice_kinds: dict[str, NoticeKind] = {}
notice_switches: dict[str, NoticeSwitch] = {}
_tellers: list[Callable[..., None]] = []
_untellers: list[Callable[[str], None]] = []


def keeps_offline(feature: str, *, alike: bool = False) -> Callable[[OfflinePages], OfflinePages]:
    """Declare which pages `feature` puts on a member's phone; `alike` where all of one standing keep the same.

    Each of its pages is then `alike`, too, and none is a pack: only so is it shared.
    """

    def keep(pages: OfflinePages) -> OfflinePages:
        offline_pages[feature] = pages
        if alike:
            alike_features.add(feature)
        return pages

    return keep


def visitors_keep_offline(feature: str) -> Callable[[VisitorsPages], VisitorsPages]:
    """Declare which pages `feature` puts on the phone of somebody who is not logged in."""

    def keep(pages: VisitorsPages) -> VisitorsPages:
        visitors_pages[feature] = pages
        return pages

    return keep


def notice_kind(name: str, sentence: Any, *, urgent: bool = False, switch: str = "") -> str:
    """Declare a kind of notice; `sentence` is a lazy string with `%(names)s`. Returns the name."""
    if urgent and switch:
        raise ValueError(f"{name!r} must reach an absent person: nothing switches it off")
    notice_kinds[name] = NoticeKind(name, sentence, urgent, switch)
    return name


def notice_switch(code: str, label: Any, *, roles: Iterable[str] = ()) -> str:
    """Declare what switches some kinds of notices off; returns its code, for `notice_kind`."""
    notice_switches[code] = NoticeSwitch(code, label, frozenset(roles))
    return code


def teller(send: Callable[..., None]) -> Callable[..., None]:
    """Declare who delivers what `tell` is given (the notices feature)."""
    _tellers[:] = [send]
    return send


def tell(members: Iterable[uuid.UUID], kind: str, *, url: str, subject: str, **words: str) -> None:
    """Tell each of `members` once, in this transaction.

    `subject` names the cause (`signup:ID:promoted`): the same person is never told
    the same kind twice for one subject. `words` fill the kind's sentence.
    """
    for send in _tellers:
        send(members, kind, url=url, subject=subject, words=words)


def unteller(take_back: Callable[[str], None]) -> Callable[[str], None]:
    """Declare who takes back what was told (the notices feature)."""
    _untellers[:] = [take_back]
    return take_back


def untell(thing: str) -> None:
    """Take back, in this transaction, whatever anybody was told of `thing` (`registration:ID`), for it is forgotten."""
    for take_back in _untellers:
        take_back(thing)


@dataclass(frozen=True)
class ProfileFact:
    """One thing that a feature adds to a member's page in the directory."""

    label: str
    text: str
    url: str | None = None


MemberLeaves = Callable[[uuid.UUID], None]
PhoneShown = Callable[[uuid.UUID, uuid.UUID], bool]
ProfileFacts = Callable[[uuid.UUID], Iterable[ProfileFact]]
on_member_gone: list[MemberLeaves] = []
phone_shown_to: list[PhoneShown] = []
profile_facts: list[ProfileFacts] = []


def when_member_leaves(leave: MemberLeaves) -> MemberLeaves:
    """Declare what happens, in the same transaction, when a member is suspended or erased (seats freed, …)."""
    on_member_gone.append(leave)
    return leave


def shows_phone(shown: PhoneShown) -> PhoneShown:
    """Declare a reason to show a phone: `shown(viewer_id, member_id)`; one query at most."""
    phone_shown_to.append(shown)
    return shown


def adds_to_profile(facts: ProfileFacts) -> ProfileFacts:
    """Declare what stands on a member's page besides what accounts know (expertise, …); one query at most."""
    profile_facts.append(facts)
    return facts


@dataclass(frozen=True)
class Gathered:
    """One thing of a day for the briefing, all of it known to every member: nothing private is ever in it.

    `kind` is the section to which it belongs, `line` the suggested text, `url` where it stands.
    """

    kind: str
    key: str
    title: str
    line: str
    url: str | None = None


Gather = Callable[[date], Iterable[Gathered]]
gatherings: dict[str, Gather] = {}


def gathers(feature: str) -> Callable[[Gather], Gather]:
    """Declare what `feature` has to tell of a day, said in the language of the moment; one query at most."""

    def declare(gather: Gather) -> Gather:
        gatherings[feature] = gather
        return gather

    return declare


@dataclass(frozen=True)
class Forgetting:
    """What a feature forgets, and how long after; called with the present instant, returns how many rows it forgot."""

    name: str
    months: int
    days: int
    forget: Callable[[datetime], int]

    def __call__(self, now: datetime) -> int:
        return self.forget(earlier(now, months=self.months, days=self.days))


forgettings: dict[str, Forgetting] = {}


def forgets(
    name: str, *, months: int = 0, days: int = 0
) -> Callable[[Callable[[datetime], int]], Callable[[datetime], int]]:
    """Declare what is forgotten so long after it was over (at once, without months and days).

    The function is given the instant before which it is old enough; it flushes, never
    commits, and returns how many rows it forgot. What it forgot once it does not find again.
    """

    def declare(forget: Callable[[datetime], int]) -> Callable[[datetime], int]:
        forgettings[name] = Forgetting(name, months, days, forget)
        return forget

    return declare


AfterRestore = Callable[[datetime], Iterable[str]]
after_restore: list[AfterRestore] = []


def says_after_restore(say: AfterRestore) -> AfterRestore:
    """Declare what the operator is told when a backup of this instant was restored, in English, naming nobody."""
    after_restore.append(say)
    return say


@dataclass(frozen=True)
class Subject:
    """A thing that members may report: whose it is, how it is called, where it stands, what it says."""

    author_id: uuid.UUID
    title: str
    url: str
    words: str
    hidden: bool = False


@dataclass(frozen=True)
class Reportable:
    """A kind of thing that may be reported: `find(id)` gives it or `None`, `hide(id, hidden)` hides it if it can be."""

    kind: str
    label: Any
    find: Callable[[uuid.UUID], Subject | None]
    hide: Callable[[uuid.UUID, bool], None] | None = None


reportables: dict[str, Reportable] = {}


def reportable(kind: str, label: Any, **does: Any) -> None:
    """Declare a kind of thing that members may report."""
    reportables[kind] = Reportable(kind, label, **does)


posting_checks: list[Callable[[uuid.UUID], None]] = []


def checks_posting(check: Callable[[uuid.UUID], None]) -> Callable[[uuid.UUID], None]:
    """Declare what is asked before a member posts anything; it raises the refusal that they read."""
    posting_checks.append(check)
    return check


def check_posting(member_id: uuid.UUID) -> None:
    """Whether this member may post just now; raises the refusal where not."""
    for check in posting_checks:
        check(member_id)


def barrier_to_posting(member_id: uuid.UUID) -> Refusal | None:
    """The refusal that this member would read who posts just now, to be told before they write."""
    try:
        check_posting(member_id)
    except Refusal as refusal:
        return refusal
    return None


def posting_topic(member_id: uuid.UUID) -> str:
    """What changes with whether this member may post."""
    return f"posting:{member_id}"


@dataclass(frozen=True)
class Held:
    """One kind of thing that is held on a person, for the export.

    `rows` gives them by the person's id, each value by its column's name as the database has it;
    `columns` are the columns' names on the screen, or a pair of name and words for codes.
    `tables` are those of which it shows all that is about the person, `without` their columns that
    say nothing about anybody (keys, search texts) or are secrets.
    """

    name: str
    title: Any
    columns: dict[str, Any]
    rows: Callable[[uuid.UUID], Iterable[dict[str, Any]]]
    tables: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


holdings: dict[str, Held] = {}


def exports(*held: Held) -> None:
    """Declare what a feature holds on a person."""
    for each in held:
        holdings[each.name] = each


@dataclass(frozen=True)
class Leaver:
    """Who is erased: what they were called, to be taken out of words, and what stands there instead."""

    id: uuid.UUID
    real_name: str
    phone: str
    company_name: str
    called: str
    unnamed_company: str

    def without(self, words: str) -> str:
        """The person's own words without their name, phone and company."""
        for name, instead in self.names().items():
            words = words.replace(name, instead)
        return words

    def names(self) -> dict[str, str]:
        """What names the person, the longest first, and what is written in its place."""
        names = {self.company_name: self.unnamed_company, self.real_name: self.called, self.phone: "***"}
        return {name: names[name] for name in sorted(names, key=len, reverse=True) if len(name) > 1}


erasers: dict[str, Callable[[Leaver], None]] = {}


def erases(feature: str) -> Callable[[Callable[[Leaver], None]], Callable[[Leaver], None]]:
    """Declare what a feature removes or makes nameless when a person is erased, in the same transaction.

    It runs after `when_member_leaves` and before the person's own row is emptied. It keeps what
    figures count, and flushes what it changes, so that pages are made anew.
    """

    def declare(erase: Callable[[Leaver], None]) -> Callable[[Leaver], None]:
        erasers[feature] = erase
        return erase

    return declare
