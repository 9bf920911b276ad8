"""The issues of the briefing: the newest as they were written, the older ones put together, today's signed off."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice

from blueprints.accounts.models import Member
from blueprints.briefings.models import Briefing, BriefingStep, BriefingVersion
from blueprints.needs.models import Need, Outcome
from demo.community import Record, filled
from demo.dates import chinese_day
from demo.events import times_of
from demo.issues import Composer, Day
from demo.loading import Loading
from demo.people import audit

EDITORS = ("m246", "m268", "m187")
REVIEWERS = ("m328", "m328", "m182", "m182")
PUBLISHER, OTHER_PUBLISHER = "m050", "m042"
DAY_OFF = 7
COMING_DAYS = 15
MOST_HELD = 3
WRITTEN_AT = ("12:20", "21:50", "21:58", "22:15", "22:35")
ACTS = ("create", "edit", "submit", "review", "sign_off")
_MEMBER = re.compile(r"\{(m\d+)\}")


@dataclass(frozen=True)
class Issue:
    """One issue as it is out on `day`; the three are members of the data."""

    number: int
    day: date
    title: str
    body: str
    people: tuple[str, str, str]


def people_of(number: int) -> tuple[str, str, str]:
    """Editor, reviewer and publisher of an issue that the data does not name them for."""
    publisher = PUBLISHER if number % 5 else OTHER_PUBLISHER
    return EDITORS[number % len(EDITORS)], REVIEWERS[number % len(REVIEWERS)], publisher


def days_ago_of(full: list[Record]) -> dict[int, int]:
    """On which day each issue was out: the full ones as the data says, those before six a week, back to the first."""
    days = {issue["number"]: issue["days_ago"] for issue in full}
    day = max(days.values())
    for number in range(min(days) - 1, 0, -1):
        day += 1 + ((day + 1) % DAY_OFF == 0)
        days[number] = day
    return days


def see_who_is_named(loading: Loading) -> None:
    """Whom a full text names, and who made it, had joined by then; call it before the members are made."""
    full = loading.community.briefings
    for issue in full:
        at = loading.calendar.at(loading.calendar.day(-issue["days_ago"] - 1), "09:00")
        for member in {*_MEMBER.findall(issue["body"]), issue["editor"], issue["reviewer"], issue["publisher"]}:
            loading.seen(member, at)
    first = loading.calendar.at(loading.calendar.day(-max(days_ago_of(full).values()) - 1), "09:00")
    for role, members in (
        ("editor", EDITORS),
        ("reviewer", REVIEWERS),
        ("publisher", (PUBLISHER, OTHER_PUBLISHER)),
    ):
        for member in members:
            loading.seen(member, first)
            loading.roles[member].add(role)


def add_briefings(loading: Loading, briefing_at: str) -> None:
    """All issues, today's with them; call it when members, posts and events are there."""
    community = loading.community
    full = {issue["number"]: issue for issue in community.briefings}
    days_ago = days_ago_of(community.briefings)
    days_ago[max(days_ago) + 1] = 0
    composer = Composer.of(community.briefing_items, community.names, loading.rng)
    diary = _Diary(loading)
    words = {event["id"]: chinese_day(_local(loading, times_of(loading, event)[0])) for event in community.events}
    for number in sorted(days_ago):
        day = loading.calendar.day(-days_ago[number])
        if issue := full.get(number):
            title, people = issue["title"], (issue["editor"], issue["reviewer"], issue["publisher"])
            said = {**community.names, **words, "date": chinese_day(day), "number": str(number)}
            body = filled(issue["body"], said)
        else:
            title, body = composer.write(diary.day(day, number), diary.known_on(day))
            people = people_of(number)
        _add_issue(loading, Issue(number, day, title, body, people), briefing_at)


