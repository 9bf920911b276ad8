"""A small living community: one of everything, made by the operations themselves.

For tests that walk the whole site: access, naughty input, accessibility, queries, pictures.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select

from blueprints.accounts.models import Member, Registration, RoleGrant, Rule
from blueprints.events.models import Signup
from core import chamber
from core.access import Viewer
from core.clock import clock, local, now
from core.database import db, new_id
from core.operations import Act, Outcome
from core.performing import perform
from tests.client import Browser
from tests.copies import Copy, is_empty
from tests.people import PASSWORD, People

ROLES = ("visitor", "applicant", "member", "expert", "lead", "organizer", "editor", "reviewer", "publisher", "admin")


def viewer_of(member_id: uuid.UUID) -> Viewer:
    """The viewer that this member is when logged in."""
    member = db.session.get_one(Member, member_id)
    roles = db.session.scalars(select(RoleGrant.role).where(RoleGrant.member_id == member_id))
    return Viewer(member.id, new_id(), member.real_name, member.status, frozenset(roles))


def typed(instant: datetime) -> str:
    """An instant as a person types it into a form."""
    return f"{local(instant):%Y-%m-%dT%H:%M}"


@dataclass
class World:
    """Who and what there is. `things` are ids by name, `who` member ids by role."""

    app: Flask
    people: People
    who: dict[str, uuid.UUID] = field(default_factory=dict)
    things: dict[str, str] = field(default_factory=dict)
    browsers: dict[str, Browser] = field(default_factory=dict)

    def do(self, role: str, name: str, target: object = None, **fields: Any) -> Outcome:
        """Perform an operation as this person; it must go well."""
        with self.app.test_request_context():
            actor = viewer_of(self.who[role])
            act = Act(str(actor.id), str(new_id()), actor, None if target is None else str(target))
            outcome = perform(name, act, {key: str(value) for key, value in fields.items()})
            assert outcome.went_well, (name, outcome.message)
            return outcome

    def made(self, role: str, name: str, target: object = None, **fields: Any) -> str:
        """Perform an operation that makes something; the id at the end of its URL."""
        url = self.do(role, name, target, **fields).url or ""
        return url.rsplit("/", 1)[-1].partition("#")[0]

    def browser(self, role: str) -> Browser:
        """The phone of this role, logged in once."""
        if role not in self.browsers:
            self.browsers[role] = Browser(self.app) if role == "visitor" else self.people.browser(self.who[role])
        return self.browsers[role]

    def phone_number(self, role: str) -> str:
        return self.people.phone_of(self.who[role])


def event_fields(starts_at: datetime, **more: Any) -> dict[str, Any]:
    """A valid event of two hours."""
    return {
        "title": "项目路演第十期",
        "kind": "roadshow",
        "starts_at": typed(starts_at),
        "ends_at": typed(starts_at + timedelta(hours=2)),
        "venue": "津创路演厅",
        "capacity": 3,
        "body": "两个项目，各讲十分钟。\n带名片。",
        "public": "1",
        **more,
    }


@dataclass
class Made:
    """The community that this process made first, kept for all others of the same moment."""

    at: datetime
    copy: Copy
    made: int
    who: dict[str, uuid.UUID]
    things: dict[str, str]
    cookies: dict[Any, Any]


def build(app: Flask, people: People) -> World:
    """Make the community in an empty database, or put back the one that was made before."""
    kept: Made | None = app.extensions.get("made community")
    if not is_empty(app):
        return _build(app, people)
    if kept is None or kept.at != now():
        started = now()
        world = _build(app, people)
        cookies = dict(world.browsers["applicant"].client._cookies or {})
        kept = Made(started, Copy(app), people.made, dict(world.who), dict(world.things), cookies)
        app.extensions["made community"] = kept
        return world
    kept.copy.restore()
    with app.app_context():
        chamber.current()  # the application knew its settings by the time the community was made
        db.session.remove()
    people.made = kept.made
    applicant = Browser(app)
    applicant.client._cookies = dict(kept.cookies)
    return World(app, people, dict(kept.who), dict(kept.things), {"applicant": applicant})


def _build(app: Flask, people: People) -> World:
    world = World(app, people)
    names = {
        "member": "崔广田",
        "other": "苗德顺",
        "expert": "柯正樑",
        "lead": "谷长河",
        "organizer": "隋立勋",
        "editor": "尚佩瑶",
        "reviewer": "蔚东岩",
        "publisher": "逄玉山",
        "admin": "殷实秋",
    }
    for role, name in names.items():
        roles = () if role in ("member", "other") else (role,)
        world.who[role] = people.member(name, *roles, products="数控机床、龙门铣", buys="铸件、刀具", strengths="立加")
    _rules(app)
    _registration(world)
    _yesterday(world)
    _needs(world)
    _events(world)
    _consultations(world)
    _briefings(world)
    _reports(world)
    _conduct(world)
    for role in ("other", "member"):
        body = "第十条里三个月太长，一个月就够。"
        world.things["rule_comment"] = str(new_id())
        world.do(role, "rule.comment", "privacy-policy", body=body, id=world.things["rule_comment"])
    return world


def _reports(world: World) -> None:
    """A post that two members find wrong: one report waits, and another thing is hidden."""
    sold = world.made(
        "other", "need.create", kind="offer", title="低价出一批证", body="来电详谈。", category="cooperation"
    )
    world.things["hidden_need"] = sold
    for name, subject in (("report", world.things["need"]), ("upheld_report", sold)):
        fields = {"kind": "need", "subject_id": subject, "reason": "unlicensed", "words": "没写许可证号。"}
        world.do("expert", "report.submit", **fields)
        with world.app.app_context():
            from blueprints.reports.models import Report

            world.things[name] = str(db.session.scalars(select(Report.id).order_by(Report.id.desc()).limit(1)).one())
    world.do("admin", "report.uphold", world.things["upheld_report"], reason="第六条：没有许可证号。")


def _conduct(world: World) -> None:
    """One member was warned by somebody who is no admin any more and asks for a review; another may not post."""
    from blueprints.reports.models import Review, Sanction

    world.do("admin", "conduct.warn", world.who["member"], reason="第八条：截图别转外面。")
    world.do("admin", "conduct.pause", world.who["suspended"], reason="第四条。")
    with world.app.app_context():
        for name in ("review", "other_review"):
            values = {"member_id": world.who["other"], "reason": "第七条。", "made_at": now()}
            warning = Sanction(id=new_id(), kind="warning", made_by_id=world.who["lead"], **values)
            asked = {"member_id": world.who["other"], "asked_at": now(), "words": "误会。"}
            review = Review(id=new_id(), kind="warning", subject_id=warning.id, **asked)
            world.things[name] = str(review.id)
            db.session.add_all([warning, review])
        db.session.commit()


def _yesterday(world: World) -> None:
    """An event of yesterday: one came, one stayed away, one walked in."""
    clock.advance(days=-1)
    past = event_fields(now() + timedelta(hours=2), title="听审计老师讲三张表", kind="training", public="1")
    world.things["past_event"] = world.made("organizer", "event.create", **past)
    for role in ("member", "other"):
        world.do(role, "event.signup", world.things["past_event"])
    world.do(
        "organizer", "checkin.record", world.things["past_event"], signup_id=signup_of(world, "past_event", "member")
    )
    world.do("organizer", "checkin.record", world.things["past_event"], walk_in_name="路过的张总")
    clock.advance(days=1)


def signup_of(world: World, event: str, role: str) -> str:
    """The id of this person's sign-up for this event."""
    with world.app.app_context():
        found = select(Signup.id).where(
            Signup.event_id == uuid.UUID(world.things[event]), Signup.member_id == world.who[role]
        )
        return str(db.session.scalars(found).one())


