"""A consultation from the request to the rating, and who may see and do what on the way."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import select

from blueprints.experts import service
from blueprints.experts.models import Consultation, Expert, ExpertGroup
from core import registries
from core.audit import AuditEntry
from core.clock import clock
from core.database import db
from tests.client import Browser, Page
from tests.people import People

MEETING = {"starts_at": "2026-11-25T15:00", "place": "南开区茶座"}
ASKED = {"topic": "喷漆房有味", "body": "活性炭箱装了三年，邻居投诉。"}


@dataclass
class Group:
    """A group with its people, each with a phone."""

    member_id: uuid.UUID
    member: Browser
    expert_id: uuid.UUID
    expert: Browser
    lead_id: uuid.UUID
    lead: Browser

    def ask(self, **values: str) -> str:
        page = self.member.post("/experts/environment/consultations", {**ASKED, **values})
        assert page.status == 303, page
        return page.location

    def assigned(self) -> str:
        url = self.ask()
        assert self.lead.post(f"{url}/assign", {"expert_id": str(self.expert_id)}).status == 303
        return url

    def scheduled(self) -> str:
        url = self.assigned()
        assert self.expert.post(f"{url}/schedule", MEETING).status == 303
        return url

    def completed(self) -> str:
        url = self.scheduled()
        assert self.expert.post(f"{url}/complete", {"summary": "先换滤棉。"}).status == 303
        return url


@pytest.fixture
def group(app: Flask, people: People) -> Group:
    lead_id, lead = people.logged_in("张三", "lead", "expert")
    expert_id, expert = people.logged_in("李四", "expert")
    member_id, member = people.logged_in("王五")
    with app.app_context():
        db.session.add(
            ExpertGroup(slug="environment", name="环保产业专家服务组", description="废水、废气。", lead_id=lead_id)
        )
        db.session.flush()
        db.session.add(Expert(member_id=expert_id, group_slug="environment", expertise="喷漆废气"))
        db.session.add(Expert(member_id=lead_id, group_slug="environment", expertise="排污许可"))
        db.session.commit()
    return Group(member_id, member, expert_id, expert, lead_id, lead)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[uuid.UUID, str, str]]:
    """Who was told what, once a subject as the notices keep it."""
    kept: list[tuple[uuid.UUID, str, str]] = []

    def send(members: list[uuid.UUID], kind: str, *, url: str, subject: str, words: dict[str, str]) -> None:
        str(registries.notice_kinds[kind].sentence % words)
        kept.extend((who, kind.partition(".")[2], subject) for who in members)

    monkeypatch.setattr(registries, "_tellers", [send])
    return kept


def key_of(url: str) -> str:
    return url.rpartition("/")[2]


def state(page: Page, url: str) -> str | None:
    return page.state("consultation", key_of(url))


def actions(page: Page, url: str) -> set[str]:
    """Which of a consultation's forms the page offers."""
    steps = ("assign", "schedule", "decline", "complete", "withdraw", "rating")
    return {step for step in steps if f'action="{url}/{step}"' in page.html}


def test_a_consultation_goes_from_request_to_rating(group: Group) -> None:
    url = group.ask(mode="phone", preferred_times="下午")
    assert state(group.member.get(url), url) == "requested"
    assert group.lead.post(f"{url}/assign", {"expert_id": str(group.expert_id)}).location == url
    assert state(group.expert.get(url), url) == "assigned"
    assert group.expert.post(f"{url}/schedule", MEETING).location == url
    page = group.member.get(url)
    assert state(page, url) == "scheduled"
    assert "南开区茶座" in page
    assert group.expert.post(f"{url}/complete", {"summary": "先换滤棉。"}).location == url
    assert state(group.member.get(url), url) == "completed"
    assert group.member.post(f"{url}/rating", {"stars": "5", "comment": "味道小了"}).location == url
    for phone in (group.member, group.expert, group.lead):
        page = phone.get(url)
        assert state(page, url) == "rated"
        assert "味道小了" in page
        assert "先换滤棉。" in page
        assert actions(page, url) == set()