def _add_issue(loading: Loading, issue: Issue, briefing_at: str) -> None:
    calendar = loading.calendar
    editor, reviewer, publisher = (loading.ids[person] for person in issue.people)
    written = [calendar.at(issue.day - timedelta(days=1), hour) for hour in WRITTEN_AT]
    key = loading.add_keyed(
        Briefing,
        written[0],
        ref=f"b{issue.number}",
        number=issue.number,
        date=issue.day,
        title=issue.title,
        body=issue.body,
        version=len(ACTS),
        text_version=2,
        state="signed_off",
        editor_id=editor,
        reviewer_id=reviewer,
        publisher_id=publisher,
        signed_off_at=written[-1],
        publishes_at=calendar.at(issue.day, briefing_at),
    )
    loading.add_keyed(
        BriefingVersion,
        written[1],
        briefing_id=key,
        version=2,
        title=issue.title,
        body=issue.body,
        author_id=editor,
        saved_at=written[1],
    )
    actors = {"review": reviewer, "sign_off": publisher}
    for act, at in zip(ACTS, written, strict=True):
        verdict = "pass" if act in actors else None
        actor = actors.get(act, editor)
        loading.add_keyed(
            BriefingStep, at, briefing_id=key, at=at, actor_id=actor, act=act, verdict=verdict, comment=""
        )
    after = {"verdict": "pass", "state": "signed_off", "number": issue.number}
    audit(loading, written[-1], issue.people[2], "briefing.sign_off", subject=("briefing", key), after=after)


class _Diary:
    """What happened on each day of the load, for the issue of the day after."""

    def __init__(self, loading: Loading) -> None:
        self._loading = loading
        by_id = {loading.ids[post["id"]]: post for post in loading.community.posts}
        self._posts: dict[date, list[Record]] = defaultdict(list)
        for need in loading.rows[Need]:
            self._posts[_local(loading, need["created_at"])].append(by_id[need["id"]])
        self._outcomes: dict[date, list[tuple[Record, Record]]] = defaultdict(list)
        for outcome in loading.rows[Outcome]:
            if outcome["result"] == "solved":
                post = by_id[outcome["need_id"]]
                self._outcomes[_local(loading, outcome["closed_at"])].append((post, post["outcome"]))
        self._events: dict[date, list[tuple[datetime, Record]]] = defaultdict(list)
        for event in loading.community.events:
            starts_at = times_of(loading, event)[0]
            self._events[_local(loading, starts_at)].append((starts_at, event))
        for of_day in self._events.values():
            of_day.sort(key=lambda row: row[0])
        joined = ((row["joined_at"], row["id"]) for row in loading.rows[Member] if row["joined_at"])
        self._joined = sorted(joined, reverse=True)
        self._known: set[str] = set()
        self._refs = {loading.ids[member["id"]]: member["id"] for member in loading.community.members}
        self._firms = _firms(loading)

    def known_on(self, day: date) -> set[str]:
        """The members who had joined before that day; days are asked for in order."""
        until = self._loading.calendar.at(day, "00:00")
        while self._joined and self._joined[-1][0] < until:
            self._known.add(self._refs[self._joined.pop()[1]])
        return self._known

    def day(self, day: date, number: int) -> Day:
        """What the issue of `day` tells."""
        loading, before = self._loading, day - timedelta(days=1)
        known = self.known_on(day)
        ahead = (day + timedelta(days=days) for days in range(1, COMING_DAYS + 1))
        firms = [(who, firm) for who, firm in self._firms if who in known]
        start = number * 4 % max(1, len(firms))
        return Day(
            on=day,
            number=number,
            needs=[post for post in self._posts[before] if post["kind"] == "need"],
            offers=[post for post in self._posts[before] if post["kind"] == "offer"],
            outcomes=self._outcomes[before],
            held=[(event, _came(event)) for _, event in self._events[before][:MOST_HELD]],
            tonight=[(event, _hour(loading, at)) for at, event in self._events[day][:MOST_HELD]],
            coming=[(event, on) for on in ahead for _, event in self._events[on]],
            companies=list(islice([*firms, *firms], start, start + 4)),
        )


def _firms(loading: Loading) -> list[tuple[str, Record]]:
    """Each company with the first of its members, in an order of its own."""
    first: dict[str, str] = {}
    for member in loading.community.members:
        first.setdefault(member["company"], member["id"])
    firms = [(first[firm["id"]], firm) for firm in loading.community.companies if firm["id"] in first]
    loading.rng.shuffle(firms)
    return firms


def _came(event: Record) -> int:
    return sum(bool(signup.get("attended")) for signup in event["signups"]) + len(event["walk_ins"])


def _local(loading: Loading, at: datetime) -> date:
    return at.astimezone(loading.calendar.zone).date()


def _hour(loading: Loading, at: datetime) -> str:
    return f"{at.astimezone(loading.calendar.zone):%H:%M}"
