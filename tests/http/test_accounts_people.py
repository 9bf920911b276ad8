"""The directory, profiles, the rules, roles, and the first admin."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from blueprints.accounts import offline
from blueprints.accounts.models import Company, Member, RoleGrant, Rule, RuleAcceptance
from blueprints.accounts.service import directory, membership
from core import registries
from core.access import Viewer
from core.audit import AuditEntry
from core.clock import now
from core.database import db, new_id
from core.operations import Act, Outcome
from core.performing import perform
from tests.client import Browser
from tests.installations import Make
from tests.people import PASSWORD, People


def as_admin(app: Flask, admin: uuid.UUID, name: str, target: uuid.UUID, **fields: str) -> Outcome:
    viewer = Viewer(admin, new_id(), "管理员", "member", frozenset({"admin"}))
    with app.test_request_context():
        return perform(name, Act(str(admin), str(new_id()), viewer, str(target)), fields)


def publish(app: Flask, slug: str, version: int, body: str = "# 题\n\n文") -> None:
    with app.app_context():
        db.session.add(Rule(slug=slug, version=version, title=f"规则{slug}", body=body, published_at=now()))
        db.session.commit()


def roles_of(app: Flask, member_id: uuid.UUID) -> set[str]:
    with app.app_context():
        return set(db.session.scalars(select(RoleGrant.role).where(RoleGrant.member_id == member_id)))


# The directory


def test_members_stand_in_the_order_of_pinyin_under_letters(people: People) -> None:
    for name in ("谷长河", "单佩瑶", "安宁"):
        people.member(name)
    people.member("申请人", status="applicant")
    people.member("停用人", status="suspended")
    _, browser = people.logged_in("周全")
    text = browser.get("/members").text
    assert text.index("A 安宁") < text.index("G 谷长河") < text.index("S 单佩瑶") < text.index("Z 周全")
    assert "申请人" not in text
    assert "停用人" not in text


@pytest.mark.parametrize("q", ["谷", "guchanghe", "gch", "津禾泰", "保函", "征信"])
def test_a_member_is_found_by_name_pinyin_initials_company_and_products(people: People, q: str) -> None:
    people.member("谷长河", company_name="天津津禾泰融资担保有限公司", products="投标保函", buys="征信报告")
    _, browser = people.logged_in("周全")
    page = browser.get(f"/members?q={q}")
    assert "谷长河" in page
    assert "周全" not in page


def test_the_directory_is_narrowed_by_trade(people: People) -> None:
    people.member("谷长河", trade="finance")
    _, browser = people.logged_in("周全", trade="software")
    page = browser.get("/members?trade=finance")
    assert "谷长河" in page
    assert "周全" not in page


def test_an_empty_search_says_what_to_do(people: People) -> None:
    _, browser = people.logged_in("周全")
    assert "换个写法试试" in browser.get("/members?q=没有这个人")
    assert browser.get("/members?q=" + "长" * 81).status == 422
    assert browser.get("/members?trade=magic").status == 422


def test_the_directory_goes_on_by_keyset(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "PAGE", 2)
    for name in ("安一", "白二", "曹三"):
        people.member(name)
    _, browser = people.logged_in("周全")
    first = browser.get("/members")
    assert "白二" in first
    assert "曹三" not in first
    following = first.html.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    second = browser.get(following)
    assert "曹三" in second
    assert "白二" not in second
    assert "安一" in browser.get(f"/members?after={new_id()}")
    assert browser.get("/members?after=x").status == 200


def test_the_directory_is_for_members(client: Browser, people: People) -> None:
    member_id = people.member()
    assert client.get("/members").status == 303
    _, applicant = people.logged_in(status="applicant")
    assert applicant.get("/members").status == 403
    assert applicant.get(f"/members/{member_id}").status == 403


# Profiles


def test_a_profile_shows_the_company_and_what_helps(people: People) -> None:
    member_id = people.member("谷长河", strengths="反担保", shortfalls="客户太集中", products="保函", buys="征信")
    _, browser = people.logged_in()
    page = browser.get(f"/members/{member_id}")
    for word in ("谷长河", "反担保", "客户太集中", "保函", "征信"):
        assert word in page


@pytest.mark.parametrize("status", ["applicant", "refused", "suspended", "erased"])
def test_who_is_no_member_has_no_page(people: People, status: str) -> None:
    member_id = people.member(status=status)
    _, browser = people.logged_in()
    assert browser.get(f"/members/{member_id}").status == 404
    assert browser.get(f"/members/{new_id()}").status == 404


def test_a_phone_is_shown_to_whom_its_owner_allows(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    member_id, own = people.logged_in(phone="13977778888")
    viewer_id, other = people.logged_in()
    _, admin = people.logged_in("管理员", "admin")
    url = f"/members/{member_id}"
    assert "13977778888" not in other.get(url)
    assert "13977778888" in own.get(url)
    assert "13977778888" in admin.get(url)
    monkeypatch.setattr(registries, "phone_shown_to", [])
    monkeypatch.setattr(directory, "phone_shown_to", [lambda *pair: pair == (viewer_id, member_id)])
    assert "13977778888" in other.get(url)
    monkeypatch.setattr(directory, "phone_shown_to", [])
    own.post("/me/profile", {"phone_visible": "1"})
    assert "13977778888" in other.get(url)


def test_other_features_add_to_a_profile(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    member_id, browser = people.logged_in()
    fact = registries.ProfileFact("专长", "工业废水", "/experts/environment")
    monkeypatch.setattr(directory, "profile_facts", [lambda who: [fact] if who == member_id else []])
    page = browser.get(f"/members/{member_id}")
    assert "工业废水" in page
    assert 'href="/experts/environment"' in page.html


def test_a_profile_is_edited_and_shown_as_typed(people: People) -> None:
    member_id, browser = people.logged_in(introduction="旧的")
    assert "旧的" in browser.get("/me/profile").html
    fields = {"position": "董事长", "introduction": "<b>新</b>\n第二行", "strengths": "强", "shortfalls": "短"}
    assert browser.post("/me/profile", fields).location == "/me"
    page = browser.get(f"/members/{member_id}")
    assert "&lt;b&gt;新&lt;/b&gt;\n第二行" in page.html
    assert "董事长" in page
    too_long = browser.post("/me/profile", {"introduction": "长" * 1001})
    assert too_long.status == 422
    assert "最多 1000 个字" in too_long


def test_without_a_position_the_old_one_stays(app: Flask, people: People) -> None:
    member_id, browser = people.logged_in(position="厂长")
    browser.post("/me/profile", {"introduction": "好"})
    with app.app_context():
        assert db.session.get_one(Member, member_id).position == "厂长"


def test_colleagues_who_edit_at_once_are_shown_both_versions(app: Flask, people: People) -> None:
    member_id, first = people.logged_in(products="旧产品")
    with app.app_context():
        company_id = db.session.get_one(Member, member_id).company_id
    second_id = people.member()
    with app.app_context():
        db.session.get_one(Member, second_id).company_id = company_id
        db.session.commit()
    second = people.browser(second_id)
    assert first.post("/me/company", {"products": "甲写的", "version": "1"}).location == "/me"
    late = second.post("/me/company", {"products": "乙写的", "version": "1"})
    assert late.status == 409
    assert "甲写的" in late
    assert "乙写的" in late.html
    assert late.value("version") == "2"
    assert second.post("/me/company", {"products": "乙写的", "version": "2"}).status == 303
    with app.app_context():
        assert db.session.get_one(Company, company_id).products == "乙写的"
    assert second.post("/me/company", {"products": "长" * 1001}).status == 422


def test_an_identity_number_is_withdrawn(app: Flask, people: People) -> None:
    member_id, browser = people.logged_in(identity_number="v1.x", identity_digest="a" * 64)
    assert "加密存着" in browser.get("/me/profile")
    assert browser.post("/me/identity/withdraw").location == "/me"
    assert "没有存您的身份证号" in browser.get("/me/profile")
    with app.app_context():
        assert db.session.get_one(Member, member_id).identity_digest is None


# The rules


def test_the_rules_are_public_and_shown_as_markup_without_scripts(app: Flask, client: Browser) -> None:
    publish(app, "privacy-policy", 1, "# 旧")
    publish(app, "privacy-policy", 2, "# 题\n\n|记什么|多久|\n|---|---|\n|姓名|在会|\n\n<script>alert(1)</script>")
    assert "规则privacy-policy 第 2 版" in client.get("/rules")
    page = client.get("/rules/privacy-policy")
    assert "<td>姓名</td>" in page.html
    assert "<script>alert" not in page.html
    assert page.html.count("<h1>") == 1
    assert client.get("/rules/none").status == 404


def test_changed_rules_are_asked_again_and_nothing_is_blocked(app: Flask, people: People) -> None:
    publish(app, "community-rules", 1)
    member_id = people.member()
    with app.app_context():
        phone = db.session.get_one(Member, member_id).phone
        db.session.add(RuleAcceptance(member_id=member_id, slug="community-rules", version=1, accepted_at=now()))
        db.session.commit()
    assert people.browser(member_id).get("/members").status == 200
    publish(app, "community-rules", 2)
    browser = Browser(app)
    answer = browser.post("/login", {"phone": phone, "password": PASSWORD, "next": "/members"})
    assert answer.location == "/rules?next=%2Fmembers"
    page = browser.get(answer.location)
    assert "有 1 份规则改过" in page
    assert browser.get("/members").status == 200
    shown = page.value("shown") or ""
    assert browser.post("/rules/accept", {"shown": shown, "next": "/members"}).location == "/members"
    assert "有 1 份规则改过" not in browser.get("/rules")
    again = Browser(app).post("/login", {"phone": phone, "password": PASSWORD, "next": "/members"})
    assert again.location == "/members"


def test_only_the_versions_that_were_shown_are_accepted(app: Flask, people: People) -> None:
    publish(app, "community-rules", 1)
    _, browser = people.logged_in()
    shown = browser.get("/rules").value("shown") or ""
    publish(app, "community-rules", 2)
    answer = browser.post("/rules/accept", {"shown": shown}, follow=True)
    assert "请再看一遍新的" in answer
    assert "有 1 份规则改过" in answer
    assert browser.post("/rules/accept").status == 303
    assert "有 1 份规则改过" not in browser.get("/rules")
    assert browser.post("/rules/accept", {"shown": "x:y,community-rules:" + "9" * 50}).status == 303


def test_accepting_at_once_is_accepted_once(app: Flask, people: People) -> None:
    publish(app, "community-rules", 1)
    member_id = people.member()
    browsers = [people.browser(member_id) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda browser: browser.post("/rules/accept").status, browsers)) == [303] * 4
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(RuleAcceptance)) == 1


# Roles and standing


def test_roles_are_given_and_taken(app: Flask, people: People) -> None:
    admin, member_id = people.member("管理员", "admin"), people.member("谷长河", "editor")
    assert as_admin(app, admin, "member.set_roles", member_id, roles="organizer,lead").went_well
    assert roles_of(app, member_id) == {"organizer", "lead"}
    assert as_admin(app, admin, "member.set_roles", member_id, roles="organizer,lead").went_well
    assert as_admin(app, admin, "member.set_roles", member_id, roles="").went_well
    assert roles_of(app, member_id) == set()
    assert as_admin(app, admin, "member.set_roles", member_id, roles="king").status == 422
    with app.app_context():
        entries = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        assert [entry.after for entry in entries] == [{"roles": ["lead", "organizer"]}, {"roles": []}]


def test_nobody_changes_their_own_standing(app: Flask, people: People) -> None:
    admin = people.member("管理员", "admin")
    for name, fields in (
        ("member.set_roles", {"roles": "editor"}),
        ("member.suspend", {"reason": "试"}),
        ("member.reinstate", {}),
    ):
        assert as_admin(app, admin, name, admin, **fields).status == 409
    assert roles_of(app, admin) == {"admin"}


@pytest.mark.parametrize(
    ("name", "fields"), [("member.set_roles", {"roles": ""}), ("member.suspend", {"reason": "试"})]
)
def test_two_admins_who_remove_each_other_leave_one(
    app: Flask, people: People, name: str, fields: dict[str, str]
) -> None:
    one, other = people.member("管理员甲", "admin"), people.member("管理员乙", "admin")
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(
            pool.map(lambda pair: as_admin(app, pair[0], name, pair[1], **fields).outcome, [(one, other), (other, one)])
        )
    assert sorted(outcomes) == ["accepted", "refused"]


def test_suspending_frees_what_was_held_in_the_same_transaction(
    app: Flask, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, member_id = people.member("管理员", "admin"), people.member()
    gone: list[uuid.UUID] = []
    told: list[Any] = []
    monkeypatch.setattr(registries, "_tellers", [lambda members, kind, **more: told.append((kind, more["words"]))])
    monkeypatch.setattr(membership, "on_member_gone", [gone.append])
    assert as_admin(app, admin, "member.suspend", member_id).status == 422
    assert as_admin(app, admin, "member.suspend", member_id, reason="刷屏").went_well
    assert gone == [member_id]
    assert told == [("member.suspended", {"reason": "刷屏"})]
    assert as_admin(app, admin, "member.suspend", member_id, reason="再来").status == 409
    assert as_admin(app, admin, "member.reinstate", member_id).went_well
    assert as_admin(app, admin, "member.reinstate", member_id).status == 409
    assert as_admin(app, admin, "member.suspend", people.member(status="applicant"), reason="试").status == 404


# The first admin


@pytest.mark.thorough
def test_the_command_makes_an_admin_who_can_log_in(app: Flask) -> None:
    runner = app.test_cli_runner()
    result = runner.invoke(args=["create-admin", "--name", "王秘书", "--phone", "138 0000 0001"], input=f"{PASSWORD}\n")
    assert result.exit_code == 0, result.output
    browser = Browser(app)
    assert browser.post("/login", {"phone": "13800000001", "password": PASSWORD}).status == 303
    with app.app_context():
        assert db.session.scalars(select(RoleGrant.role)).all() == ["admin"]


def test_the_command_makes_a_known_member_admin(app: Flask, people: People) -> None:
    member_id = people.member("谷长河", phone="13800000001")
    for _ in range(2):
        result = app.test_cli_runner().invoke(
            args=["create-admin", "--name", "谷长河", "--phone", "13800000001"], input="another-password\n"
        )
        assert result.exit_code == 0, result.output
    assert roles_of(app, member_id) == {"admin"}


@pytest.mark.parametrize("command", [["create-admin", "--name", "王秘书", "--phone", "13800000001"], ["demo"]])
def test_before_there_are_tables_a_command_says_what_makes_them(new_installation: Make, command: list[str]) -> None:
    result = new_installation("new").test_cli_runner().invoke(args=command, input=f"{PASSWORD}\n")
    assert result.exit_code == 1
    assert "flask --app app db upgrade" in result.output


def test_the_command_says_what_is_wrong(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["create-admin", "--name", "王", "--phone", "1"], input="x\n")
    assert result.exit_code == 1
    assert "phone" in result.output
    assert "password" in result.output


# What phones keep


def test_what_a_phone_keeps_has_the_etag_of_the_page(app: Flask, people: People) -> None:
    publish(app, "community-rules", 1)
    for values in ({}, {"status": "applicant"}):
        member_id, browser = people.logged_in(**values)
        with app.test_request_context():
            viewer = Viewer(member_id, new_id(), "会员", values.get("status", "member"), rules_due=True)
            kept = list(offline.pages(viewer))
        assert len(kept) >= 3
        for page in kept:
            assert browser.get(page.url, Fragment="main").status == 200, page.url
