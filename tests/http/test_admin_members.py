"""Members as admins see them."""

from __future__ import annotations

import re
import uuid

import pytest
from flask import Flask
from sqlalchemy import select

from blueprints.accounts.models import Member, RoleGrant
from core.database import db
from tests.client import Browser
from tests.people import People


@pytest.fixture
def admin(people: People) -> Browser:
    return people.logged_in("管理员", "admin")[1]


def test_members_are_found_by_name_pinyin_phone_and_role(admin: Browser, people: People) -> None:
    people.member("单长河", "organizer", phone="13812345678")
    people.member("李四")
    for query in ("q=单长河", "q=sch", "q=5678", "role=organizer"):
        page = admin.get(f"/admin/members?{query}")
        assert "单长河" in page
        assert "李四" not in page


def test_members_are_filtered_by_status(admin: Browser, people: People) -> None:
    people.member("停用者", status="suspended")
    assert "停用者" in admin.get("/admin/members?status=suspended")
    assert "停用者" not in admin.get("/admin/members?status=member")
    assert "没有找到" in admin.get("/admin/members?status=refused")


def test_a_long_list_goes_on_by_keyset_in_the_order_of_pinyin(admin: Browser, people: People) -> None:
    for number in range(33):
        people.member(f"会员{number:02d}")
    admin.get("/admin")
    first = admin.get("/admin/members?q=会员")
    following = re.search(r'rel="next" href="([^"]+)"', first.html)
    assert following
    second = admin.get(following[1].replace("&amp;", "&"))
    assert "会员32" in second
    assert "会员29" not in second
    assert len(first.queries) <= 8


def test_roles_are_given_and_taken(app: Flask, admin: Browser, people: People) -> None:
    member_id = people.member("李四", "editor")
    done = admin.post(f"/admin/members/{member_id}/roles", {"roles": ["organizer", "expert"]})
    assert (done.status, done.location) == (303, f"/admin/members/{member_id}")
    assert roles(app, member_id) == {"organizer", "expert"}
    page = admin.get(done.location)
    assert "活动组织者" in page
    assert re.search(r'value="expert" checked', page.html)


def test_nobody_changes_their_own_roles(people: People) -> None:
    member_id, phone = people.logged_in("管理员", "admin")
    people.member("另一位", "admin")
    page = phone.post(f"/admin/members/{member_id}/roles", {"roles": ["editor"]})
    assert page.status == 409
    assert "请另一位管理员来改" in page


def test_suspending_shuts_a_member_out_at_once_until_reinstated(admin: Browser, people: People) -> None:
    member_id, phone = people.logged_in("李四")
    assert phone.get("/notices").status == 200
    page = admin.post(f"/admin/members/{member_id}/suspend", {"reason": "违反群规"}, follow=True)
    assert page.state("member", member_id) == "suspended"
    assert "违反群规" in page
    assert phone.get("/notices").status == 303
    page = admin.post(f"/admin/members/{member_id}/reinstate", follow=True)
    assert page.state("member", member_id) == "member"
    assert people.browser(member_id).get("/notices").status == 200


def test_suspending_needs_a_reason(admin: Browser, people: People) -> None:
    member_id = people.member("李四")
    page = admin.post(f"/admin/members/{member_id}/suspend", {"reason": ""})
    assert page.status == 422
    assert "请填写停用的理由" in page
    assert '<details class="confirm" open>' in page.html


def test_a_one_time_link_is_shown_to_who_made_it(admin: Browser, people: People) -> None:
    member_id = people.member("李四")
    page = admin.post(f"/admin/members/{member_id}/link", {"purpose": "password"}, follow=True)
    link = re.search(r'<code id="one-time-link">http://localhost(/password/reset/[^<]+)</code>', page.html)
    assert link
    assert "24 小时内有效" in page
    assert "one-time-link" not in admin.get(f"/admin/members/{member_id}").html
    assert people.browser(member_id).get(link[1]).status in (200, 404)


def test_a_link_for_a_new_phone_needs_the_phone(admin: Browser, people: People) -> None:
    member_id = people.member("李四")
    page = admin.post(f"/admin/members/{member_id}/link", {"purpose": "phone"})
    assert page.status == 409
    assert "请填写新手机号" in page


def test_an_erased_member_is_not_found(admin: Browser, people: People) -> None:
    assert admin.get(f"/admin/members/{people.member(status='erased')}").status == 404


def test_members_do_not_enter(people: People) -> None:
    member_id, phone = people.logged_in("李四", "organizer", "editor")
    for url in (
        "",
        "/members",
        f"/members/{member_id}",
        "/audit",
        "/figures",
        "/settings",
        "/reasons",
        "/registrations",
    ):
        assert phone.get(f"/admin{url}").status == 403


def roles(app: Flask, member_id: uuid.UUID) -> set[str]:
    with app.app_context():
        assert db.session.get(Member, member_id)
        return set(db.session.scalars(select(RoleGrant.role).where(RoleGrant.member_id == member_id)))
