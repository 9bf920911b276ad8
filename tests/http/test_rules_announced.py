"""A new version of a rule is announced before it is in force: its changes seen, told once, accepted when it holds."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from blueprints.accounts.gathering import of_the_day
from blueprints.accounts.models import Rule
from blueprints.accounts.service.rule_changes import publish
from core.audit import AuditEntry
from core.clock import clock, now, today
from core.database import db, in_transaction
from tests.client import Browser
from tests.markup import elements
from tests.people import People
from tests.phones import Phone

OLD = "# 隐私说明\n\n## 留多久\n\n- 姓名留一年。电话不留。\n- 只写生意。\n"
NEW = "# 隐私说明\n\n## 留多久\n\n- 姓名留两年。电话不留。\n- 只写生意。\n- 备份留三十五天。\n"
SLUG = "privacy-policy"
DAY = date(2026, 11, 28)


@pytest.fixture(autouse=True)
def _in_force(app: Flask) -> None:
    announce(app, OLD)


def announce(app: Flask, body: str, on: date = DAY) -> list[str]:
    with app.app_context():
        said: list[str] = in_transaction(lambda: publish({SLUG: ("隐私说明", body)}, on))
    return said


def command(app: Flask, name: str, folder: Path, *options: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=[name, str(folder), *options])
    return result.exit_code, result.output


def marked(browser: Browser) -> tuple[list[str], list[str]]:
    """What the page marks as gone, and as new."""
    page = elements(browser.get(f"/rules/{SLUG}").html)

    def words(tag: str) -> list[str]:
        return [next(e.text for e in found.all("span") if "lang" in e.attrs).strip() for found in page.all(tag)]

    return words("del"), words("ins")


def accepted(people: People) -> Browser:
    _, browser = people.logged_in()
    browser.post("/rules/accept")
    return browser


def test_until_the_day_the_old_version_is_in_force_and_nobody_is_asked(app: Flask, people: People) -> None:
    browser = accepted(people)
    assert announce(app, NEW) == ["privacy-policy: 隐私说明 第 2 版，2026-11-28 起用"]
    page = browser.get(f"/rules/{SLUG}")
    assert "第 1 版" in page
    assert "第 2 版从 11月28日 周六 起用" in page
    assert "您已接受" in page
    assert "规则改过了" not in browser.get("/me")
    clock.advance(days=6, hours=13.9)
    assert "等您接受" not in browser.get("/rules")


def test_on_the_day_it_is_in_force_and_everybody_is_asked(app: Flask, people: People) -> None:
    browser = accepted(people)
    announce(app, NEW)
    clock.advance(days=6, hours=14)
    assert "有 1 份规则改过" in browser.get("/rules")
    assert "规则改过了" in browser.get("/me")
    page = browser.get(f"/rules/{SLUG}")
    assert "第 2 版" in page
    assert "备份留三十五天" in page
    browser.post("/rules/accept", {"shown": f"{SLUG}:2"})
    assert "规则改过了" not in browser.get("/me")


def test_what_was_accepted_before_the_day_is_the_old_version(app: Flask, people: People) -> None:
    announce(app, NEW)
    browser = accepted(people)
    browser.post("/rules/accept", {"shown": f"{SLUG}:2"})
    assert "您已接受" in browser.get(f"/rules/{SLUG}")
    clock.advance(days=7)
    assert "有 1 份规则改过" in browser.get("/rules")


def test_the_changed_sentences_are_marked_in_words_too(app: Flask, client: Browser) -> None:
    assert marked(client) == ([], [])
    announce(app, NEW)
    assert marked(client) == (["姓名留一年。"], ["姓名留两年。", "备份留三十五天。"])
    page = client.get(f"/rules/{SLUG}")
    assert "（删去） 姓名留一年。" in page
    assert "（新加） 姓名留两年。" in page
    assert "看新版全文" in page


def test_after_the_day_the_page_still_says_what_changed(app: Flask, client: Browser) -> None:
    announce(app, NEW)
    clock.advance(days=8)
    assert marked(client) == (["姓名留一年。"], ["姓名留两年。", "备份留三十五天。"])
    assert "比上一版改了哪几句" in client.get(f"/rules/{SLUG}")


def test_the_list_says_when_the_new_version_comes(app: Flask, client: Browser) -> None:
    announce(app, NEW)
    assert "第 2 版从 11月28日 周六 起用" in client.get("/rules")


def test_members_and_applicants_are_told_once(app: Flask, people: People) -> None:
    _, member = people.logged_in()
    _, applicant = people.logged_in(status="applicant")
    announce(app, NEW)
    assert announce(app, NEW) == []
    for browser in (member, applicant):
        page = browser.get("/notices")
        assert page.text.count("《隐私说明》从11月28日 周六起改用新的一版") == 1
        assert 'href="/rules/privacy-policy"' in page.html or "/rules/privacy-policy" in page.html


def test_the_first_version_is_told_to_nobody(people: People) -> None:
    assert "还没有通知" in people.logged_in()[1].get("/notices")


def test_a_newer_text_takes_the_place_of_what_was_announced(app: Flask, people: People) -> None:
    _, browser = people.logged_in()
    announce(app, NEW)
    clock.advance(days=2)
    newer = NEW.replace("三十五天", "三十天")
    assert announce(app, newer, DAY + timedelta(days=2)) == ["privacy-policy: 隐私说明 第 3 版，2026-11-30 起用"]
    assert "备份留三十天。" in marked(browser)[1]
    page = browser.get("/notices")
    assert page.text.count("起改用新的一版") == 1
    assert "11月30日" in page
    clock.advance(days=6)
    assert "第 1 版" in browser.get(f"/rules/{SLUG}")


def test_the_text_in_force_given_again_takes_the_announcement_back(app: Flask, people: People) -> None:
    browser = accepted(people)
    announce(app, NEW)
    assert announce(app, OLD) == ["privacy-policy: 隐私说明 第 2 版撤回了"]
    assert marked(browser) == ([], [])
    assert "还没有通知" in browser.get("/notices")
    clock.advance(days=30)
    assert "规则改过了" not in browser.get("/me")
    with app.app_context():
        acts = db.session.scalars(select(AuditEntry.act).where(AuditEntry.subject_kind == "rule")).all()
    assert sorted(acts) == ["rule.publish", "rule.publish", "rule.withdraw"]


def test_the_command_announces_seven_days_ahead(app: Flask, tmp_path: Path) -> None:
    (tmp_path / f"{SLUG}.md").write_text(NEW, "utf-8")
    assert command(app, "publish-rules", tmp_path) == (0, "privacy-policy: 隐私说明 第 2 版，2026-11-28 起用\n")
    with app.app_context():
        coming = db.session.scalars(select(Rule).where(Rule.version == 2)).one()
        assert clock.local(coming.in_force_from).isoformat() == "2026-11-28T00:00:00+08:00"
        assert coming.published_at == now()


def test_what_was_announced_is_exported_to_be_edited_on(app: Flask, tmp_path: Path) -> None:
    announce(app, NEW)
    command(app, "export-rules", tmp_path)
    assert (tmp_path / f"{SLUG}.md").read_text("utf-8") == NEW
    only = tmp_path / "only"
    only.mkdir()
    (tmp_path / f"{SLUG}.md").rename(only / f"{SLUG}.md")
    assert command(app, "publish-rules", only) == (0, "没有变化 · nothing changed\n")


def test_another_day_may_be_named_but_none_that_is_past(app: Flask, tmp_path: Path) -> None:
    (tmp_path / f"{SLUG}.md").write_text(NEW, "utf-8")
    code, said = command(app, "publish-rules", tmp_path, "--on", "2026-11-20")
    assert code == 2
    assert "这一天已经过去了" in said
    assert "2026-12-24 起用" in command(app, "publish-rules", tmp_path, "--on", "2026-12-24")[1]


def test_the_phone_gets_the_page_again_when_the_day_comes(app: Flask, people: People) -> None:
    member_id, browser = people.logged_in()
    browser.post("/rules/accept")
    announce(app, NEW)
    phone = Phone(browser, member_id)
    have = [line["etag"] for line in phone.sync([]) if "etag" in line]
    clock.advance(days=7)
    assert {"/rules", f"/rules/{SLUG}", "/me"} <= {line["url"] for line in phone.sync(have) if "url" in line}


def test_the_briefing_tells_of_both_days(app: Flask) -> None:
    announce(app, NEW)
    with app.test_request_context():
        first = [each.line for each in of_the_day(today())]
        on_the_day = [each.line for each in of_the_day(DAY)]
    assert "《隐私说明》从11月28日 周六起改用新的一版，改了哪几句已经标出" in first
    assert on_the_day == ["《隐私说明》有了新版，请抽空读一遍"]
