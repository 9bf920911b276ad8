"""Asked, answered, refused, approved: how an application is decided, and what each side sees."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from blueprints.accounts import service
from blueprints.accounts.models import Company, Member, Registration
from blueprints.accounts.service import decisions
from blueprints.admin.service.registrations import dossier
from core import registries
from core.access import Viewer
from core.audit import AuditEntry
from core.clock import clock
from core.database import db, new_id
from core.operations import Act, Outcome
from core.performing import perform
from tests.client import Browser
from tests.people import PASSWORD, People


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[uuid.UUID, str, str]]:
    """Who was told what, and where it leads."""
    heard: list[tuple[uuid.UUID, str, str]] = []

    def hear(members: Any, kind: str, *, url: str, **_: Any) -> None:
        heard.extend((member, kind, url) for member in members)

    monkeypatch.setattr(registries, "_tellers", [hear])
    return heard


class Office:
    """An admin at work."""

    def __init__(self, app: Flask, people: People, name: str = "管理员甲") -> None:
        self.app = app
        self.id = people.member(name, "admin")
        self.viewer = Viewer(self.id, new_id(), name, "member", frozenset({"admin"}))

    def do(self, name: str, target: uuid.UUID, **fields: str) -> Outcome:
        with self.app.test_request_context():
            return perform(name, Act(str(self.id), str(new_id()), self.viewer, str(target)), fields)


@pytest.fixture
def office(app: Flask, people: People) -> Office:
    return Office(app, people)


def registration_of(app: Flask, member_id: uuid.UUID) -> uuid.UUID:
    with app.app_context():
        return db.session.execute(select(Registration.id).where(Registration.member_id == member_id)).scalar_one()


def state_of(app: Flask, registration_id: uuid.UUID) -> tuple[str, str]:
    with app.app_context():
        application = db.session.get_one(Registration, registration_id)
        return application.state, application.member.status


def test_from_question_to_member(app: Flask, people: People, office: Office, told: list[Any]) -> None:
    applicant_id, applicant = people.logged_in("程英", status="applicant", joined_at=None)
    key = registration_of(app, applicant_id)
    assert office.do("registration.ask", key, question="介绍人是谁？").went_well
    page = applicant.get("/register/status")
    assert page.state("registration", key) == "asked"
    assert "介绍人是谁？" in page
    assert applicant.post("/register/answer", {"body": "谷长河"}).location == "/register/status"
    page = applicant.get("/register/status")
    assert page.state("registration", key) == "submitted"
    assert "谷长河" in page
    assert office.do("registration.approve", key).went_well
    assert state_of(app, key) == ("approved", "member")
    assert applicant.get("/register/status").location == "/"
    assert applicant.get("/members").status == 200
    assert told == [
        (applicant_id, "registration.asked", "/register/status"),
        (office.id, "registration.answered", f"/admin/registrations/{key}"),
        (applicant_id, "registration.approved", "/"),
    ]
    with app.app_context():
        acts = db.session.scalars(select(AuditEntry.act).order_by(AuditEntry.id)).all()
        assert acts == ["registration.ask", "registration.approve"]


def test_a_refused_applicant_reads_why_and_hands_in_again(app: Flask, people: People, office: Office) -> None:
    applicant_id, applicant = people.logged_in("程英", status="applicant")
    key = registration_of(app, applicant_id)
    office.do("registration.refuse", key, reason="公司查不到")
    page = applicant.get("/register/status")
    assert page.state("registration", key) == "refused"
    assert "公司查不到" in page
    clock.advance(days=2)
    assert applicant.post("/register/answer", {"body": "已补营业执照号"}).status == 303
    assert state_of(app, key) == ("submitted", "applicant")
    with app.test_request_context():
        found = dossier(key)
        assert found.refused_before
        assert [said.kind for said in found.talk] == ["refused", "answered"]
        assert found.registration.submitted_at == clock.now()


def test_a_refusal_and_a_question_need_words(app: Flask, people: People, office: Office) -> None:
    key = registration_of(app, people.member(status="applicant"))
    assert office.do("registration.refuse", key).status == 422
    assert office.do("registration.ask", key, question=" ").status == 422
    assert state_of(app, key) == ("submitted", "applicant")


def test_who_comes_second_hears_who_decided(app: Flask, people: People, office: Office) -> None:
    key = registration_of(app, people.member(status="applicant"))
    other = Office(app, people, "管理员乙")
    assert other.do("registration.refuse", key, reason="不符").went_well
    late = office.do("registration.approve", key)
    assert (late.outcome, late.status) == ("refused", 409)
    assert "管理员乙" in late.message
    assert state_of(app, key) == ("refused", "refused")


def test_decisions_at_once_are_one_decision(app: Flask, people: People) -> None:
    key = registration_of(app, people.member(status="applicant"))
    offices = [Office(app, people, f"管理员{letter}") for letter in "甲乙丙丁"]
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda office: office.do("registration.approve", key).outcome, offices))
    assert sorted(outcomes) == ["accepted", "refused", "refused", "refused"]


def test_nobody_decides_their_own(app: Flask, people: People) -> None:
    office = Office(app, people)
    with app.app_context():
        own = Registration(id=new_id(), member_id=office.id, company_name="自己的", submitted_at=clock.now())
        db.session.add(own)
        db.session.commit()
        key = own.id
    assert office.do("registration.approve", key).status == 403


def test_only_an_admin_decides(app: Flask, people: People) -> None:
    key = registration_of(app, people.member(status="applicant"))
    editor = Office(app, people)
    editor.viewer = Viewer(editor.id, new_id(), "编辑", "member", frozenset({"editor"}))
    assert editor.do("registration.approve", key).status == 403
    assert editor.do("registration.approve", new_id()).status == 403


def test_the_queue_is_oldest_first_and_goes_on_by_keyset(
    app: Flask, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decisions, "PAGE", 2)
    for name in ("甲一", "乙二", "丙三"):
        people.member(name, status="applicant", phone=f"1880000{ord(name[0]) % 10000:04d}")
        clock.advance(hours=1)
    people.member("已成", status="member")
    with app.test_request_context():
        first = service.queue()
        assert [row.member.real_name for row in first.rows] == ["甲一", "乙二"]
        assert first.waiting == 3
        second = service.queue(after=first.next_after)
        assert [row.member.real_name for row in second.rows] == ["丙三"]
        assert second.next_after is None
        assert [row.member.real_name for row in service.queue(q="yier").rows] == ["乙二"]
        phone = first.rows[0].member.phone
        assert [row.member.real_name for row in service.queue(q=phone[-4:]).rows] == ["甲一"]
        assert service.queue("refused").rows == []
        found = dossier(first.rows[1].id)
        assert found.next_id == second.rows[0].id
        assert dossier(second.rows[0].id).next_id == first.rows[0].id


def test_repeats_are_named_to_the_admin(app: Flask, people: People) -> None:
    digest = "a" * 64
    people.member("程英", company_name="天津市海河科技有限公司", identity_digest=digest, status="refused")
    people.member("陈音", company_name="别的公司")
    people.member("王五", company_name="另外的公司", identity_digest=digest)
    people.member("赵六", company_name="无关公司")
    applicant = people.member("陈英", company_name="天津海河科技", identity_digest=digest, status="applicant")
    with app.test_request_context():
        found = {repeat.member.real_name: repeat.reasons for repeat in dossier(registration_of(app, applicant)).repeats}
    assert found == {
        "程英": ("identity_number", "company", "name", "refused"),
        "陈音": ("name",),
        "王五": ("identity_number",),
    }


def test_a_colleague_with_the_same_credit_code_is_named(app: Flask, people: People, client: Browser) -> None:
    uscc = "91120103MAYW7H5K82"
    people.member("谷长河", uscc=uscc, company_name="旧名字")
    fields = {"real_name": "王五", "phone": "13911112222", "password": PASSWORD, "company_name": "新名字"}
    more = {"uscc": uscc, "position": "经理", "trade": "finance", "accept_rules": "1", "accept_privacy": "1"}
    assert client.post("/register", fields | more).status == 303
    with app.test_request_context():
        (row,) = service.queue().rows
        (repeat,) = service.duplicates_of(row)
        assert (repeat.member.real_name, repeat.reasons) == ("谷长河", ("company",))
        assert db.session.scalar(select(func.count()).select_from(Company)) == 1


def test_seeing_an_identity_number_leaves_a_record(app: Flask, people: People, office: Office, client: Browser) -> None:
    fields = {"real_name": "王五", "phone": "13911112222", "password": PASSWORD, "company_name": "新名字"}
    more = {"position": "经理", "trade": "finance", "accept_rules": "1", "accept_privacy": "1"}
    client.post("/register", fields | more | {"id_number": "11010519491231002X"})
    with app.test_request_context():
        key = service.queue().rows[0].id
    path = f"/admin/registrations/{key}"
    _, admin = people.logged_in("管理员", "admin")
    masked = admin.get(path)
    assert "1101**********002X" in masked
    assert "11010519491231002X" not in masked
    look = {"op_id": str(new_id())}
    answer = admin.post(f"{path}/identity", look)
    assert answer.location == path
    assert "11010519491231002X" in admin.get(path), "shown on the page that follows"
    assert "11010519491231002X" not in admin.get(path), "and once"
    admin.post(f"{path}/identity", look)
    assert "11010519491231002X" not in admin.get(path), "a repeat is no look of its own, and shows nothing"
    with app.app_context():
        assert db.session.scalars(select(AuditEntry.act)).all() == ["registration.see_identity"]
    without = registration_of(app, people.member(status="applicant"))
    assert office.do("registration.see_identity", without).status == 404
    assert client.post("/me/identity/withdraw").location == "/register/status"
    assert office.do("registration.see_identity", key).status == 404


def test_a_number_sealed_with_another_key_does_not_keep_its_page_from_opening(app: Flask, people: People) -> None:
    member_id = people.member("王五", status="applicant", identity_number="v1:not ours")
    _, admin = people.logged_in("管理员", "admin")
    page = admin.get(f"/admin/registrations/{registration_of(app, member_id)}")
    assert page.status == 200
    assert "读不出来" in page


def test_an_answer_needs_words_and_an_open_application(people: People) -> None:
    _, applicant = people.logged_in(status="applicant")
    page = applicant.post("/register/answer", {"body": " "})
    assert page.status == 422
    assert "请填写您的回答" in page
    _, member = people.logged_in()
    assert member.post("/register/answer", {"body": "好"}).status == 404


def test_the_status_page_says_how_long_one_has_waited(people: People) -> None:
    _, applicant = people.logged_in(status="applicant")
    clock.advance(days=3)
    assert "已经等了 3 天" in applicant.get("/register/status")


def test_an_unknown_application_is_not_found(app: Flask, office: Office) -> None:
    assert office.do("registration.approve", new_id()).status == 404
    with app.test_request_context(), pytest.raises(Exception, match="NotFound"):
        dossier(new_id())


def test_an_approved_person_has_joined(app: Flask, people: People, office: Office) -> None:
    member_id = people.member(status="applicant", joined_at=None)
    office.do("registration.approve", registration_of(app, member_id))
    with app.app_context():
        assert db.session.get_one(Member, member_id).joined_at == clock.now()