def _rules(app: Flask) -> None:
    with app.app_context():
        for slug, title in (("community-rules", "社区群规"), ("privacy-policy", "隐私说明")):
            body = f"# {title}\n\n1. **真名。**\n\n| 记什么 | 留多久 |\n|---|---|\n| 姓名 | 在会期间 |\n"
            db.session.add(Rule(slug=slug, version=1, title=title, body=body, published_at=now()))
        db.session.commit()


def _registration(world: World) -> None:
    browser = Browser(world.app)
    page = browser.post(
        "/register",
        {
            "real_name": "羊春晓",
            "phone": "13800000010",
            "password": PASSWORD,
            "company_name": "天津晓春食品有限公司",
            "position": "经理",
            "trade": "agriculture",
            "accept_rules": "1",
            "accept_privacy": "1",
            "referrer": "崔广田",
            "introduction": "做酱菜二十年。",
        },
    )
    assert page.status == 303, page
    world.browsers["applicant"] = browser
    with world.app.app_context():
        registration = db.session.scalars(select(Registration)).one()
        world.who["applicant"] = registration.member_id
        world.things["registration"] = str(registration.id)
    world.do("admin", "registration.ask", world.things["registration"], question="信用代码请补一下？")
    for role, name, status in (("waiting", "杨春小", "applicant"), ("refused", "杜无名", "refused")):
        world.who[role] = world.people.member(name, status=status, introduction="做冷库门。", referrer="苗德顺")
        with world.app.app_context():
            application = select(Registration.id).where(Registration.member_id == world.who[role])
            world.things[f"{role}_registration"] = str(db.session.scalars(application).one())
    world.who["suspended"] = world.people.member("任停之")
    world.do("admin", "member.suspend", world.who["suspended"], reason="三次爽约，不接电话。")


