"""One round trip keeps the phone's set right: what is missing comes, what is over goes, and no more."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from typing import Any

import brotli
import pytest
from flask import Flask

from blueprints.offline import sets, sync
from core import chamber, generation, pages
from core.clock import clock
from core.database import db, in_transaction, new_id
from core.pages import PALETTES
from tests.client import Browser, Statements
from tests.people import People
from tests.phones import Phone
from tests.world import ROLES, World, build

pytestmark = pytest.mark.unhurried

NEED = {"kind": "need", "title": "求购边角料", "body": "六吨。", "category": "procurement"}
Line = dict[str, Any]


@pytest.fixture(autouse=True)
def _nothing_remembered(app: Flask) -> None:
    app.extensions.pop("phone_sets", None)


def pages_in(lines: list[Line]) -> dict[str, Line]:
    return {line["url"]: line for line in lines if "url" in line}


def etags_in(lines: list[Line]) -> list[str]:
    return [line["etag"] for line in lines if "etag" in line]


def phone_of(world: World, role: str) -> Phone:
    return Phone(world.browser(role), None if role == "visitor" else world.who[role])


def refreshed(phone: Phone, have: list[str]) -> tuple[list[Line], list[str]]:
    """Sync; the lines, and what the phone has then."""
    lines = phone.sync(have)
    gone = {line["gone"] for line in lines if "gone" in line}
    return lines, sorted({*have, *etags_in(lines)} - gone)


@pytest.mark.thorough
def test_every_page_of_the_set_has_the_etag_that_was_told(app: Flask, people: People) -> None:
    world = build(app, people)
    phones = {role: phone_of(world, role) for role in (*ROLES, "refused", "other")}
    have: dict[str, list[str]] = {role: [] for role in phones}
    for hours in (0, 1.4, 1, 6, 12, 48):
        clock.advance(hours=hours)
        for role, phone in phones.items():
            lines, have[role] = refreshed(phone, have[role])
            head, end = lines[0], lines[-1]
            assert head["account"] == (phone.account or "")
            assert head["total"] == end["pages"] == len(pages_in(lines))
            for url, line in pages_in(lines).items():
                page = world.browser(role).get(url, Fragment="main")
                assert page.status == 200, (role, url)
                assert page.headers["ETag"] == f'"{line["etag"]}"', (role, url)
                assert without_ids(page.html) == without_ids(line["html"]), (role, url)
                assert line["title"]
            again, _ = refreshed(phone, have[role])
            assert [line for line in again if line.keys() & {"url", "pack", "gone"}] == [], role


@pytest.mark.thorough
def test_what_keeps_its_etag_over_the_days_keeps_its_bytes(app: Flask, people: People) -> None:
    """The tests' witness compares each fragment with the last one that had its etag."""
    world = build(app, people)
    for days in (0, 0.6, 1, 3, 40):
        clock.advance(days=days)
        for role in ("visitor", "applicant", "member", "organizer", "lead", "expert"):
            phone = phone_of(world, role)
            have = etags_in(phone.sync([]))
            assert not pages_in(phone.sync(have)), role


def without_ids(html: str) -> str:
    """A fragment but for what is another each time."""
    return pages._FORMS_OP_ID.sub("", html)


def _set_of(app: Flask, world: World, role: str) -> sets.PhoneSet:
    from flask_login import login_user

    from tests.world import viewer_of

    with app.test_request_context():
        if role == "visitor":
            return sets.known_of(None).phone_set
        login_user(viewer_of(world.who[role]))
        return sets.known_of(viewer_of(world.who[role])).phone_set


def urls_of(app: Flask, world: World, role: str) -> list[str]:
    return [url for url, _ in _set_of(app, world, role).items()]


