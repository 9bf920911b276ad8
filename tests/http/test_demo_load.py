"""The whole fictional community, loaded once into a database of its own, and looked at."""

import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import create_app
from blueprints.accounts.models import Company, Member, Registration, RegistrationEntry, RoleGrant, Rule, RuleAcceptance
from blueprints.briefings.models import Briefing
from blueprints.door.models import Checkin
from blueprints.events.models import Event, Signup
from blueprints.experts.models import Consultation, Expert, ExpertGroup
from blueprints.needs.models import Need, NeedResponse, Outcome
from blueprints.notices.models import Notice
from core import chamber, crypto
from core.clock import clock
from core.database import db, stamps_of
from core.registries import notice_kinds
from core.settings import Settings
from demo.load import CONTACT, PASSWORD, NotEmpty, load, log_ins
from demo.loading import Loading
from tests.client import Browser
from tests.conftest import NOON, SECRET
from tests.postgres import postgres

pytestmark = pytest.mark.thorough

LATER = {"starts_at", "ends_at", "signup_closes_at", "answer_due_at", "publishes_at"}


def fresh_app(tmp_path: Any, at: datetime, database_url: str = "") -> Flask:
    settings = Settings(
        database_url=database_url or f"sqlite:///{tmp_path / 'demo.db'}",
        secret_key=SECRET,
        testing=True,
        frozen_at=at,
        instance=tmp_path,
    )
    app = create_app(settings)
    with app.app_context():
        db.create_all()
        db.session.remove()
    return app


@pytest.fixture(scope="module")
def community(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, Loading]]:
    with ExitStack() as servers:
        url = servers.enter_context(postgres()) if os.environ.get("TEST_DATABASE") == "postgresql" else ""
        app = fresh_app(tmp_path_factory.mktemp("demo"), NOON, url)
        with app.app_context():
            loading = load()
            yield app, loading
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def loading(community: tuple[Flask, Loading]) -> Loading:
    clock.freeze(NOON)
    return community[1]


def count(model: Any, *where: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model).where(*where)) or 0


def by_phone(phone: str) -> Member:
    return db.session.scalars(select(Member).where(Member.phone == phone)).one()


def roles_of(member: Member) -> set[str]:
    return set(db.session.scalars(select(RoleGrant.role).where(RoleGrant.member_id == member.id)))


def test_the_community_is_whole(loading: Loading) -> None:
    assert count(Member, Member.status == "member") == 331
    assert count(Company) == 150 + 21
    assert Counter(db.session.scalars(select(Need.kind))) == {"need": 340, "offer": 260}
    assert count(Event) == 79
    assert count(Signup) == 3698
    assert count(Consultation) == 70
    assert count(Briefing) == 309
    assert count(ExpertGroup) == 8
    assert count(Expert) == 42
    assert count(Rule) == 6


def test_the_nine_have_their_phones_and_roles(loading: Loading) -> None:
    roles = ["admin", "editor", "reviewer", "publisher", "organizer", "lead", "expert"]
    for number, role in enumerate(roles, 1):
        assert role in roles_of(by_phone(f"1380000000{number}"))
    assert roles_of(by_phone("13800000008")) == roles_of(by_phone("13800000009")) == set()
    assert by_phone("13800000008").real_name == "崔广田"
    assert by_phone("13800000010").status == "applicant"


def test_everybody_has_the_printed_password_and_accepted_the_rules(loading: Loading) -> None:
    hashes = set(db.session.scalars(select(Member.password_hash)))
    assert len(hashes) == 1
    assert crypto.passwords.verify(hashes.pop(), PASSWORD)
    accepted = Counter(db.session.scalars(select(RuleAcceptance.member_id)))
    assert set(accepted.values()) == {6}
    assert len(accepted) == count(Member)


def test_the_log_ins_are_printed(loading: Loading) -> None:
    lines = "\n".join(log_ins())
    assert PASSWORD in lines
    for number in range(1, 11):
        assert f"138000000{number:02d}" in lines


def test_no_word_in_braces_is_left(loading: Loading) -> None:
    for rows in loading.rows.values():
        for row in rows:
            for name, value in row.items():
                assert not (isinstance(value, str) and re.search(r"\{\w+\}", value)), (name, value)


def test_nothing_that_is_done_is_of_the_future(loading: Loading) -> None:
    for model, rows in loading.rows.items():
        for row in rows:
            done = {name: value for name, value in row.items() if isinstance(value, datetime) and name not in LATER}
            assert all(value <= NOON for value in done.values()), (model, done)


