"""A day at the desk, on phones of 360 × 780: from what the community posted to 11:18."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select

from blueprints.briefings.models import Briefing, BriefingVersion, Deed
from blueprints.needs.models import Need
from core.clock import clock, now
from core.database import db, new_id
from core.text import search_text
from tests.browser.conftest import NewPhone, Phone
from tests.people import People

pytestmark = pytest.mark.browser
PhoneOf = Callable[..., tuple[Any, Phone]]
EVENING = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)


def posted(app: Flask, author: Any, count: int) -> None:
    """Needs and offers of the evening before, and one good deed."""
    with app.app_context():
        for number in range(count):
            title = f"求购货架第{number + 1}批"
            db.session.add(
                Need(
                    id=new_id(), author_id=author,
                    kind="offer" if number % 3 == 2 else "need", title=title,
                    body="库房用。",
                    category="procurement", trade="machinery", created_at=EVENING, search_text=search_text(title),
                )
            )  # fmt: skip
        db.session.add(Deed(id=new_id(), author_id=author, doer="老宋", body="雨天推车送人到医院。", sent_at=EVENING))
        db.session.commit()


def saved(page: Page) -> None:
    expect(page.locator("[data-saved]")).to_have_attribute("data-state", "sent")


def text_of(app: Flask) -> str:
    with app.app_context():
        return db.session.scalars(select(Briefing.body)).one()


def test_a_day_at_the_desk(app: Flask, phone_of: PhoneOf, new_phone: NewPhone, people: People) -> None:
    clock.freeze(EVENING)
    _, editor = phone_of("编者", "editor")
    _, reviewer = phone_of("审者", "reviewer")
    _, publisher = phone_of("签者", "publisher")
    author, reader = phone_of("群友")
    posted(app, author, 14)

    # Gather twelve, in another order, one in other words.
    editor.open("/desk")
    editor.post("/desk/briefings", date="2026-11-21")
    editor.page.wait_for_url("**/desk/briefings/*-*")
    url = editor.page.url.removeprefix(editor.site)
    editor.page.get_by_role("link", name="收集当天的条目").click()
    editor.page.wait_for_url("**/gather?day=2026-11-20")
    page = editor.page
    boxes = page.locator("[name=pick]")
    for at in range(11):
        boxes.nth(at).check()
    page.locator('.gathered[data-kind="deed"] [name=pick]').check()
    expect(page.locator("[data-picked]")).to_have_text("选了 12 条")
    first = page.locator("fieldset:first-of-type .gathered").nth(0)
    first.locator("textarea").fill("货架头一批（改过的话）")
    first.locator('[data-move="1"]').click()
    handle = page.locator("fieldset:first-of-type .gathered").nth(3).locator("[data-handle]")
    handle.focus()
    handle.press("ArrowUp")
    expect(page.locator("#moved")).to_contain_text("第 3 条")
    editor.shot("desk-gather")
    page.locator(f'form[action="{url}/gather"][method=post] button[type=submit]').click()
    page.wait_for_url(f"**{url}")
    body = text_of(app)
    assert body.splitlines()[2:6] == [
        "1. 求购货架第2批（采购，天津测试4有限公司 群友）",
        "2. 货架头一批（改过的话）",
        "3. 求购货架第5批（采购，天津测试4有限公司 群友）",
        "4. 求购货架第4批（采购，天津测试4有限公司 群友）",
    ]
    assert "12. 老宋：雨天推车送人到医院。" in body

    # Edit; it saves itself; the connection goes; go on; it comes back.
    page.locator("[name=title]").fill("货架和一件好事")
    area = page.locator("form[data-desk] [name=body]")
    area.press("Control+End")
    area.press_sequentially("\n\n写在家里的一段。")
    saved(page)
    assert "写在家里的一段。" in text_of(app)
    expect(page.locator("#preview-text")).to_contain_text("写在家里的一段。")
    editor.context.set_offline(True)
    area.press_sequentially("车上没有信号，接着写。")
    expect(page.locator("[data-saved]")).to_have_attribute("data-state", "phone")
    area.press_sequentially("再写一句。")
    page.wait_for_timeout(3000)
    assert "接着写" not in text_of(app)
    editor.shot("desk-offline")
    editor.context.set_offline(False)
    saved(page)
    assert "车上没有信号，接着写。再写一句。" in text_of(app)
    editor.shot("desk-edit")

    # Pass on, returned with a comment at a line, changed, passed on again.
    editor.open(url)
    editor.post(f"{url}/submit")
    page = reviewer.open(url)
    page.locator('[data-line="4"]').click()
    expect(page.locator("#comment-line")).to_have_value("4")
    reviewer.shot("desk-review")
    reviewer.post(f"{url}/comments", body="第一批是几组？写明数量。")
    reviewer.open(url)
    assert "写明数量" in reviewer.text
    reviewer.post(f"{url}/review", verdict="return", comment="见批注。")
    page = editor.open(url)
    assert "见批注" in editor.text
    expect(page.locator(".remark")).to_have_attribute("data-state", "there")
    page.locator("[data-go-line]").click()
    area = page.locator("form[data-desk] [name=body]")
    area.press("End")
    area.press_sequentially("四十组")
    saved(page)
    page = editor.open(url)
    expect(page.locator(".remark")).to_have_attribute("data-state", "changed")
    editor.shot("desk-returned")
    editor.post(f"{url}/submit")
    reviewer.open(url)
    reviewer.post(f"{url}/review", verdict="pass")
    publisher.open(url)
    publisher.post(f"{url}/sign-off", verdict="pass")
    publisher.open(url)
    key = url.rpartition("/")[2]
    assert publisher.state("briefing", key) == "signed_off"

    # 11:17:59 and 11:18:00; a visitor never.
    visitor = new_phone()
    clock.freeze(datetime(2026, 11, 21, 3, 17, 59, tzinfo=UTC))
    reader.open("/briefings/1")
    assert reader.page.locator(f"#briefing-{key}").count() == 0
    assert "货架头一批" not in reader.text
    clock.freeze(datetime(2026, 11, 21, 3, 18, 0, tzinfo=UTC))
    reader.open("/briefings/1")
    assert reader.state("briefing", key) == "published"
    assert "货架头一批（改过的话）四十组" in reader.text
    reader.shot("desk-published")
    visitor.open("/briefings/1")
    assert "/login" in visitor.page.url
    with app.app_context():
        bodies = db.session.scalars(select(BriefingVersion.body)).all()
        assert any("写在家里的一段。" in each for each in bodies)
        assert now() == datetime(2026, 11, 21, 3, 18, 0, tzinfo=UTC)


def test_what_is_written_goes_with_its_submission_and_a_draft_comes_back_whole(app: Flask, phone_of: PhoneOf) -> None:
    _, editor = phone_of("编者", "editor")
    editor.open("/desk")
    editor.post("/desk/briefings", date="2026-11-21")
    editor.page.wait_for_url("**/desk/briefings/*-*")
    url = editor.page.url.removeprefix(editor.site)
    editor.post(url, title="货架", body="四十组。")
    page = editor.open(url)
    area = page.locator("form[data-desk] [name=body]")
    area.press("Control+End")
    area.press_sequentially("写完就关。")
    kept = "() => huiyou.store.readAll('drafts').then((all) => all.some((each) => /就关。$/.test(each.fields.body)))"
    page.wait_for_function(kept)
    page = editor.open(url)
    expect(page.locator("form[data-desk] [name=body]")).to_have_value("四十组。写完就关。")
    expect(page.locator("[data-length]")).to_contain_text("9 字")
    expect(page.locator("#preview-text")).to_contain_text("写完就关。")

    area = page.locator("form[data-desk] [name=body]")
    area.press("Control+End")
    area.press_sequentially("最后一句。")
    page.locator(f'form[action="{url}/submit"] button').click()
    expect(page.locator("[id^=briefing-]")).to_have_attribute("data-state", "submitted")
    assert text_of(app) == "四十组。写完就关。最后一句。"


ISSUE = """各位同仁，昨天线上二十一条，线下一场。

