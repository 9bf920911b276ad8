"""Logging in and out."""

from __future__ import annotations

from tests.client import Browser
from tests.people import PASSWORD, People


def test_a_member_logs_in_with_phone_and_password(client: Browser, people: People) -> None:
    people.member("张三", phone="13800000001")
    page = client.post("/login", {"phone": "138 0000 0001", "password": PASSWORD})
    assert (page.status, page.location) == (303, "/")


def test_a_wrong_password_and_an_unknown_phone_get_the_same_answer(client: Browser, people: People) -> None:
    people.member("张三", phone="13800000001")
    known = client.post("/login", {"phone": "13800000001", "password": "wrong-password"})
    unknown = client.post("/login", {"phone": "13800000002", "password": "wrong-password"})
    assert (known.status, unknown.status) == (422, 422)
    assert known.text.replace("13800000001", "") == unknown.text.replace("13800000002", "")