def test_members_joined_before_the_first_thing_that_they_did(loading: Loading) -> None:
    joined = {row["id"]: row["joined_at"] for row in loading.rows[Member]}
    acts = [
        *((row["member_id"], row["signed_up_at"]) for row in loading.rows[Signup]),
        *((row["organizer_id"], row["created_at"]) for row in loading.rows[Event]),
        *((row["author_id"], row["created_at"]) for row in loading.rows[Need]),
        *((row["member_id"], row["created_at"]) for row in loading.rows[NeedResponse]),
        *((row["member_id"], row["requested_at"]) for row in loading.rows[Consultation]),
        *((row["editor_id"], row["signed_off_at"]) for row in loading.rows[Briefing]),
    ]
    assert all(joined[member] < at for member, at in acts)
    days = [at for at in joined.values() if at]
    assert NOON - min(days) < timedelta(days=390)


def test_something_is_tonight_and_its_door_waits_for_the_organizer(loading: Loading) -> None:
    tonight = db.session.scalars(
        select(Event).where(Event.starts_at >= NOON, Event.starts_at < clock.at(clock.today() + timedelta(1), time()))
    ).one()
    assert "路演第十期" in tonight.title
    assert tonight.organizer_id == by_phone("13800000005").id
    assert tonight.confirmed_count == 37


def test_counts_and_places_of_sign_ups_agree(loading: Loading) -> None:
    for event in db.session.scalars(select(Event)):
        signups = db.session.scalars(select(Signup).where(Signup.event_id == event.id)).all()
        assert event.confirmed_count == sum(signup.state == "confirmed" for signup in signups)
        places = sorted(signup.place for signup in signups if signup.place)
        assert places == list(range(1, event.next_place))
        came = {signup.member_id for signup in signups if signup.attended_at}
        inside = set(
            db.session.scalars(
                select(Checkin.member_id).where(Checkin.event_id == event.id, Checkin.source != "walk_in")
            )
        )
        assert came == inside


def test_a_seat_that_was_given_back_went_to_who_waited(loading: Loading) -> None:
    promoted = [row for row in loading.rows[Signup] if row["promoted_at"]]
    assert promoted
    assert all(row["signed_up_at"] <= row["promoted_at"] for row in promoted)


def test_names_of_walk_ins_are_forgotten_after_ninety_days(loading: Loading) -> None:
    walk_ins = [row for row in loading.rows[Checkin] if row["source"] == "walk_in"]
    kept = [row for row in walk_ins if row["walk_in_name"]]
    assert kept
    assert len(kept) < len(walk_ins)
    assert all(row["occurred_at"] > NOON - timedelta(days=91) for row in kept)
    assert not any(row["walk_in_phone"] for row in walk_ins)


def test_posts_came_in_this_morning_and_in_the_sharing_hour_of_yesterday(loading: Loading) -> None:
    today = clock.at(clock.today(), time())
    assert count(Need, Need.created_at >= today) == 7
    opens, closes = (clock.at(clock.today() - timedelta(1), time.fromisoformat(hour)) for hour in ("11:18", "12:00"))
    assert count(Need, Need.created_at >= opens, Need.created_at < closes) >= 2


def test_solved_needs_carry_their_outcome_and_the_answer_of_the_partner(loading: Loading) -> None:
    assert count(Need, Need.state == "solved") == 182 == count(Outcome, Outcome.result == "solved")
    accepted = {(row["need_id"], row["member_id"]) for row in loading.rows[NeedResponse] if row["state"] == "accepted"}
    assert all(
        (row["need_id"], row["partner_id"]) in accepted for row in loading.rows[Outcome] if row["result"] == "solved"
    )
    assert count(Need, Need.state == "open", Need.expires_on < clock.today()) == 32


def test_the_member_of_the_log_ins_has_answers_that_wait(loading: Loading) -> None:
    member = by_phone("13800000008").id
    waiting = select(NeedResponse).join(Need).where(Need.author_id == member, NeedResponse.state == "offered")
    assert len(db.session.scalars(waiting).all()) == 2
    assert count(Notice, Notice.member_id == member, Notice.read_at.is_(None)) == 2


def test_every_notice_is_of_a_known_kind(loading: Loading) -> None:
    for notice in loading.rows[Notice]:
        assert str(notice_kinds[notice["kind"]].sentence) % notice["words"]


