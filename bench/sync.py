"""What keeping a phone right costs: bytes and queries of one sync, and many at once after the briefing came out."""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import quantiles
from typing import Any

import brotli
from flask_login import login_user
from sqlalchemy import event, select

from bench.harness import Site
from bench.report import Line, Result
from blueprints.accounts.models import Member, RoleGrant
from blueprints.accounts.sessions import load_viewer
from blueprints.briefings.models import Briefing
from blueprints.offline.sets import known_of
from core.access import Viewer
from core.clock import local, now
from core.database import db, new_id
from core.operations import Act
from core.performing import perform

TITLE = "Sync"
MEMBER = "13800000008"
PHONES, WITHIN_SECONDS = 331, 10
NEW_PHONES = 30
MANY, LONG_SECONDS = 10_000, 60
# As Chromium on a phone sends it, but for the cookie and the length.
HEADERS = {
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Accept-Language": "zh-CN,zh;q=0.9",
    "Content-Type": "application/json",
    "Origin": "http://127.0.0.1",
    "Referer": "http://127.0.0.1/needs",
    "Sec-Fetch-Dest": "empty",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Site": "same-origin",
    "User-Agent": "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0",
    "sec-ch-ua": '"Chromium";v="156", "Not A(Brand";v="24"',
    "sec-ch-ua-mobile": "?1",
    "sec-ch-ua-platform": '"Android"',
}


@dataclass
class Kept:
    """A phone and what lies on it."""

    cookie: str
    etags: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Synced:
    """One sync: its bytes on the wire both ways, its lines, and how long it took."""

    request: int
    answer: int
    body: int
    pages: list[str]
    seconds: float


def sync(site: Site, phone: Kept, connection: http.client.HTTPConnection | None = None) -> Synced:
    """One sync of `phone`, which then has what came."""
    link = connection or http.client.HTTPConnection(site.host, site.port, timeout=60)
    body = json.dumps({"have": sorted(phone.etags), "ops": []}, separators=(",", ":"))
    headers = {**HEADERS, "Cookie": phone.cookie}
    begun = time.perf_counter()
    link.request("POST", "/sync", body, headers)
    response = link.getresponse()
    raw = response.read()
    took = time.perf_counter() - begun
    if response.status != 200:
        raise RuntimeError(f"sync: {response.status}")
    plain = brotli.decompress(raw) if response.headers.get("Content-Encoding") == "br" else raw
    lines = [json.loads(line) for line in plain.splitlines()]
    if not lines[-1].get("end"):
        raise RuntimeError("sync: no end")
    phone.etags |= {line["etag"] for line in lines if "etag" in line}
    phone.etags -= {line["gone"] for line in lines if "gone" in line}
    if connection is None:
        link.close()
    sent = len("POST /sync HTTP/1.1\r\n") + len(body) + sum(len(f"{n}: {v}\r\n") for n, v in headers.items()) + 64
    told = len("HTTP/1.1 200 OK\r\n\r\n") + sum(len(f"{n}: {v}\r\n") for n, v in response.headers.items()) + len(raw)
    return Synced(sent, told, len(raw), [line["url"] for line in lines if "url" in line], took)


def measure(site: Site) -> Result:
    """The demo's member alone; then everybody."""
    with site.app.app_context():
        member_id = db.session.scalars(select(Member.id).where(Member.phone == MEMBER)).one()
    (cookie,) = site.cookies([member_id])
    phone = Kept(cookie)
    first = sync(site, phone)
    unchanged = sync(site, phone)
    a_usual_day(site)
    day = sync(site, phone)
    queries = queries_of_an_unchanged_sync(site, member_id)
    lines = [
        Line("unchanged: the answer's body", unchanged.body, "B", at_most=512),
        Line("  with its headers", unchanged.answer, "B"),
        Line("  its request with headers", unchanged.request, "B", at_most=3072),
        Line("  its queries", queries, "", at_most=3),
        Line("  its time", round(1000 * unchanged.seconds, 1), "ms"),
        Line(f"first sync of the demo's member, {len(first.pages)} pages", _kb(first.body), "KB", at_most=120),
        Line("  its time", round(1000 * first.seconds), "ms", at_most=5000),
        Line(f"a usual day, {len(day.pages)} pages", _kb(day.body), "KB", at_most=20),
    ]
    more: dict[str, Any] = {"pages_of_a_day": Counter(_kind(url) for url in day.pages)}
    lines += burst(site, PHONES, WITHIN_SECONDS, at_most=500)
    if "--long" in sys.argv:
        lines += burst(site, MANY, LONG_SECONDS)
    return Result(lines, more)