def test_all_three_read_who_waits_for_whom(group: Group) -> None:
    url = group.ask()
    assert "等组长张三指派专家" in group.member.get(url)
    assert "等您指派专家" in group.lead.get(url)
    group.lead.post(f"{url}/assign", {"expert_id": str(group.expert_id)})
    assert "等专家李四约定时间" in group.member.get(url)
    assert "等专家李四约定时间" in group.lead.get(url)
    assert "等您约定时间" in group.expert.get(url)
    group.expert.post(f"{url}/schedule", MEETING)
    assert "等专家李四写小结" in group.member.get(url)
    group.expert.post(f"{url}/complete", {"summary": "好"})
    assert "等您评价" in group.member.get(url)
    assert "等王五评价" in group.lead.get(url)
    assert "等王五评价" in group.expert.get(url)


def test_each_person_is_offered_exactly_their_forms(group: Group) -> None:
    url = group.ask()
    assert actions(group.member.get(url), url) == {"withdraw"}
    assert actions(group.lead.get(url), url) == {"assign", "decline"}
    group.lead.post(f"{url}/assign", {"expert_id": str(group.expert_id)})
    assert actions(group.member.get(url), url) == {"withdraw"}
    assert actions(group.lead.get(url), url) == {"assign", "schedule"}
    assert actions(group.expert.get(url), url) == {"schedule", "decline"}
    group.lead.post(f"{url}/schedule", MEETING)
    assert actions(group.expert.get(url), url) == {"schedule", "decline", "complete"}
    group.expert.post(f"{url}/complete", {"summary": "好"})
    assert actions(group.member.get(url), url) == {"rating"}


def test_nobody_else_may_know_of_it(group: Group, people: People, client: Browser) -> None:
    url = group.ask()
    for phone in (people.logged_in("路人")[1], people.logged_in("别组专家", "expert")[1], group.expert):
        assert phone.get(url).status == 404
        assert phone.post(f"{url}/withdraw").status == 404
        assert phone.post(f"{url}/assign", {"expert_id": str(group.expert_id)}).status == 404
        assert "喷漆房有味" not in phone.get("/consultations")
    assert client.get(url).status == 303
    assert group.member.get("/consultations/" + str(uuid.uuid4())).status == 404


def test_an_admin_sees_state_and_times_but_no_content_and_may_assign(group: Group, people: People) -> None:
    url = group.ask()
    admin = people.logged_in("管理员", "admin")[1]
    page = admin.get(url)
    assert state(page, url) == "requested"
    assert "喷漆房有味" not in page.html
    assert "活性炭箱" not in page.html
    assert "王五" not in page.html
    assert actions(page, url) == {"assign"}
    assert admin.post(f"{url}/decline", {"reason": "不"}).status == 403
    assert admin.post(f"{url}/assign", {"expert_id": str(group.expert_id)}).status == 303
    listed = admin.get("/consultations?as=all")
    assert listed.state("consultation", key_of(url)) == "assigned"
    assert "喷漆房有味" not in listed.html
    assert listed.state("consultation", key_of(url))
    assert admin.get("/consultations").state("consultation", key_of(url)) is None
    assert group.member.get("/consultations?as=all").text.count("喷漆房有味") == 1


def test_a_step_of_another_person_is_forbidden(group: Group) -> None:
    url = group.assigned()
    assert group.member.post(f"{url}/assign", {"expert_id": str(group.expert_id)}).status == 403
    assert group.member.post(f"{url}/schedule", MEETING).status == 403
    assert group.expert.post(f"{url}/withdraw").status == 403
    assert group.lead.post(f"{url}/rating", {"stars": "5"}).status == 403
    assert group.lead.post(f"{url}/complete", {"summary": "好"}).status == 403
    assert state(group.member.get(url), url) == "assigned"


def test_a_step_out_of_turn_is_refused_with_its_reason_and_loses_no_text(group: Group) -> None:
    url = group.assigned()
    page = group.expert.post(f"{url}/complete", {"summary": "写了很久的小结"})
    assert page.status == 409
    assert "现在不能这样做" in page
    assert "写了很久的小结" in page
    assert group.lead.post(f"{url}/decline", {"reason": "不办"}).status == 409
    group.member.post(f"{url}/withdraw")
    assert group.expert.post(f"{url}/schedule", MEETING).status == 409
    assert state(group.expert.get(url), url) == "withdrawn"


