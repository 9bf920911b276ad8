"""The ledger's promise: the same press has its effect once, and a repeat is answered with what was recorded."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from blueprints.needs.models import Need
from core import operations, pages, performing
from core.database import db, in_transaction, is_transient, new_id, touch
from core.errors import Later
from core.operations import Act, LedgerRow, version_built_on
from core.performing import perform
from tests.people import People
from tests.world import viewer_of

NEED = {"kind": "need", "title": "求购边角料", "body": "六吨。", "category": "procurement"}


def act_of(member_id: uuid.UUID, op_id: str | None = None, **more: Any) -> Act:
    person = viewer_of(member_id)
    return Act(str(person.id), op_id or str(new_id()), person, **more)


def count(model: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_the_same_operation_twice_has_one_effect_and_one_answer(app: Flask, people: People) -> None:
    member_id = people.member()
    with app.test_request_context():
        act = act_of(member_id)
        first, second = perform("need.create", act, NEED), perform("need.create", act, NEED)
        assert (first.outcome, second.outcome, second.repeated) == ("accepted", "accepted", True)
        assert (first.url, first.message) == (second.url, second.message)
        assert (count(Need), count(LedgerRow)) == (1, 1)


def test_a_refusal_is_recorded_too_and_stays_the_answer(app: Flask, people: People) -> None:
    member_id, other = people.member(), people.member()
    with app.test_request_context():
        made = perform("need.create", act_of(member_id), NEED)
        need_id = (made.url or "").rsplit("/", 1)[-1]
        act = act_of(other, target=need_id)
        fields = {"result": "solved"}
        first, second = perform("need.close", act, fields), perform("need.close", act, fields)
        assert (first.outcome, second.outcome, second.repeated) == ("refused", "refused", True)
        assert first.message == second.message


def test_the_same_id_with_other_values_is_refused_and_changes_nothing(app: Flask, people: People) -> None:
    member_id = people.member()
    with app.test_request_context():
        act = act_of(member_id)
        perform("need.create", act, NEED)
        again = perform("need.create", act, {**NEED, "title": "别的"})
        assert again.outcome == "refused"
        assert count(Need) == 1


def test_newlines_and_empty_fields_make_no_other_operation(app: Flask, people: People) -> None:
    member_id = people.member()
    with app.test_request_context():
        act = act_of(member_id)
        perform("need.create", act, {**NEED, "body": "一\r\n二", "amount": ""})
        assert perform("need.create", act, {**NEED, "body": "一\n二"}).repeated


def test_an_operation_that_is_not_valid_or_not_allowed_is_refused_with_its_reason(app: Flask, people: People) -> None:
    member_id = people.member()
    with app.test_request_context():
        assert perform("need.create", act_of(member_id), {**NEED, "title": ""}).outcome == "refused"
        assert perform("event.create", act_of(member_id), {}).status == 403
        assert perform("need.close", act_of(member_id, target="no id"), {"result": "solved"}).status == 404


def test_a_fault_takes_effect_and_ledger_row_back_together(
    app: Flask, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    member_id = people.member()
    with app.test_request_context():
        act = act_of(member_id)
        kind = operations.registry["need.create"]

        def breaks(*args: Any, **kwargs: Any) -> Any:
            kind.handler(*args, **kwargs)
            raise ZeroDivisionError

        monkeypatch.setitem(operations.registry, "need.create", operations.replace(kind, handler=breaks))
        with pytest.raises(ZeroDivisionError):
            perform("need.create", act, NEED)
        assert (count(Need), count(LedgerRow)) == (0, 0)
        monkeypatch.undo()
        assert perform("need.create", act, NEED).outcome == "accepted"


def test_what_cannot_be_decided_now_is_told_and_nothing_is_kept(
    app: Flask, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    member_id = people.member()
    with app.test_request_context():
        kind = operations.registry["need.create"]

        def later(*_: Any, **__: Any) -> Any:
            raise Later

        monkeypatch.setitem(operations.registry, "need.create", operations.replace(kind, handler=later))
        outcome = perform("need.create", act_of(member_id), NEED)
        assert outcome.outcome == "retry"
        assert (count(Need), count(LedgerRow)) == (0, 0)


class Deadlock(Exception):
    sqlstate = "40P01"


def test_a_deadlock_is_tried_again_and_at_last_answered_with_retry(
    app: Flask, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    member_id = people.member()
    with app.test_request_context():
        act = act_of(member_id)
        tries = []

        def busy(*_: Any, **__: Any) -> Any:
            tries.append(1)
            raise OperationalError("", {}, Deadlock())

        monkeypatch.setattr(performing, "decide", busy)
        outcome = perform("need.create", act, NEED)
        assert (outcome.outcome, outcome.status, len(tries)) == ("retry", 503, 3)
        assert not is_transient(OperationalError("", {}, Exception("disk full")))


def test_work_that_succeeds_the_second_time_is_committed_once(app: Flask) -> None:
    with app.app_context():
        tries = []

        def work() -> str:
            tries.append(1)
            touch("needs")
            if len(tries) == 1:
                raise OperationalError("", {}, Deadlock())
            return "done"

        assert in_transaction(work) == "done"
        assert len(tries) == 2


def test_a_fault_that_is_no_deadlock_is_not_tried_again(app: Flask, people: People) -> None:
    with app.test_request_context():
        act = act_of(people.member())

        def broken() -> None:
            raise OperationalError("", {}, Exception("disk full"))

        with pytest.raises(OperationalError):
            in_transaction(broken)
        assert act.received_at is None


def test_an_edit_may_name_the_operation_that_it_builds_on(app: Flask, people: People) -> None:
    member_id = people.member()
    with app.test_request_context():
        act = act_of(member_id)
        perform("need.create", act, NEED)
        assert version_built_on(act.owner, act.op_id) == 1
        assert version_built_on(act.owner, "7") == 7
        assert version_built_on(act.owner, str(new_id())) == 0


def test_a_form_that_another_account_opened_is_shown_again_filled_in(people: People) -> None:
    _, browser = people.logged_in()
    page = browser.post("/needs", {**NEED, "owner": str(new_id())})
    assert page.status == 409
    assert page.value("title") == NEED["title"]


@pytest.mark.parametrize("status", [400, 403, 404, 405, 413, 418, 429, 500, 503])
def test_every_status_has_its_words(app: Flask, status: int) -> None:
    with app.test_request_context():
        heading, sentence = pages.said(status)
        assert heading
        assert sentence


def test_a_fault_of_ours_is_a_page_that_says_so(app: Flask, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    _, browser = people.logged_in()

    def breaks(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setitem(app.view_functions, "needs.index", breaks)
    breaks.access = "member"  # type: ignore[attr-defined]
    monkeypatch.setattr(app, "testing", False)
    page = browser.get("/needs")
    assert page.status == 500
    assert "出了差错" in page


def test_a_fragment_is_never_a_redirect(client: Any) -> None:
    page = client.get("/needs", Fragment="main")
    assert page.status == 200
    assert page.headers["Fragment-Location"].startswith("/login")
    assert "Fragment-Title" not in page.headers


def test_a_post_from_another_site_is_refused(client: Any) -> None:
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "http://[x"},
        {},
    ):
        response = client.client.post("/login", data={}, headers=headers)
        assert response.status_code == 403, headers
    response = client.client.post("/login", data={}, headers={"Origin": "http://localhost"})
    assert response.status_code == 422


def test_every_answer_carries_the_policy(client: Any) -> None:
    for path in ("/", "/login", "/nothing", "/healthz"):
        headers = client.client.get(path).headers
        assert "require-trusted-types-for 'script'" in headers["Content-Security-Policy"]
        assert headers["Huiyou"]
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_fragment_is_no_document_and_says_only_that_it_may_do_nothing(client: Any) -> None:
    headers = client.client.get("/rules", headers={"Fragment": "main"}).headers
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Permissions-Policy" not in headers
    assert "Fragment" in headers["Vary"]


def test_log_in_goes_on_only_to_pages_of_this_site(people: People, client: Any) -> None:
    phone = people.phone_of(people.member())
    for target in ("//evil.example", "https://evil.example", "/\\evil.example", "javascript:1", "/a\nb"):
        page = client.post("/login", {"phone": phone, "password": "huiyou-1118", "next": target})
        assert page.location == "/", target
    page = client.post("/login", {"phone": phone, "password": "huiyou-1118", "next": "/needs?q=1"})
    assert page.location == "/needs?q=1"
