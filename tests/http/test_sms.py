"""Short messages go out for what was committed, and for nothing else."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import text

from core import sms
from core.database import db, in_transaction
from core.errors import Refusal


@pytest.fixture
def sent(app: Flask) -> Iterator[list[str]]:
    before = app.extensions["settings"]
    kept: list[str] = []
    app.extensions["settings"] = dataclasses.replace(before, sms="kept")
    sms.gateways["kept"] = lambda phone, text: kept.append(f"{phone} {text}")
    with app.test_request_context():
        yield kept
    app.extensions["settings"] = before
    del sms.gateways["kept"]


def test_a_message_goes_out_after_the_commit(sent: list[str]) -> None:
    def work() -> None:
        sms.send_after_commit("13800000001", "一")
        with db.session.begin_nested():
            sms.send_after_commit("13800000001", "二")
        assert sent == []

    in_transaction(work)
    assert sent == ["13800000001 一", "13800000001 二"]
    in_transaction(lambda: None)
    assert len(sent) == 2


def test_what_is_rolled_back_is_not_told(sent: list[str]) -> None:
    def work() -> None:
        sms.send_after_commit("13800000001", "一")
        with contextlib.suppress(Refusal), db.session.begin_nested():
            sms.send_after_commit("13800000001", "二")
            raise Refusal

    in_transaction(work)
    assert sent == ["13800000001 一"]

    def fault() -> None:
        db.session.execute(text("SELECT 1"))
        sms.send_after_commit("13800000001", "三")
        raise Refusal

    with pytest.raises(Refusal):
        in_transaction(fault)
    in_transaction(lambda: None)
    assert sent == ["13800000001 一"]


def test_a_broken_or_unknown_gateway_breaks_nothing(
    app: Flask, sent: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    def broken(phone: str, text: str) -> None:
        raise OSError(phone, text)

    sms.gateways["kept"] = broken
    with caplog.at_level(logging.WARNING):
        in_transaction(lambda: sms.send_after_commit("13800000001", "一"))
        app.extensions["settings"] = dataclasses.replace(app.extensions["settings"], sms="nobody")
        in_transaction(lambda: sms.send_after_commit("13800000001", "二"))
    assert len(caplog.records) == 2
    assert "13800000001" not in caplog.text
    assert sent == []


def test_the_console_shows_messages(app: Flask, sent: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    app.extensions["settings"] = dataclasses.replace(app.extensions["settings"], sms="console")
    in_transaction(lambda: sms.send_after_commit("13800000001", "一"))
    assert "SMS 138****0001: 一" in capsys.readouterr().err
    assert sent == []


def test_without_a_gateway_nothing_is_kept(app: Flask) -> None:
    with app.test_request_context():
        assert not sms.available()
        sms.send_after_commit("13800000001", "一")
        assert "messages" not in db.session.info