def test_the_lead_declines_before_an_expert_is_named_and_the_member_reads_why(group: Group) -> None:
    url = group.ask()
    group.lead.post(f"{url}/decline", {"reason": "义务咨询不做关系引荐。"})
    page = group.member.get(url)
    assert state(page, url) == "declined"
    assert "义务咨询不做关系引荐。" in page
    assert "不再等任何人" in page


def test_the_expert_declines_what_they_cannot_do(group: Group) -> None:
    url = group.scheduled()
    assert group.expert.post(f"{url}/decline", {"reason": "要找检测机构。"}).status == 303
    assert state(group.member.get(url), url) == "declined"


def test_withdrawing_twice_changes_nothing_and_says_so(group: Group) -> None:
    url = group.ask()
    assert "已撤回" in group.member.post(f"{url}/withdraw", follow=True)
    assert "已经撤回" in group.member.post(f"{url}/withdraw", follow=True)
    url = group.completed()
    assert group.member.post(f"{url}/withdraw").status == 409


def test_a_consultation_is_rated_once_by_its_member(group: Group) -> None:
    url = group.completed()
    assert group.expert.post(f"{url}/rating", {"stars": "5"}).status == 403
    assert group.member.post(f"{url}/rating", {"stars": "4"}).status == 303
    page = group.member.post(f"{url}/rating", {"stars": "1"})
    assert page.status == 409
    assert "每件咨询评价一次" in page
    assert "4 星" in group.member.get(url)


@pytest.mark.parametrize("stars", ["0", "6", "五", "", "5.5"])
def test_stars_are_one_to_five(group: Group, stars: str) -> None:
    url = group.completed()
    assert group.member.post(f"{url}/rating", {"stars": stars}).status == 422
    assert state(group.member.get(url), url) == "completed"


def test_only_an_expert_of_the_group_is_assigned(group: Group, people: People) -> None:
    url = group.ask()
    outsider = people.member("外人")
    assert "请从本组的专家里选一位" in group.lead.post(f"{url}/assign", {"expert_id": str(outsider)})
    assert group.lead.post(f"{url}/assign", {"expert_id": "m009"}).status == 422
    assert group.lead.post(f"{url}/assign", {}).status == 422


def test_nobody_advises_themselves(group: Group) -> None:
    url = group.expert.post("/experts/environment/consultations", ASKED).location
    assert group.lead.post(f"{url}/assign", {"expert_id": str(group.expert_id)}).status == 409
    assert f'value="{group.expert_id}"' not in group.lead.get(url).html


def test_the_lead_moves_a_consultation_to_another_expert_who_starts_anew(group: Group) -> None:
    url = group.scheduled()
    assert group.lead.post(f"{url}/assign", {"expert_id": str(group.lead_id)}).status == 303
    page = group.member.get(url)
    assert state(page, url) == "assigned"
    assert "南开区茶座" not in page
    assert group.expert.get(url).status == 404
    assert "喷漆房有味" not in group.expert.get("/consultations")
    assert actions(group.lead.get(url), url) == {"assign", "schedule", "decline"}
    assert "已经指派给这位专家了" in group.lead.post(f"{url}/assign", {"expert_id": str(group.lead_id)}, follow=True)


def test_a_meeting_is_not_arranged_in_the_past(group: Group) -> None:
    url = group.assigned()
    page = group.expert.post(f"{url}/schedule", {**MEETING, "starts_at": "2026-11-20T15:00"})
    assert page.status == 409
    assert "已经过去了" in page
    assert group.expert.post(f"{url}/schedule", {"starts_at": "下周二", "place": ""}).status == 422


def test_a_meeting_can_be_moved_and_the_same_one_again_is_no_news(
    group: Group, told: list[tuple[uuid.UUID, str, str]]
) -> None:
    url = group.scheduled()
    assert "已经约在" in group.expert.post(f"{url}/schedule", MEETING, follow=True)
    group.expert.post(f"{url}/schedule", {**MEETING, "place": "河西厂里"})
    assert "河西厂里" in group.member.get(url)
    form = group.expert.get(url)
    assert (form.value("starts_at"), form.value("place")) == (MEETING["starts_at"], "河西厂里")
    heard = [kind for who, kind, _ in told if who == group.member_id]
    assert (heard.count("scheduled"), heard.count("moved")) == (1, 1)


