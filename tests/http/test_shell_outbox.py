"""The outbox's page and that of what is on the phone, as far as the server fills them in."""

from __future__ import annotations

from flask import Flask

from blueprints.offline.words import OPERATIONS
from core.operations import registry
from tests.client import Browser
from tests.people import People
from tests.phones import Phone

NEED = {"kind": "need", "title": "求购边角料", "body": "六吨。", "category": "procurement"}


def test_every_operation_that_may_wait_has_a_name_in_words(app: Flask) -> None:
    assert {name for name, kind in registry.items() if kind.waits} <= set(OPERATIONS) <= set(registry)


def test_the_outbox_lists_what_was_decided_for_this_account_alone(people: People) -> None:
    member_id, browser = people.logged_in()
    _, other = people.logged_in()
    phone = Phone(browser, member_id)
    good, bad = phone.op("need.create", fields=NEED), phone.op("need.create", lane="b", fields={**NEED, "title": ""})
    url = phone.send(good, bad)["ops"][0]["url"]
    page = browser.get("/outbox")
    assert page.state("operation", good["op_id"]) == "accepted"
    assert page.state("operation", bad["op_id"]) == "refused"
    assert "发需求或资源" in page
    assert f'href="{url}"' in page.html
    assert "已办好" in page
    assert "没有办成" in page
    assert "data-outbox" in page.html
    assert "发需求或资源" not in other.get("/outbox").html.split("<main")[1]


def test_the_outbox_pages_by_the_last_that_was_shown(people: People) -> None:
    member_id, browser = people.logged_in()
    phone = Phone(browser, member_id)
    ops = [phone.op("need.create", lane=str(n), fields={**NEED, "title": f"求购 {n}"}) for n in range(25)]
    phone.send(*ops)
    first = browser.get("/outbox")
    assert first.html.count('id="operation-') == 20
    following = first.html.split('rel="next" href="')[1].split('"')[0]
    second = browser.get(following)
    assert second.html.count('id="operation-') == 5
    assert 'rel="next"' not in second.html
    assert browser.get("/outbox?after=nonsense").html.count('id="operation-') == 20


def test_a_kept_outbox_changes_with_each_decision(people: People) -> None:
    member_id, browser = people.logged_in()
    phone = Phone(browser, member_id)
    op = phone.op("need.create", fields=NEED)
    etags = [browser.get("/outbox", Fragment="main").headers["ETag"]]
    for _ in range(2):
        phone.send(op)
        etags.append(browser.get("/outbox", Fragment="main").headers["ETag"])
    assert etags[0] != etags[1] == etags[2], "a repeat decides nothing"


def test_visitors_have_both_pages_too(client: Browser) -> None:
    assert "data-outbox" in client.get("/outbox").html
    assert "data-phone" in client.get("/offline").html
    assert client.get("/offline", Fragment="main").status == 200