def _kb(size: int) -> float:
    return round(size / 1000, 2)


def _kind(url: str) -> str:
    parts = url.partition("?")[0].split("/")
    return "/".join(parts[:2]) + ("/…" if len(parts) > 2 else "")


# What happens meanwhile.


def _by(site: Site, *roles: str) -> Viewer:
    with site.app.app_context():
        wanted = select(Member).join(RoleGrant).where(RoleGrant.role.in_(roles), Member.phone != MEMBER)
        found = db.session.scalars(wanted.order_by(Member.phone)).first()
        assert found
        return Viewer(found.id, new_id(), found.real_name, "member", frozenset(roles))


def _do(site: Site, actor: Viewer, name: str, target: object = None, **fields: Any) -> str:
    with site.app.test_request_context():
        act = Act(str(actor.id), str(new_id()), actor, None if target is None else str(target))
        outcome = perform(name, act, {key: str(value) for key, value in fields.items()})
        if not outcome.went_well:
            raise RuntimeError(f"{name}: {outcome.message}")
        return (outcome.url or "").rsplit("/", 1)[-1]


def a_usual_day(site: Site) -> None:
    """Ten needs and offers, two events, one briefing."""
    author, organizer = _by(site, "editor"), _by(site, "organizer")
    for number in range(10):
        _do(
            site, author, "need.create",
            kind="need" if number % 3 else "offer", title=f"求购齿轮 {uuid.uuid4().hex[:6]}", category="procurement",
            body=f"四十件，模数 3，{number + 3} 天内要，图纸可以先发。\n带材质单，津南自提，能长期供的优先。",
        )  # fmt: skip
    for number in range(2):
        starts = now() + timedelta(days=3 + number)
        _do(
            site, organizer, "event.create",
            title=f"产业链对接会 {uuid.uuid4().hex[:6]}", kind="matchmaking", starts_at=_typed(starts),
            ends_at=_typed(starts + timedelta(hours=2)), venue="海棠里议事厅", capacity=40, public="1",
            body="两家讲，八家听，各讲十分钟，讲完坐下来谈。\n带上图纸和名片，来不了的请提前一天取消。",
        )  # fmt: skip
    publish(site)


def _typed(instant: datetime) -> str:
    return f"{local(instant):%Y-%m-%dT%H:%M}"


def publish(site: Site) -> None:
    """One more briefing comes out now."""
    body = "## 值得看的需求\n\n" + "\n".join(
        f"- **第 {n} 条。** 一百四十平米防滑地面，月底前做完，找做过食品车间的。" for n in range(1, 13)
    )
    with site.app.app_context():
        newest = db.session.scalars(select(Briefing).order_by(Briefing.date.desc()).limit(1)).one()
        number = (db.session.scalars(select(db.func.max(Briefing.number))).one() or 0) + 1
        db.session.add(
            Briefing(
                id=new_id(), date=newest.date + timedelta(days=1), number=number, title="防滑地面和自行车", body=body,
                state="signed_off", publishes_at=now(), editor_id=newest.editor_id, reviewer_id=newest.reviewer_id,
                publisher_id=newest.publisher_id,
            )
        )  # fmt: skip
        db.session.commit()