def test_each_step_is_told_to_whom_it_concerns_and_not_to_who_did_it(
    group: Group, told: list[tuple[uuid.UUID, str, str]]
) -> None:
    url = group.completed()
    group.member.post(f"{url}/rating", {"stars": "5"})
    withdrawn = group.assigned()
    group.member.post(f"{withdrawn}/withdraw")
    names = {group.member_id: "member", group.expert_id: "expert", group.lead_id: "lead"}
    said = sorted({(kind, names[who]) for who, kind, _ in told})
    assert said == [
        ("assigned", "expert"),
        ("completed", "member"),
        ("expert_named", "member"),
        ("rated", "expert"),
        ("rated", "lead"),
        ("requested", "lead"),
        ("scheduled", "member"),
        ("withdrawn", "expert"),
        ("withdrawn", "lead"),
    ]
    assert len(told) == len(set(told))


def test_a_refusal_reaches_an_absent_member() -> None:
    assert registries.notice_kinds["consultation.declined"].urgent


def test_a_group_without_a_lead_tells_the_admins(
    group: Group, people: People, told: list[tuple[uuid.UUID, str, str]]
) -> None:
    admin_id = people.member("管理员", "admin")
    url = group.member.post("/experts/health/consultations", ASKED).location
    assert [(who, kind) for who, kind, _ in told] == [(admin_id, "requested")]
    assert "等秘书处指派专家" in group.member.get(url)


def test_an_id_made_on_the_phone_is_kept_and_a_taken_one_is_refused(group: Group) -> None:
    key = str(uuid.uuid4())
    assert group.ask(id=key) == f"/consultations/{key}"
    page = group.lead.post("/experts/environment/consultations", {**ASKED, "id": key})
    assert page.status == 409
    assert "王五" not in page


def test_the_same_request_twice_makes_one_consultation(app: Flask, group: Group) -> None:
    op_id = str(uuid.uuid4())
    assert group.ask(op_id=op_id) == group.ask(op_id=op_id)
    with app.app_context():
        assert len(db.session.scalars(select(Consultation)).all()) == 1


def test_a_request_without_words_is_explained_field_by_field(group: Group) -> None:
    page = group.member.post("/experts/environment/consultations", {"topic": "题" * 81, "mode": "pigeon"})
    assert page.status == 422
    assert "最多 80 个字" in page
    assert "请填写情况和问题" in page
    assert "请从给出的选项里选" in page
    assert group.member.post("/experts/astrology/consultations", ASKED).status == 404


def test_what_was_typed_is_shown_as_it_was_typed(group: Group) -> None:
    url = group.ask(topic="<b>{{7*7}}</b>", body="一\n<script>alert(1)</script>")
    page = group.lead.get(url)
    assert "<b>{{7*7}}</b>" in page
    assert "<script>alert" not in page.html


def test_an_assignment_is_on_the_audit_trail_without_content(app: Flask, group: Group) -> None:
    url = group.assigned()
    with app.app_context():
        entry = db.session.scalars(select(AuditEntry)).one()
        assert (entry.act, entry.subject_id) == ("consultation.assign", key_of(url))
        assert "喷漆" not in repr((entry.before, entry.after, entry.reason))


def test_what_needs_me_is_each_one_s_turn(app: Flask, group: Group) -> None:
    def turns() -> list[tuple[str, ...]]:
        with app.test_request_context():
            people = (group.member_id, group.expert_id, group.lead_id)
            return [tuple(item.sentence for item in service.needs_me(person)) for person in people]

    url = group.ask()
    assert turns() == [(), (), ("等您指派专家",)]
    group.lead.post(f"{url}/assign", {"expert_id": str(group.expert_id)})
    assert turns() == [(), ("等您约定时间",), ()]
    group.expert.post(f"{url}/schedule", MEETING)
    assert turns() == [(), (), ()]
    clock.advance(days=4)
    assert turns() == [(), ("见面之后，等您写小结",), ()]
    group.expert.post(f"{url}/complete", {"summary": "好"})
    assert turns() == [("等您评价",), (), ()]
    group.member.post(f"{url}/rating", {"stars": "5"})
    assert turns() == [(), (), ()]


def test_an_operation_on_nothing_is_not_found(app: Flask, group: Group) -> None:
    assert group.member.post("/consultations/not-an-id/withdraw").status == 404
