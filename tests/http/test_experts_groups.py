"""The groups' pages, their figures, the lists, and what phones keep."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from blueprints.experts import service
from blueprints.experts.keeping import hand_over
from blueprints.experts.models import Consultation, Expert, ExpertGroup
from blueprints.experts.offline import pages
from blueprints.experts.rules import Figures
from core import registries
from core.access import Viewer
from core.clock import clock, now
from core.database import db
from tests.client import Browser
from tests.people import People

WEDNESDAY = datetime(2026, 11, 11, 2, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def software(app: Flask, people: People) -> tuple[uuid.UUID, uuid.UUID]:
    """The group of software with a lead and an expert; returns their ids."""
    lead, expert = people.member("赵组长", "lead"), people.member("钱专家", "expert")
    with app.app_context():
        db.session.add(ExpertGroup(slug="software", name="软件行业专家服务组", description="先问清楚。", lead_id=lead))
        db.session.flush()
        db.session.add(Expert(member_id=expert, group_slug="software", expertise="工厂报工"))
        db.session.commit()
    return lead, expert


def add(app: Flask, member: uuid.UUID, **values: object) -> None:
    given = {"topic": "题", "body": "文", "state": "requested", "requested_at": WEDNESDAY, **values}
    with app.app_context():
        db.session.add(Consultation(group_slug="software", member_id=member, **given))
        db.session.commit()


def test_a_member_finds_eight_groups_even_before_anybody_described_them(people: People) -> None:
    page = people.logged_in("王五")[1].get("/experts")
    assert page.html.count('<a class="row"') == 8
    assert "组长待定" in page
    assert "还没有人问过" in page


def test_a_group_shows_its_lead_its_experts_and_what_they_know(
    people: People, software: tuple[uuid.UUID, uuid.UUID]
) -> None:
    phone = people.logged_in("王五")[1]
    assert "组长赵组长 · 1 位专家" in phone.get("/experts")
    page = phone.get("/experts/software")
    for words in ("软件行业专家服务组", "先问清楚。", "赵组长", "钱专家", "工厂报工", "提交咨询"):
        assert words in page
    assert 'action="/experts/software/consultations"' in page.html
    assert phone.get("/experts/astrology").status == 404


def test_experts_are_not_for_visitors_and_applicants(client: Browser, people: People) -> None:
    applicant = people.logged_in("申请人", status="applicant")[1]
    for url in ("/experts", "/experts/software", "/consultations"):
        assert client.get(url).status == 303
        assert applicant.get(url).status == 403


def test_figures_count_first_answers_in_time_and_mean_stars(
    app: Flask, people: People, software: tuple[uuid.UUID, uuid.UUID]
) -> None:
    member = people.member("王五")
    handled = {"expert_id": software[1]}
    add(app, member, state="rated", stars=5, first_answered_at=WEDNESDAY + DAY, **handled)
    add(app, member, state="rated", stars=4, first_answered_at=WEDNESDAY + 2 * DAY, **handled)
    add(app, member, state="completed", first_answered_at=WEDNESDAY + 5 * DAY, **handled)
    add(app, member, state="declined", first_answered_at=WEDNESDAY + DAY)
    add(app, member, state="assigned", first_answered_at=WEDNESDAY + DAY, **handled)
    add(app, member, state="requested")
    add(app, member, state="requested", requested_at=now())
    add(app, member, state="withdrawn")
    with app.app_context():
        figures = service.figures()
        assert figures["software"] == Figures(
            "software", total=8, waiting=2, under_way=1, done=3, owed=6, on_time=4, ratings=2, stars=9
        )
        assert figures["health"] == Figures("health")
    page = people.logged_in()[1].get("/experts/software")
    assert "66%" in page
    assert "4.5" in page


def test_a_request_is_late_from_the_midnight_after_its_last_day(
    app: Flask, people: People, software: tuple[uuid.UUID, uuid.UUID]
) -> None:
    add(app, people.member("王五"))
    phone = people.logged_in()[1]
    for moment, words in (
        (datetime(2026, 11, 13, 15, 59, tzinfo=UTC), "还没有答复"),
        (datetime(2026, 11, 13, 16, 0, tzinfo=UTC), "按时答复 0%"),
    ):
        clock.freeze(moment)
        assert words in phone.get("/experts")


def test_months_count_what_was_asked_in_them(app: Flask, people: People, software: tuple[uuid.UUID, uuid.UUID]) -> None:
    member = people.member("王五")
    add(app, member)
    add(app, member, requested_at=datetime(2026, 10, 31, 16, 0, tzinfo=UTC))
    add(app, member, requested_at=datetime(2026, 10, 31, 15, 59, tzinfo=UTC))
    add(app, member, requested_at=datetime(2025, 1, 1, tzinfo=UTC))
    with app.app_context():
        assert service.by_month(3) == [(date(2026, 9, 1), 0), (date(2026, 10, 1), 1), (date(2026, 11, 1), 2)]
        assert len(service.by_month()) == 12


def test_what_needs_me_stands_first_and_the_list_goes_on_by_key(
    app: Flask, people: People, software: tuple[uuid.UUID, uuid.UUID]
) -> None:
    member, phone = people.logged_in("王五")
    handled = {"expert_id": software[1], "first_answered_at": WEDNESDAY}
    for number in range(40):
        add(app, member, topic=f"旧题{number:02}", requested_at=WEDNESDAY - number * DAY)
    add(app, member, topic="等我评价的", state="completed", requested_at=WEDNESDAY - 300 * DAY, **handled)
    add(app, member, topic="早已办完的", state="rated", stars=5, requested_at=WEDNESDAY + DAY, **handled)
    page = phone.get("/consultations")
    assert page.text.index("等我评价的") < page.text.index("旧题00")
    assert page.html.count('<a class="row"') == 30
    following = page.html.split('rel="next" href="')[1].split('"')[0]
    rest = phone.get(following)
    assert "旧题28" in page
    assert "旧题29" in rest
    assert "早已办完的" in rest
    assert rest.html.count('<a class="row"') == 12
    assert 'rel="next"' not in rest.html
    assert phone.get("/consultations?after=no-such-key&as=nothing").status == 200
    assert phone.get("/consultations?after=1-99999999999999999999999-00").status == 200


def test_an_expert_and_a_lead_find_their_own_part(
    app: Flask, people: People, software: tuple[uuid.UUID, uuid.UUID]
) -> None:
    lead, expert = people.browser(software[0]), people.browser(software[1])
    add(app, people.member("王五"), topic="等指派的")
    add(app, people.member("刘六"), topic="交给专家的", state="assigned", expert_id=software[1])
    assert "等指派的" in lead.get("/consultations?as=lead")
    assert "交给专家的" in lead.get("/consultations?as=lead")
    assert "交给专家的" not in lead.get("/consultations?as=expert")
    assert "交给专家的" in expert.get("/consultations?as=expert")
    assert "等指派的" not in expert.get("/consultations")
    assert "还没有咨询" in expert.get("/consultations?as=member")


@pytest.mark.thorough
def test_pages_ask_the_database_as_often_for_many_as_for_few(
    app: Flask, people: People, software: tuple[uuid.UUID, uuid.UUID]
) -> None:
    member, phone = people.logged_in("王五")
    add(app, member)
    with app.app_context():
        key = db.session.query(Consultation.id).scalar()
    urls = ("/experts", "/experts/software", "/consultations", f"/consultations/{key}")
    lead = people.browser(software[0])
    lead.get("/experts")
    asked: list[list[int]] = []
    for _ in range(2):
        counts = []
        for browser in (phone, lead):
            for url in urls:
                page = browser.get(url)
                assert page.status == 200
                counts.append(len(page.queries))
        asked.append(counts)
        with app.app_context():
            for number in range(50):
                another = people.member(f"会员甲{number}")
                db.session.add(Expert(member_id=another, group_slug="software", expertise="懂"))
                db.session.add(
                    Consultation(
                        group_slug="software", member_id=member, topic="题", body="文", state="assigned",
                        expert_id=another, requested_at=WEDNESDAY,
                    )
                )  # fmt: skip
            db.session.commit()
    assert asked[0] == asked[1]
    assert max(asked[0]) <= 8


def test_a_page_that_did_not_change_is_a_304_and_one_that_did_is_not(
    app: Flask, people: People, software: tuple[uuid.UUID, uuid.UUID]
) -> None:
    phone = people.logged_in("王五")[1]
    etag = phone.get("/experts/software").headers["ETag"]
    known = {"If-None-Match": etag}
    assert phone.client.get("/experts/software", headers=known).status_code == 304
    add(app, people.member("刘六"))
    assert phone.client.get("/experts/software", headers=known).status_code == 200


def test_a_phone_keeps_the_groups_and_its_own_consultations(
    app: Flask, people: People, software: tuple[uuid.UUID, uuid.UUID]
) -> None:
    member = people.member("王五")
    add(app, member)
    add(app, people.member("刘六"))
    with app.app_context():
        reader = Viewer(member, uuid.uuid4(), "王五", "member")
        urls = [page.url for page in pages(reader)]
        assert len([url for url in urls if url.startswith("/consultations/")]) == 1
        assert "/experts" in urls
        assert "/experts/finance_management" in urls
        assert not list(pages(Viewer(member, uuid.uuid4(), "王五", "applicant")))


def test_an_admin_names_the_lead_and_the_experts(app: Flask, people: People) -> None:
    admin = people.logged_in("管理员", "admin")[1]
    phone = people.logged_in("王五", phone="13900001111")[1]
    url = "/experts/health"
    assert "没有用这个手机号的会员" in admin.post(f"{url}/lead", {"phone": "13900002222"})
    assert "组长现在是王五" in admin.post(f"{url}/lead", {"phone": "13900001111"}, follow=True)
    page = admin.post(f"{url}/experts", {"phone": "13900001111", "expertise": "医疗器械"}, follow=True)
    assert "王五已在组里" in page
    assert "我组里的" in phone.get("/consultations")
    admin.post(f"{url}/experts", {"phone": "13900001111", "expertise": "护理"})
    page = phone.get(url)
    assert "护理" in page
    assert "医疗器械" not in page
    assert 'action="/experts/health/lead"' not in page.html
    with app.app_context():
        expert = service.experts_of("health")[0].id
    assert admin.post(f"{url}/experts/{expert}/remove").location == url
    assert admin.post(f"{url}/experts/{expert}/remove").status == 404
    assert "还没有专家" in phone.get(url)
    assert admin.post("/experts/astrology/lead", {"phone": "13900001111"}).status == 404
    assert phone.post(f"{url}/lead", {"phone": "13900001111"}).status == 403


def test_a_member_s_page_says_in_which_group_they_are_and_what_they_know(
    people: People, software: tuple[uuid.UUID, uuid.UUID]
) -> None:
    page = people.logged_in("王五")[1].get(f"/members/{software[1]}")
    assert "软件行业专家服务组" in page
    assert "工厂报工" in page


def test_who_leaves_hands_over_what_they_led_and_had_in_hand(
    app: Flask, people: People, software: tuple[uuid.UUID, uuid.UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[list[uuid.UUID], str]] = []

    def send(members: list[uuid.UUID], kind: str, *, words: dict[str, str], **_: object) -> None:
        str(registries.notice_kinds[kind].sentence % words)
        told.append((members, kind))

    admin = people.member("管理员", "admin")
    add(app, people.member("王五"), state="assigned", expert_id=software[1])
    monkeypatch.setattr(registries, "_tellers", [send])
    with app.test_request_context():
        for gone in (software[1], software[0], software[1]):
            hand_over(gone)
        db.session.commit()
        assert service.group("software").lead_id is None
    assert told == [
        ([software[0]], "consultation.expert_gone"),
        ([admin], "expert_group.lead_gone"),
        ([admin], "consultation.expert_gone"),
    ]


def test_english_has_a_word_for_everything(people: People, software: tuple[uuid.UUID, uuid.UUID]) -> None:
    phone = people.logged_in("Lee")[1]
    for url in ("/experts", "/consultations"):
        page = phone.get(url, Accept_Language="en")
        main = page.html.split("<main")[1].replace("赵组长", "").split("</main>")[0]
        assert not [char for char in main if "一" <= char <= "鿿"], main