## 新的需求

1. **防滑地面一百四十平米。** 河西一家养老院要铺，十二月十号前完工，样块先送三种，湿水之后走一走再定。
2. 货架四十组，双层，承重三百公斤，津南自提，旧的也行，要能看货。
3. 求一台五吨行车，跨度十六米半，带轨道，年内装好。

## 新的资源

4. 龙门铣下周起三台闲着，四米台面，可以按天算。
5. 冷库六十托，零下十八度，滨海，三个月起租。

## 对接成功

6. 五吨行车一台：当天来看，隔天拉走，六万五。

## 活动预告

7. 11月23日 周一 10:00，考察“去海河边的工厂看看”，地点：津创路演厅。
8. 11月26日 周四 10:00，商务对接“工期冲刺碰头会”，只谈地产配套。

## 好人好事

9. 老宋雨天推车送人到医院，没有留名字，门卫记得那辆车。
"""


def test_an_issue_on_the_phone_in_the_dark_and_as_a_printed_newsletter(
    app: Flask, phone_of: PhoneOf, people: People
) -> None:
    three = [
        people.member(name, role)
        for name, role in (("尚佩瑶", "editor"), ("蔚东岩", "reviewer"), ("逄玉山", "publisher"))
    ]
    with app.app_context():
        db.session.add(
            Briefing(
                number=309, date=datetime(2026, 11, 21, tzinfo=UTC).date(), title="防滑地面和闲着的龙门铣", body=ISSUE,
                state="signed_off", signed_off_at=now(), publishes_at=now(),
                editor_id=three[0], reviewer_id=three[1], publisher_id=three[2],
            )
        )  # fmt: skip
        db.session.commit()
    _, reader = phone_of("读者")
    page = reader.open("/briefings/309")
    assert page.locator(".contents a").count() == 5
    assert page.locator(".article > ol").nth(2).get_attribute("start") == "6"
    reader.page.emulate_media(color_scheme="dark")
    reader.shot("issue-dark")
    reader.page.emulate_media(color_scheme="light")
    reader.shot("issue-light")
    reader.open("/briefings?q=龙门铣")
    reader.shot("issue-search")
    page = reader.open("/briefings/309")
    paper = page.pdf(prefer_css_page_size=True, print_background=True)
    assert paper.startswith(b"%PDF")
    assert paper.count(b"/Type /Page\n") <= 2
    if folder := os.environ.get("HUIYOU_PICTURES"):
        Path(folder, "issue.pdf").write_bytes(paper)
    page.emulate_media(media="print")
    assert page.locator(".paper-head").is_visible()
    assert page.locator(".imprint").is_visible()
    assert not page.locator(".tabs").is_visible()
    assert page.locator(".article").evaluate("e => getComputedStyle(e).columnCount") == "2"