def test_applications_wait_some_with_questions_and_some_that_repeat_others(loading: Loading) -> None:
    states = Counter(db.session.scalars(select(Registration.state)))
    assert states == {"approved": 331, "submitted": 19, "asked": 2, "refused": 2}
    assert count(Registration, Registration.refusals > 0, Registration.state == "submitted") == 1
    assert count(RegistrationEntry, RegistrationEntry.kind == "answered") == 3
    digests = Counter(row["identity_digest"] for row in loading.rows[Member] if row["identity_digest"])
    assert max(digests.values()) == 2
    numbers = [row["identity_number"] for row in loading.rows[Member] if row["identity_number"]]
    assert all(number.startswith("v1.") for number in numbers)


def test_consultations_are_in_every_state_with_steps_in_order(loading: Loading) -> None:
    states = Counter(db.session.scalars(select(Consultation.state)))
    assert states == {
        "rated": 48,
        "completed": 9,
        "declined": 3,
        "assigned": 3,
        "scheduled": 4,
        "requested": 3,
    }
    for row in loading.rows[Consultation]:
        steps = [row[name] for name in ("requested_at", "first_answered_at", "assigned_at", "scheduled_at")]
        if row["state"] in ("completed", "rated"):
            steps += [row["starts_at"], row["completed_at"], row["rated_at"]]
        done = [step for step in steps if step]
        assert done == sorted(done)
        if row["state"] == "scheduled":
            assert row["starts_at"] > NOON


def test_most_phones_are_hidden_and_the_contact_is_set(loading: Loading) -> None:
    visible = count(Member, Member.phone_visible.is_(True))
    assert 30 < visible < 100
    chamber.refresh(stamps_of(("chamber",)))
    assert chamber.current().contact == CONTACT


def test_briefings_are_out_one_a_day_and_today_s_at_its_hour(loading: Loading) -> None:
    issues = db.session.scalars(select(Briefing).order_by(Briefing.number)).all()
    assert [issue.number for issue in issues] == list(range(1, 310))
    assert len({issue.date for issue in issues}) == 309
    assert issues[-1].date == clock.today()
    assert issues[-1].publishes_at == clock.at(clock.today(), time(11, 18)) > NOON
    assert all(row["signed_off_at"] < row["publishes_at"] for row in loading.rows[Briefing])
    assert all(200 < len(issue.body) < 3000 for issue in issues)
    assert len({issue.body for issue in issues}) == 309
    assert len({issue.title for issue in issues}) > 200
    assert "11月11日" in issues[299].body


def test_it_is_not_loaded_twice(loading: Loading) -> None:
    before = count(Member)
    with pytest.raises(NotEmpty):
        load()
    assert count(Member) == before


def test_the_command_refuses_a_database_with_members(community: tuple[Flask, Loading]) -> None:
    result = community[0].test_cli_runner().invoke(args=["demo"])
    assert result.exit_code == 1
    assert "nothing was loaded" in result.output


@pytest.mark.parametrize("number", range(1, 11))
def test_each_of_the_printed_log_ins_logs_in(community: tuple[Flask, Loading], number: int) -> None:
    browser = Browser(community[0])
    page = browser.post("/login", {"phone": f"138000000{number:02d}", "password": PASSWORD})
    assert page.status == 303, page


@pytest.mark.thorough
@pytest.mark.parametrize(("hour", "tonight"), [("07:00", "19:00"), ("11:30", "19:00"), ("20:30", "21:45")])
def test_it_is_alive_whenever_it_is_loaded(tmp_path: Any, hour: str, tonight: str) -> None:
    at = datetime.fromisoformat(f"2026-11-21T{hour}+08:00").astimezone(UTC)
    app = fresh_app(tmp_path, at)
    with app.app_context():
        load()
        today = clock.at(clock.today(), time())
        starts_at = db.session.scalars(
            select(Event.starts_at).where(Event.starts_at > at, Event.starts_at < today + timedelta(days=1))
        ).one()
        assert f"{clock.local(starts_at):%H:%M}" == tonight
        newest = db.session.scalars(select(Need.created_at).where(Need.created_at >= today)).all()
        assert len(newest) == 7
        assert max(newest) < at
        opens = clock.at(clock.today(), time(11, 18))
        assert any(moment >= opens for moment in newest) == (at > opens)
        published = select(Briefing.number).where(Briefing.publishes_at <= at).order_by(Briefing.number.desc())
        assert db.session.scalars(published.limit(1)).one() == (309 if at > opens else 308)
        assert count(Need, Need.created_at > at) == count(Signup, Signup.signed_up_at > at) == 0
        db.session.remove()
        db.engine.dispose()
