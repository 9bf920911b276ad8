"""What an outbox sends is decided once each, in order, and every operation is answered."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from blueprints.accounts.models import LoginSession, Member
from blueprints.events.models import Signup
from blueprints.needs.models import Need
from blueprints.offline import deciding
from core import operations
from core.clock import clock
from core.database import db, new_id
from core.errors import Later
from core.operations import LedgerRow, Operation, registry
from tests.client import Browser
from tests.ledger import NEED, an_event, count, ledger
from tests.people import PASSWORD, People
from tests.phones import Phone

APPLICATION = {
    "real_name": "羊春晓",
    "phone": "13900000000",
    "password": PASSWORD,
    "company_name": "天津晓春食品有限公司",
    "position": "经理",
    "trade": "agriculture",
    "accept_rules": True,
    "accept_privacy": "1",
}


def test_each_operation_is_answered_with_what_the_ledger_keeps(app: Flask, phone: Phone) -> None:
    op = phone.op("need.create", fields=NEED)
    answer = phone.send(op)
    told = answer["ops"][0]
    assert (told["outcome"], told["message"]) == ("accepted", "已发布，会员们现在就能看到。")
    assert told["url"].startswith("/needs/")
    assert answer["account"] == phone.account
    assert answer["generation"] == "0"
    assert answer["server_time"] == "2026-11-21T02:00:00Z"
    row = ledger(app, op["op_id"])
    assert (row.owner, row.outcome, row.url) == (phone.account, "accepted", told["url"])


def test_a_repeat_is_answered_alike_and_has_no_second_effect(app: Flask, phone: Phone) -> None:
    op = phone.op("need.create", fields=NEED)
    assert phone.send(op)["ops"] == phone.send(op)["ops"]
    assert phone.decided(op, op) == ["accepted", "accepted"]
    assert count(app, Need) == 1


def test_the_same_id_with_other_values_is_refused(app: Flask, phone: Phone) -> None:
    op = phone.op("need.create", fields=NEED)
    phone.send(op)
    assert phone.decided({**op, "fields": {**NEED, "title": "别的"}}) == ["refused"]
    assert phone.decided({**op, "name": "need.respond"}) == ["refused"]
    assert count(app, Need) == 1


def test_the_outbox_and_the_plain_form_are_one_ledger(app: Flask, phone: Phone) -> None:
    op_id = str(new_id())
    page = phone.browser.post("/needs", {**NEED, "op_id": op_id, "owner": phone.account, "body": "六吨。"})
    assert phone.send(phone.op("need.create", op_id=op_id, fields=NEED))["ops"][0]["url"] == page.location
    assert count(app, Need) == 1


def test_an_edit_builds_on_an_operation_that_was_never_seen(app: Flask, phone: Phone) -> None:
    need_id = str(new_id())
    lane = f"need:{need_id}"
    create = phone.op("need.create", lane=lane, fields={**NEED, "id": need_id})
    edit = phone.op(
        "need.update", need_id, lane=lane, after=create["op_id"],
        fields={**NEED, "title": "求购六吨边角料", "version": create["op_id"]},
    )  # fmt: skip
    close = phone.op("need.close", need_id, lane=lane, after=edit["op_id"], fields={"result": "withdrawn"})
    assert phone.decided(close, edit, create) == ["accepted"] * 3
    with app.app_context():
        need = db.session.get_one(Need, uuid.UUID(need_id))
        assert (need.title, need.state) == ("求购六吨边角料", "withdrawn")


def test_sign_up_and_cancel_are_decided_in_the_order_of_seq(app: Flask, people: People, phone: Phone) -> None:
    event_id = an_event(app, people)
    first = phone.op("event.signup", event_id, lane=f"event:{event_id}")
    second = phone.op("event.cancel_signup", event_id, lane=f"event:{event_id}", after=first["op_id"])
    assert phone.decided(second, first) == ["accepted", "accepted"]
    with app.app_context():
        assert db.session.scalar(select(Signup.state)) == "cancelled"


def test_the_child_of_a_refused_parent_is_not_sent_with_its_reason(app: Flask, phone: Phone) -> None:
    parent = phone.op("need.create", fields={**NEED, "title": ""})
    child = phone.op("need.close", new_id(), after=parent["op_id"], lane="another", fields={"result": "withdrawn"})
    grandchild = phone.op("need.create", after=child["op_id"], lane="third", fields=NEED)
    told = phone.send(grandchild, child, parent)["ops"]
    assert [one["outcome"] for one in told] == ["not_sent", "not_sent", "refused"]
    assert told[0]["message"] == told[1]["message"] == told[2]["message"] != ""
    assert ledger(app, grandchild["op_id"]).outcome == "not_sent"
    later = phone.op("need.create", after=parent["op_id"], fields=NEED)
    assert phone.decided(later) == ["not_sent"], "also when the parent was refused in an earlier batch"
    assert phone.decided(later, child) == ["not_sent", "not_sent"], "and when it is asked again"


def test_lanes_that_wait_for_each_other_are_decided_the_second_time(phone: Phone) -> None:
    first = phone.op("need.create", lane="a", fields={**NEED, "title": ""})
    second = phone.op("need.create", lane="b", after=first["op_id"], fields=NEED)
    third = phone.op("need.create", lane="a", after=second["op_id"], fields=NEED)
    assert phone.decided(first, second, third) == ["refused", "retry", "retry"]
    assert phone.decided(second, third) == ["not_sent", "not_sent"]


def test_what_depends_on_something_unknown_waits(app: Flask, phone: Phone) -> None:
    orphan = phone.op("need.create", after=str(new_id()), fields=NEED)
    sibling = phone.op("need.create", lane=orphan["lane"], fields={**NEED, "title": "另一件"})
    told = phone.send(orphan, sibling, phone.op("need.create", lane="other", fields=NEED))["ops"]
    assert [one["outcome"] for one in told] == ["retry", "retry", "accepted"]
    assert told[0]["retry_after"] > 0
    assert count(app, LedgerRow) == 1
    clock.advance(minutes=11)
    told = phone.send(orphan, sibling)["ops"]
    assert [one["outcome"] for one in told] == ["not_sent", "accepted"], "nobody is asked about it for ever"
    assert "找不到" in told[0]["message"]


def test_lanes_are_independent_of_each_others_faults(app: Flask, phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = registry["need.create"]

    def breaks(act: Any, **fields: Any) -> Any:
        made = kind.handler(act, **fields)
        if fields["title"] == "坏":
            raise ZeroDivisionError
        return made

    monkeypatch.setitem(registry, "need.create", operations.replace(kind, handler=breaks))
    before = phone.op("need.create", lane="a", fields=NEED)
    broken = phone.op("need.create", lane="a", fields={**NEED, "title": "坏"})
    after = phone.op("need.create", lane="a", fields={**NEED, "title": "三"})
    other = phone.op("need.create", lane="b", fields={**NEED, "title": "四"})
    assert phone.decided(before, broken, after, other) == ["accepted", "retry", "retry", "accepted"]
    assert count(app, Need) == count(app, LedgerRow) == 2
    monkeypatch.undo()
    assert phone.decided(before, broken, after, other) == ["accepted"] * 4
    assert count(app, Need) == 4


def test_a_fault_of_the_database_in_one_operation_takes_only_that_one_back(
    app: Flask, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = registry["need.create"]

    def breaks(act: Any, **fields: Any) -> Any:
        raise OperationalError("", {}, Exception("disk full"))

    monkeypatch.setitem(registry, "need.create", operations.replace(kind, handler=breaks))
    assert phone.decided(phone.op("need.create", fields=NEED)) == ["retry"]
    assert count(app, LedgerRow) == 0


class Deadlock(Exception):
    sqlstate = "40P01"


def test_a_deadlock_is_tried_again_and_then_answered_with_retry(
    app: Flask, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, tries = registry["need.create"], []

    def meets(*args: Any, **fields: Any) -> Any:
        tries.append(1)
        if len(tries) <= 4:
            raise OperationalError("", {}, Deadlock())
        return kind.handler(*args, **fields)

    monkeypatch.setitem(registry, "need.create", operations.replace(kind, handler=meets))
    op = phone.op("need.create", fields=NEED)
    told = phone.send(op)["ops"][0]
    assert (told["outcome"], len(tries)) == ("retry", 3)
    assert told["retry_after"] >= 1
    assert phone.decided(op) == ["accepted"]
    assert len(tries) == 5


def test_a_lane_that_cannot_be_committed_is_asked_for_again(
    app: Flask, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Any) -> None:
        raise OperationalError("", {}, Exception("disk full"))

    monkeypatch.setattr(deciding, "in_transaction", broken)
    assert phone.decided(phone.op("need.create", fields=NEED)) == ["retry"]


def test_an_operation_that_says_later_is_not_recorded(
    app: Flask, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Busy(Later):
        wait_seconds = 7

    def busy(*_: Any, **__: Any) -> Any:
        raise Busy

    monkeypatch.setitem(registry, "need.create", operations.replace(registry["need.create"], handler=busy))
    told = phone.send(phone.op("need.create", fields=NEED))["ops"][0]
    assert (told["outcome"], told["retry_after"]) == ("retry", 7)
    assert count(app, LedgerRow) == 0
    assert phone.browser.post("/needs", NEED).status == 429


# Who asks.


def test_without_a_session_each_operation_is_answered_auth_and_nothing_is_recorded(app: Flask, phone: Phone) -> None:
    stranger = Phone(Browser(app), phone.account)
    response = stranger.post("/ops", stranger.envelope(stranger.op("need.create", fields=NEED)))
    assert response.status_code == 200
    assert response.get_json()["ops"][0]["outcome"] == "auth"
    assert response.get_json()["account"] is None
    assert response.headers["Account"] == ""
    assert count(app, LedgerRow) == 0


def test_another_accounts_operations_are_answered_auth(app: Flask, people: People, phone: Phone) -> None:
    other_id, other = people.logged_in()
    assert Phone(other, phone.account).decided(phone.op("need.create", fields=NEED)) == ["auth"]
    assert Phone(other, other_id).decided(phone.op("need.create", fields=NEED)) == ["accepted"]


def test_a_visitor_registers_from_the_outbox_and_no_session_is_begun(app: Flask, client: Browser) -> None:
    phone = Phone(client, None)
    op = phone.op("registration.submit", fields=APPLICATION)
    response = phone.post("/ops", phone.envelope(op))
    assert response.get_json()["ops"][0]["outcome"] == "accepted"
    assert "Set-Cookie" not in response.headers
    assert count(app, LoginSession) == 0
    assert ledger(app, op["op_id"]).owner == phone.outbox
    assert phone.decided(op) == ["accepted"]
    assert client.post("/login", {"phone": "13900000000", "password": PASSWORD}).status == 303
    assert count(app, Member) == 1


def test_a_visitors_outbox_still_counts_when_somebody_has_logged_in(app: Flask, people: People) -> None:
    _, browser = people.logged_in()
    phone = Phone(browser, None)
    op = phone.op("registration.submit", fields=APPLICATION)
    need = phone.op("need.create", fields=NEED)
    assert phone.decided(op, need) == ["accepted", "auth"]
    assert ledger(app, op["op_id"]).owner == phone.outbox


def test_registrations_from_an_outbox_count_against_the_address(app: Flask, client: Browser) -> None:
    app.extensions["limits"]._storage.reset()
    phone = Phone(client, None)
    ops = [phone.op("registration.submit", lane=str(n), fields={**APPLICATION, "password": ""}) for n in range(31)]
    told = phone.send(*ops)["ops"]
    assert [one["outcome"] for one in told] == ["refused"] * 30 + ["retry"]
    assert told[-1]["retry_after"] > 60
    assert phone.decided(ops[0]) == ["refused"], "what is decided is not counted again"
    app.extensions["limits"]._storage.reset()


def test_a_password_is_hashed_before_the_transaction_begins(
    app: Flask, client: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core import crypto, database

    seen = []
    hashed = crypto.passwords.hash
    monkeypatch.setattr(crypto.passwords, "hash", lambda word: seen.append(database._writing.get()) or hashed(word))
    phone = Phone(client, None)
    assert phone.decided(phone.op("registration.submit", fields=APPLICATION)) == ["accepted"]
    assert seen == [False]


@pytest.mark.parametrize(
    "name", ["password.change", "password.forgotten", "password.reset", "phone.request", "review.appeal"]
)
def test_what_needs_a_password_or_a_code_never_comes_from_an_outbox(phone: Phone, name: str) -> None:
    fields = {"current": PASSWORD, "new": "another-1118", "phone": "13800000001", "password": PASSWORD}
    assert phone.decided(phone.op(name, fields=fields)) == ["refused"]


def test_a_member_may_not_ask_for_what_their_roles_do_not_allow(phone: Phone) -> None:
    assert phone.decided(phone.op("settings.change", fields={})) == ["refused"]


# Forms of another release.


def older(kind: Operation, **changes: Any) -> Operation:
    return operations.replace(kind, **changes)


def test_an_older_form_is_adapted(app: Flask, phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = registry["need.create"]
    renamed = {**NEED, "headline": NEED["title"]}
    del renamed["title"]

    def adapt(version: int, fields: dict[str, str]) -> dict[str, str]:
        assert version == 1
        return {**fields, "title": fields["headline"]}

    monkeypatch.setitem(registry, "need.create", older(kind, form_version=2, adapt=adapt))
    op = phone.op("need.create", fields=renamed)
    assert phone.decided(op, op) == ["accepted", "accepted"]
    with app.app_context():
        assert db.session.scalar(select(Need.title)) == NEED["title"]
    assert ledger(app, op["op_id"]).form_version == 1
    assert phone.decided(phone.op("need.create", fields={**NEED, "title": "再来"})) == ["refused"], "cannot be adapted"


def test_an_older_form_that_nothing_adapts_is_refused_with_a_sentence(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry, "need.create", older(registry["need.create"], form_version=2))
    told = phone.send(phone.op("need.create", fields=NEED))["ops"][0]
    assert (told["outcome"], told["message"][:6]) == ("refused", "这张表改版了")
    assert phone.decided(phone.op("need.create", form_version=2, fields=NEED)) == ["accepted"]


def test_a_repeat_over_a_deploy_is_answered_with_what_was_decided(
    app: Flask, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    op = phone.op("need.create", fields=NEED)
    phone.send(op)
    adapt = lambda _, fields: {**fields, "title": "改过的"}  # noqa: E731
    monkeypatch.setitem(registry, "need.create", older(registry["need.create"], form_version=2, adapt=adapt))
    assert phone.decided(op) == ["accepted"]
    monkeypatch.setitem(registry, "need.create", older(registry["need.create"], form_version=3))
    assert phone.decided(op) == ["accepted"]
    assert count(app, Need) == 1


def test_a_newer_form_than_the_servers_waits(phone: Phone) -> None:
    assert phone.decided(phone.op("need.create", form_version=7, fields=NEED)) == ["retry"]


def test_a_plain_post_of_an_older_form_is_adapted_too(
    app: Flask, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapt = lambda _, fields: {**fields, "title": "改过的"}  # noqa: E731
    monkeypatch.setitem(registry, "need.create", older(registry["need.create"], form_version=2, adapt=adapt))
    assert phone.browser.post("/needs", {**NEED, "form_version": "1"}).status == 303
    with app.app_context():
        assert db.session.scalar(select(Need.title)) == "改过的"


def test_what_is_not_valid_is_said_field_by_field(phone: Phone) -> None:
    op = phone.op("need.create", fields={**NEED, "title": "", "category": "gold", "amount": "many"})
    (told,) = phone.send(op)["ops"]
    assert told["outcome"] == "refused"
    assert "请填写标题。" in told["message"]
    assert "类别：请从给出的选项里选。" in told["message"]
