"""Needs and offers, the answers to them, and what came of them."""

from __future__ import annotations

import functools
from collections import defaultdict
from datetime import datetime, timedelta
from itertools import groupby

from blueprints.needs.models import Need, NeedResponse, Outcome
from core.text import folded, search_text
from demo.community import Record, read
from demo.loading import Loading

POSTS = 600
OF_TODAY, OF_YESTERDAY = 7, 5
DAYS_OPEN_SOON = 30
EXPIRES_SHARE = 0.4
_folded = functools.lru_cache(maxsize=1024)(folded)


def add_posts(loading: Loading) -> None:
    """All posts, the newest of them of today and yesterday."""
    answers = defaultdict(list)
    for response in loading.community.responses:
        answers[response["post"]].append(response)
    templates = read("answers")[0]
    for record, days_ago, created_at in _dated(loading):
        _add_post(loading, record, days_ago, created_at)
        if record["outcome"]:
            _add_outcome(loading, record, days_ago, created_at, templates)
        elif record["state"] == "withdrawn":
            _add_withdrawn(loading, record, created_at)
        for response in answers[record["id"]]:
            _add_answer(loading, response, created_at)


def days_ago_of(posts: list[Record]) -> list[int]:
    """How many days ago each post came in: as the data says, but for the newest, which are of today and yesterday."""
    days = [post["days_ago"] for post in posts]
    newest_first = sorted(range(len(posts)), key=lambda place: (days[place], -place))
    of_today, of_yesterday = (-(-number * len(posts) // POSTS) for number in (OF_TODAY, OF_YESTERDAY))
    for place in newest_first[:of_today]:
        days[place] = 0
    for place in newest_first[of_today : of_today + of_yesterday]:
        days[place] = 1
    return days


def _dated(loading: Loading) -> list[tuple[Record, int, datetime]]:
    posts = loading.community.posts
    in_order = sorted(zip(days_ago_of(posts), range(len(posts)), strict=True), key=lambda pair: (-pair[0], pair[1]))
    dated = []
    for days_ago, group in groupby(in_order, key=lambda pair: pair[0]):
        places = [place for _, place in group]
        if days_ago:
            day = loading.calendar.day(-days_ago)
            moments = loading.calendar.moments(day, len(places), loading.rng)
        else:
            moments = loading.calendar.this_morning(len(places))
        dated += [(posts[place], days_ago, at) for place, at in zip(places, moments, strict=True)]
    return dated


def _add_post(loading: Loading, record: Record, days_ago: int, created_at: datetime) -> None:
    rng, calendar = loading.rng, loading.calendar
    expires_on = None
    if record["state"] == "expired":
        expires_on = calendar.day(-rng.randint(1, max(1, min(days_ago - 7, 20))))
    elif record["state"] == "open" and days_ago < DAYS_OPEN_SOON and rng.random() < EXPIRES_SHARE:
        expires_on = calendar.day(rng.randint(2, 45))
    body = loading.community.text(record["body"])
    title = loading.community.text(record["title"])
    loading.add_keyed(
        Need,
        created_at,
        ref=record["id"],
        author_id=loading.seen(record["author"], created_at),
        kind=record["kind"],
        title=title,
        body=body,
        category=record["category"],
        trade=record["trade"],
        amount_cny=record["amount_cny"],
        expires_on=expires_on,
        state="open" if record["state"] == "expired" else record["state"],
        created_at=created_at,
        search_text=f"{search_text(title)} {_folded(body)}",
        hidden=False,
    )


def _add_outcome(
    loading: Loading, record: Record, days_ago: int, created_at: datetime, templates: dict[str, list[str]]
) -> None:
    """How it ended, and the partner's answer that was accepted on the way there."""
    rng, outcome = loading.rng, record["outcome"]
    days_open = rng.randint(2, 12)
    if days_ago < 90 and rng.random() < 0.5:
        days_open = rng.randint(max(2, days_ago - 26), days_ago - 1)
    closed_at = created_at + timedelta(days=days_open, minutes=rng.randint(-90, 200))
    closed_at = min(closed_at, loading.now - timedelta(hours=1))
    answered_at = created_at + (closed_at - created_at) * rng.uniform(0.02, 0.3)
    said = templates["offer" if record["kind"] == "offer" else record["category"]]
    loading.add_keyed(
        NeedResponse,
        answered_at,
        need_id=loading.ids[record["id"]],
        member_id=loading.seen(outcome["partner"], answered_at),
        body=rng.choice(said),
        state="accepted",
        created_at=answered_at,
        accepted_at=answered_at + (closed_at - answered_at) * rng.uniform(0.05, 0.3),
    )
    loading.add(
        Outcome,
        need_id=loading.ids[record["id"]],
        result="solved",
        partner_id=loading.ids[outcome["partner"]],
        partner_name="",
        amount_cny=outcome["amount"],
        summary=loading.community.text(outcome["summary"]),
        closed_at=closed_at,
    )


def _add_withdrawn(loading: Loading, record: Record, created_at: datetime) -> None:
    loading.add(
        Outcome,
        need_id=loading.ids[record["id"]],
        result="withdrawn",
        partner_id=None,
        partner_name="",
        amount_cny=None,
        summary="",
        closed_at=loading.later(created_at, 24, 24 * 9),
    )


def _add_answer(loading: Loading, response: Record, created_at: datetime) -> None:
    at = loading.now - timedelta(hours=response["hours_ago"])
    at = max(at, created_at + (loading.now - created_at) * 0.4)
    accepted_at = loading.later(at, 1, 8) if response["state"] == "accepted" else None
    loading.add_keyed(
        NeedResponse,
        at,
        ref=f"response to {response['post']} by {response['member']}",
        need_id=loading.ids[response["post"]],
        member_id=loading.seen(response["member"], at),
        body=response["body"],
        state=response["state"],
        created_at=at,
        accepted_at=accepted_at,
    )
