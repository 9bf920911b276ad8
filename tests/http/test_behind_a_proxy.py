"""What the proxy in front says of the visitor: believed as far as the operator set it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import create_app
from blueprints.accounts.models import LoginSession
from core.clock import clock
from core.database import db
from tests.conftest import NOON
from tests.people import PASSWORD, People

pytestmark = pytest.mark.unhurried

PHONE = "13800000001"


@contextlib.contextmanager
def behind(app: Flask, proxies: int, instance: Path) -> Iterator[Flask]:
    """Another application on the same database, set to believe this many proxies."""
    other = create_app(replace(app.extensions["settings"], proxies=proxies, instance=instance))
    yield other
    clock.freeze(NOON)
    with other.app_context():
        db.session.remove()
        db.engine.dispose()


def logged_in(app: Flask) -> TestResponse:
    return app.test_client().post(
        "/login",
        data={"phone": PHONE, "password": PASSWORD},
        headers={
            "Sec-Fetch-Site": "same-origin",
            "X-Forwarded-For": "198.51.100.7, 203.0.113.5",
            "X-Forwarded-Proto": "https",
        },
    )


def address_of_the_session(app: Flask) -> str:
    with app.app_context():
        return db.session.scalars(select(LoginSession.address).order_by(LoginSession.id.desc())).first() or ""


@pytest.mark.parametrize(("proxies", "address"), [(0, "127.0.0.0/24"), (1, "203.0.113.0/24"), (2, "198.51.100.0/24")])
def test_the_address_is_the_one_that_the_last_believed_proxy_saw(
    app: Flask, people: People, tmp_path: Path, proxies: int, address: str
) -> None:
    people.member("张三", phone=PHONE)
    with behind(app, proxies, tmp_path) as other:
        assert logged_in(other).status_code == 303
        assert address_of_the_session(other) == address


def test_over_https_the_cookie_is_sent_back_over_https_alone(app: Flask, people: People, tmp_path: Path) -> None:
    people.member("张三", phone=PHONE)
    with behind(app, 1, tmp_path) as other:
        answer = logged_in(other)
    cookie = answer.headers["Set-Cookie"]
    assert "Secure" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert answer.headers["Strict-Transport-Security"] == f"max-age={timedelta(days=365) // timedelta(seconds=1)}"


def test_over_http_the_cookie_is_kept_all_the_same(app: Flask, people: People) -> None:
    people.member("张三", phone=PHONE)
    answer = app.test_client().post(
        "/login", data={"phone": PHONE, "password": PASSWORD}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert "Secure" not in answer.headers["Set-Cookie"]
    assert "Strict-Transport-Security" not in answer.headers