def test_a_member_keeps_what_the_protocol_names(app: Flask, people: People) -> None:
    world = build(app, people)
    t, kept = world.things, set(urls_of(app, world, "member"))
    assert kept >= {
        "/", "/me", "/outbox", "/offline", "/notices", "/needs", "/needs/new", "/needs/solved", "/events",
        "/events?when=past", "/experts", "/consultations", "/briefings", "/briefings/1", "/members", "/rules", "/door",
        "/me/profile", "/rules/privacy-policy", "/experts/environment", f"/needs/{t['need']}",
        f"/needs/{t['need']}/edit",
        f"/needs/{t['accepted_need']}", f"/events/{t['event']}", f"/events/{t['past_event']}",
        f"/events/{t['cancelled_event']}", f"/events/{t['event']}/ticket", f"/consultations/{t['consultation']}",
    }  # fmt: skip
    assert f"/events/{t['event']}/door" not in kept
    runs = set(urls_of(app, world, "organizer"))
    assert runs >= {f"/events/{t['event']}/door", f"/events/{t['event']}/door/pack", f"/events/{t['event']}/edit"}
    assert f"/events/{t['inside_event']}/door" not in runs, "it begins in five days"
    assert set(urls_of(app, world, "visitor")) == {
        "/", "/outbox", "/offline", "/register", "/login", "/rules", "/rules/community-rules", "/rules/privacy-policy",
        "/events",
    }  # fmt: skip