def _needs(world: World) -> None:
    world.things["need"] = world.made(
        "member",
        "need.create",
        kind="need",
        title="求购 304 边角料 6 吨",
        body="厚 2–3 毫米，带材质单；\n津南自提。",
        category="procurement",
        amount="80000",
    )
    world.made("other", "need.create", kind="offer", title="龙门铣有空档", body="下周起三台闲着。", category="sales")
    response = str(new_id())
    world.do("other", "need.respond", world.things["need"], body="我有八吨，可分两次。", id=response)
    world.things["response"] = response
    solved = world.made(
        "member", "need.create", kind="need", title="找人改两台卧车", body="主轴响，年内改完。", category="technology"
    )
    accepted = str(new_id())
    world.do("other", "need.respond", solved, body="我们改过三台。", id=accepted)
    world.do("expert", "need.respond", solved, body="可以先来看看。", id=str(new_id()))
    world.do("member", "need.accept_response", accepted)
    world.things["accepted_need"] = solved
    closed = world.made(
        "other", "need.create", kind="offer", title="有五吨行车一台", body="拆下来的，能用。", category="procurement"
    )
    fields = {"result": "solved", "partner": "崔广田", "amount": "65000", "summary": "当天来看，隔天拉走。"}
    world.do("other", "need.close", closed, **fields)
    world.things["solved_need"] = closed


def _events(world: World) -> None:
    soon = now() + timedelta(hours=9)
    world.things["event"] = world.made("organizer", "event.create", **event_fields(soon))
    world.do("member", "event.signup", world.things["event"], note="吃素")
    world.do("other", "event.signup", world.things["event"])
    inside = event_fields(now() + timedelta(days=5), title="工期冲刺碰头会", kind="matchmaking")
    inside.pop("public")
    world.things["inside_event"] = world.made("organizer", "event.create", **inside)
    full = event_fields(now() + timedelta(days=2), title="去海河边的工厂看看", kind="visit", capacity=1)
    world.things["full_event"] = world.made("organizer", "event.create", **full)
    off = event_fields(now() + timedelta(days=3), title="中秋读书会", kind="culture")
    world.things["cancelled_event"] = world.made("organizer", "event.create", **off)
    for event in ("full_event", "cancelled_event"):
        for role in ("other", "member"):
            world.do(role, "event.signup", world.things[event])
    world.do("organizer", "event.cancel", world.things["cancelled_event"], reason="场地停电，改期另行通知。")


def _consultations(world: World) -> None:
    from blueprints.experts.models import Expert, ExpertGroup

    with world.app.app_context():
        group = ExpertGroup(
            slug="environment", name="环保产业专家服务组", description="废水废气。", lead_id=world.who["lead"]
        )
        db.session.add(group)
        db.session.flush()
        for role in ("lead", "expert"):
            db.session.add(Expert(member_id=world.who[role], group_slug="environment", expertise="难降解废水"))
        db.session.commit()
    names = ("consultation", "assigned_consultation", "scheduled_consultation", "completed_consultation")
    for name in (*names, "rated_consultation", "declined_consultation"):
        world.things[name] = world.made(
            "member", "consultation.request", "environment", topic="喷漆房的废气", body="隔壁说有味。", mode="phone"
        )
    for name in (*names[1:], "rated_consultation"):
        world.do("lead", "consultation.assign", world.things[name], expert_id=world.who["expert"])
    for name in (*names[2:], "rated_consultation"):
        soon = typed(now() + timedelta(hours=3))
        world.do("expert", "consultation.schedule", world.things[name], starts_at=soon, place="车间")
    for name in ("completed_consultation", "rated_consultation"):
        world.do("expert", "consultation.complete", world.things[name], summary="先换滤棉，再装压差表。")
    world.do("member", "consultation.rate", world.things["rated_consultation"], stars="5", comment="气味小了。")
    world.do("lead", "consultation.decline", world.things["declined_consultation"], reason="这归安监，不归环保。")


def _briefings(world: World) -> None:
    for name, day in (("briefing", -1), ("draft", 1), ("submitted", 2), ("reviewed", 3)):
        date = (local(now()) + timedelta(days=day)).date().isoformat()
        key = world.made("editor", "briefing.create", date=date)
        world.things[name] = key
        body = "## 值得看的需求\n\n- **防滑地面。** 一百四十平米。\n- 变压器安装。\n\n## 一件好事\n\n修车。"
        world.do("editor", "briefing.edit", key, title="防滑地面和自行车", body=body, version=1)
        if name != "draft":
            world.do("editor", "briefing.submit", key)
        if name in ("briefing", "reviewed"):
            world.do("reviewer", "briefing.review", key, verdict="pass", comment="数字核过了。")
        if name == "submitted":
            world.do("reviewer", "briefing.comment", key, line=3, body="一百四十，数过吗？", version=9)
        if name == "briefing":
            world.do("publisher", "briefing.sign_off", key, verdict="pass")
            world.do("publisher", "briefing.correct", key, body="一百四十平米应为一百二十。")
    world.do("member", "deed.submit", doer="老宋", body="雨天推车送人。")
    imported = {"title": "旧事一束", "body": "从前的事。", "number": "2018年第6期", "editor": "黄某"}
    world.things["imported"] = world.made("editor", "briefing.import", **imported)