def queries_of_an_unchanged_sync(site: Site, member_id: uuid.UUID) -> int:
    """What the database is asked, counted in this process."""
    (cookie,) = site.cookies([member_id])
    client = site.app.test_client()
    client.set_cookie("huiyou", cookie.partition("=")[2])

    def ask(have: list[str]) -> list[dict[str, Any]]:
        body = json.dumps({"have": have, "ops": [str(new_id())]})
        answer = client.post("/sync", data=body, headers={"Sec-Fetch-Site": "same-origin"})
        return [json.loads(line) for line in answer.data.splitlines()]

    have = [line["etag"] for line in ask([]) if "etag" in line]
    asked: list[str] = []
    with site.app.app_context():
        engine = db.engine

    def heard(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", heard)
    ask(have)
    event.remove(engine, "before_cursor_execute", heard)
    return sum(statement.lstrip().startswith("SELECT") for statement in asked)


# Everybody at once.


def more_members(site: Site, number: int) -> list[uuid.UUID]:
    """Members beyond the demo's, each with a company of their own."""
    made = [new_id() for _ in range(max(0, number))]
    with site.app.app_context():
        pattern = db.session.scalars(select(Member).where(Member.phone == MEMBER)).one()
        kept = {c.key: getattr(pattern, c.key) for c in Member.__table__.columns if c.key not in ("id", "phone")}
        if made:
            rows = [{**kept, "id": key, "phone": f"177{n:08d}"} for n, key in enumerate(made)]
            db.session.execute(Member.__table__.insert(), rows)
            db.session.commit()
    return made


def etags_of(site: Site, cookie: str) -> set[str]:
    """What lies on the phone of a member who is up to date; worked out here, so that nothing is rendered for it."""
    signer = site.app.session_interface.get_signing_serializer(site.app)  # type: ignore[attr-defined]
    session = signer.loads(cookie.partition("=")[2])["_user_id"]
    with site.app.test_request_context(headers={"Accept-Language": HEADERS["Accept-Language"]}):
        person = load_viewer(session)
        login_user(person)
        return {etag for _, etag in known_of(person).phone_set.items()}


def warm(site: Site, phones: list[Kept]) -> None:
    """Each phone syncs, and some new ones beside them, over connections of their own, which either worker takes up."""
    for number, kept in enumerate(phones):
        sync(site, kept)
        if number < NEW_PHONES:
            sync(site, Kept(kept.cookie))


def burst(site: Site, phones: int, within: float, at_most: float | None = None) -> list[Line]:
    """All phones are up to date; a briefing comes out, and each syncs at its own moment of the next seconds.

    The server has been at work, as it has on any day at 11:18: either worker has sent each kind of page before.
    """
    people = site.everybody()[:phones]
    people += more_members(site, phones - len(people))
    sets = [Kept(cookie, etags_of(site, cookie)) for cookie in site.cookies(people)]
    warm(site, sets)
    have = [set(kept.etags) for kept in sets]
    publish(site)
    took: list[float] = []
    sizes: list[int] = []
    faults: list[str] = []
    cpu, begun = site.cpu_seconds(), time.perf_counter() + 0.5

    def run(share: list[int]) -> None:
        connection = http.client.HTTPConnection(site.host, site.port, timeout=60)
        for number in share:
            due = begun + within * number / phones
            time.sleep(max(0.0, due - time.perf_counter()))
            kept = Kept(sets[number].cookie, set(have[number]))
            late = max(0.0, time.perf_counter() - due)
            try:
                done = sync(site, kept, connection)
            except (OSError, RuntimeError, http.client.HTTPException) as error:
                faults.append(repr(error))
                connection.close()
                continue
            took.append(done.seconds + late)
            sizes.append(done.body)

    hands = min(48, phones)
    threads = [threading.Thread(target=run, args=(list(range(hand, phones, hands)),)) for hand in range(hands)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cuts = quantiles(took, n=100) if len(took) > 1 else [0.0] * 99
    what = f"{phones:,} members sync within {within:g} s of a briefing"
    return [
        Line(f"{what}: p95", round(1000 * cuts[94], 1), "ms", at_most=at_most),
        Line("  p50", round(1000 * cuts[49], 1), "ms"),
        Line("  errors", len(faults), "", at_most=0, note=faults[0] if faults else ""),
        Line("  each receives", _kb(round(sum(sizes) / max(1, len(sizes)))), "KB"),
        Line("  the server's CPU for each", round(1000 * (site.cpu_seconds() - cpu) / phones, 2), "ms"),
    ]