def test_an_unchanged_phone_costs_two_queries_and_no_rendering(
    phone: Phone, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, have = refreshed(phone, [])
    op_id = str(new_id())

    def rendered(*_: Any, **__: Any) -> None:
        raise AssertionError("rendered")

    monkeypatch.setattr(pages, "render_template", rendered)
    monkeypatch.setattr(pages, "_blocks", rendered)
    with Statements(app) as statements:
        response = phone.post("/sync", {"have": have, "ops": []})
    assert len(statements.reads) == 2, statements.reads
    assert not statements.writes
    lines = [json.loads(line) for line in response.data.splitlines()]
    assert [set(line) for line in lines] == [
        {"shell", "account", "generation", "counts", "total"},
        {"end", "pages"},
    ]
    assert len(response.data) + len(str(response.headers)) < 650
    with Statements(app) as statements:
        phone.sync(have, [op_id])
    assert len(statements.reads) == 3, statements.reads


def test_only_what_changed_comes_and_what_it_was_goes(people: People, phone: Phone) -> None:
    other = Phone(*reversed(people.logged_in()))
    lines, have = refreshed(phone, [])
    before = {line["url"]: line["etag"] for line in lines if "url" in line}
    url = other.send(other.op("need.create", fields=NEED))["ops"][0]["url"]
    lines, _ = refreshed(phone, have)
    assert set(pages_in(lines)) == {"/", "/me", "/needs", "/needs/solved", url}
    assert {line["gone"] for line in lines if "gone" in line} == {
        before[page] for page in pages_in(lines) if page != url
    }
    assert NEED["title"] in pages_in(lines)["/needs"]["html"]


def test_it_goes_on_where_it_broke_off(phone: Phone) -> None:
    lines = phone.sync([])
    half = etags_in(lines)[: len(lines) // 2]
    rest = phone.sync(half)
    assert set(etags_in(rest)) == set(etags_in(lines)) - set(half)
    assert rest[0]["total"] == len(pages_in(rest))


def test_a_page_that_nobody_may_keep_any_more_goes(app: Flask, people: People) -> None:
    world = build(app, people)
    phone = phone_of(world, "member")
    _, have = refreshed(phone, [])
    kept = dict(_set_of(app, world, "member").items())
    world.do("member", "event.cancel_signup", world.things["event"])
    lines, _ = refreshed(phone, have)
    assert kept[f"/events/{world.things['event']}/ticket"] in {line.get("gone") for line in lines}


def test_etags_that_were_never_ours_are_to_be_forgotten(phone: Phone) -> None:
    assert {"gone": "deadbeef"} in phone.sync(["deadbeef"])


@pytest.mark.thorough
def test_the_clock_alone_changes_what_is_kept(app: Flask, people: People) -> None:
    world = build(app, people)
    phone = phone_of(world, "member")
    _, have = refreshed(phone, [])
    until = _set_of(app, world, "member").until
    assert (until - clock.now()).total_seconds() == 78 * 60, "the sharing hour is at 11:18"
    clock.freeze(until)
    lines, have = refreshed(phone, have)
    assert "/needs" in pages_in(lines)
    clock.advance(days=1)
    lines, have = refreshed(phone, have)
    assert "/events" in pages_in(lines), "another day has another etag"


def test_decided_operations_are_told_to_their_owner_alone(app: Flask, people: People, phone: Phone) -> None:
    good, bad = phone.op("need.create", fields=NEED), phone.op("need.create", lane="b", fields={})
    told = {answer["op_id"]: answer for answer in phone.send(good, bad)["ops"]}
    unknown = str(new_id())
    lines = phone.sync([], [good["op_id"], bad["op_id"], unknown])
    decided = [line for line in lines if "op_id" in line]
    assert {line["op_id"]: line["outcome"] for line in decided} == {good["op_id"]: "accepted", bad["op_id"]: "refused"}
    assert all(line["message"] == told[line["op_id"]]["message"] for line in decided)
    assert "url" not in decided[0], "a line with a URL is a page"
    other_id, other = people.logged_in()
    assert not [line for line in Phone(other, other_id).sync([], [good["op_id"]]) if "op_id" in line]
    assert not [line for line in Phone(Browser(app), None).sync([], [good["op_id"]]) if "op_id" in line]


def test_a_door_fact_is_told_with_its_verdict(app: Flask, people: People) -> None:
    world = build(app, people)
    phone = phone_of(world, "organizer")
    op = phone.op("checkin.record", world.things["event"], fields={"walk_in_name": "张三"})
    verdict = phone.send(op)["ops"][0]["verdict"]
    assert [line["verdict"] for line in phone.sync([], [op["op_id"]]) if "op_id" in line] == [verdict]


def test_the_first_line_says_who_asks_and_how_many_notices_wait(app: Flask, people: People) -> None:
    world = build(app, people)
    phone = phone_of(world, "member")
    head = phone.sync()[0]
    shell = world.browser("member").get("/shell").headers["Shell"]
    assert (head["shell"], head["account"]) == (shell, str(world.who["member"]))
    assert head["counts"]["unread"] > 0
    world.browser("member").post("/notices/read")
    assert phone.sync()[0]["counts"] == {"unread": 0}


def test_a_restored_database_is_another_generation(app: Flask, phone: Phone) -> None:
    _, have = refreshed(phone, [])
    assert phone.sync(have)[0]["generation"] == "0"
    with app.app_context():
        in_transaction(generation.renew)
    lines = phone.sync(have)
    assert re.fullmatch("[0-9a-f]{16}", lines[0]["generation"])
    assert phone.send()["generation"] == lines[0]["generation"]
    assert len(lines) == 2, "pages are not concerned"


def test_another_build_makes_every_page_anew(app: Flask, phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    _, have = refreshed(phone, [])
    monkeypatch.setitem(app.extensions, "build", "2.0.0+other")
    lines, _ = refreshed(phone, have)
    assert {line["gone"] for line in lines if "gone" in line} == set(have)
    assert len(pages_in(lines)) == len(have)


def test_the_language_is_the_readers(phone: Phone) -> None:
    lines, have = refreshed(phone, [])
    phone.browser.post("/display", {"language": "en"})
    english, _ = refreshed(phone, have)
    assert len(pages_in(english)) == len(pages_in(lines))
    assert pages_in(english)["/needs"]["title"] == "Needs and offers"
    phone.browser.post("/display", {"large": "1", "palette": PALETTES[1]})
    assert not pages_in(phone.sync(etags_in(english))), "that is the shell's"


def test_the_chambers_name_changes_every_page(app: Flask, phone: Phone) -> None:
    _, have = refreshed(phone, [])
    with app.app_context():
        db.session.add(chamber.ChamberSetting(key="contact", value="022-1118"))
        db.session.commit()
    assert len(pages_in(phone.sync(have))) == len(have)


def test_the_doors_pack_comes_with_its_etag_and_changes_with_each_fact(app: Flask, people: People) -> None:
    world = build(app, people)
    phone = phone_of(world, "organizer")
    event = world.things["event"]
    lines, have = refreshed(phone, [])
    [line] = [line for line in lines if line.get("pack") == event]
    assert line["data"] == world.browser("organizer").client.get(f"/events/{event}/door/pack").get_json()
    assert line["etag"] == line["data"]["etag"]
    assert line["data"]["roster"]
    phone.send(phone.op("checkin.record", event, fields={"walk_in_name": "张三"}))
    lines, _ = refreshed(phone, have)
    assert [each["pack"] for each in lines if "pack" in each] == [event]
    assert f"/events/{event}/door" not in pages_in(lines), "the door's page names nobody"
    assert line["etag"] in {each.get("gone") for each in lines}


def test_the_kept_door_names_nobody(app: Flask, people: People) -> None:
    world = build(app, people)
    lines = phone_of(world, "organizer").sync()
    door = pages_in(lines)[f"/events/{world.things['event']}/door"]["html"]
    assert "崔广田" not in door


def test_a_page_that_breaks_is_left_out_and_asked_for_again(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    from blueprints.needs import reading

    def breaks(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(reading, "find", breaks)
    lines, have = refreshed(phone, [])
    assert "/needs" not in pages_in(lines)
    assert lines[-1] == {"end": True, "pages": lines[0]["total"] - 1}
    monkeypatch.undo()
    assert set(pages_in(phone.sync(have))) == {"/needs"}


def test_a_visitor_has_a_set_and_a_session_that_ended_is_a_visitors(app: Flask, phone: Phone) -> None:
    lines = Phone(Browser(app), None).sync()
    assert lines[0]["account"] == ""
    assert {"/", "/register", "/login"} <= set(pages_in(lines))
    _, have = refreshed(phone, [])
    phone.browser.post("/logout")
    lines = phone.sync(have)
    assert lines[0]["account"] == ""
    assert set(have) <= {line.get("gone") for line in lines}


# How it travels.


@pytest.mark.parametrize(("accepted", "name"), [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("identity", None)])
def test_the_stream_is_compressed_and_each_line_can_be_read_as_it_comes(
    phone: Phone, accepted: str, name: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "MANY", 10)
    response = phone.post("/sync", {"have": [], "ops": []}, **{"Accept-Encoding": accepted})
    assert response.headers.get("Content-Encoding") == name
    assert response.mimetype == "application/x-ndjson"
    assert "no-store" in response.headers["Cache-Control"]
    plain = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[name](response.data)
    lines = plain.splitlines()
    assert json.loads(lines[-1])["end"]
    if name == "br":
        reader = brotli.Decompressor()
        pieces = [b"".join(all_of(reader, part)) for part in phone_parts(phone)]
        assert json.loads(pieces[0])["account"] == phone.account, "the first line comes at once"
        assert len(pieces) > 1
        assert all(piece.endswith(b"\n") for piece in pieces if piece), "and each piece is of whole lines"
    _, have = refreshed(phone, [])
    short = phone.post("/sync", {"have": have, "ops": []}, **{"Accept-Encoding": accepted})
    assert len(short.data) < 300
    assert int(short.headers["Content-Length"]) == len(short.data)


def all_of(reader: brotli.Decompressor, part: bytes) -> Iterator[bytes]:
    """What `part` says: the reader hands over at most a window of it at each call."""
    while read := reader.process(part):
        yield read
        part = b""


def phone_parts(phone: Phone) -> Any:
    """The pieces in which a first sync comes."""
    response = phone.browser.client.post(
        "/sync",
        data=b'{"have": [], "ops": []}',
        headers={"Sec-Fetch-Site": "same-origin", "Accept-Encoding": "br"},
        buffered=False,
    )
    yield from response.iter_encoded()
    response.close()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"have": {}}',
        b'{"have": [7]}',
        b'{"have": ["DEADBEEF"]}',
        b'{"have": ["deadbeef0"]}',
        b'{"have": ["deadbeef\\n"]}',
        b'{"ops": "x"}',
        b'{"ops": ["x"]}',
        b'{"ops": [null]}',
        json.dumps({"have": ["deadbeef"] * 4001}).encode(),
        json.dumps({"ops": [str(new_id())] * 501}).encode(),
    ],
)
def test_what_cannot_be_read_is_a_400(phone: Phone, body: bytes) -> None:
    response = phone.post("/sync", body)
    assert (response.status_code, response.get_json()["error"]) == (400, "envelope")


def test_a_request_beyond_64_kilobytes_is_a_413(phone: Phone) -> None:
    response = phone.post("/sync", b" " * 70_000 + b"{}")
    assert (response.status_code, response.get_json()["error"]) == (413, "size")
