"""Gathering a day, comments at lines, versions, corrections, good deeds, the feed, importing, searching."""

from __future__ import annotations

import io
import json
import random
import uuid
import zipfile
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as Tree

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from blueprints.briefings import archive, search_index
from blueprints.briefings.models import Briefing, BriefingVersion
from core.clock import clock, now
from core.database import db, in_transaction
from tests.client import Browser
from tests.desk import PASS, TEXT, Desk, state
from tests.people import People
from tests.world import World, build

pytestmark = pytest.mark.unhurried


@pytest.fixture
def world(app: Flask, people: People) -> World:
    return build(app, people)


def test_a_day_is_gathered_by_sections_and_nothing_private_is_in_it(world: World) -> None:
    url = f"/desk/briefings/{world.things['draft']}/gather?day=2026-11-21"
    page = world.browser("editor").get(url)
    for words in (
        "新的需求", "求购 304 边角料 6 吨（采购，天津测试1有限公司 崔广田，8 万元）", "新的资源", "龙门铣有空档",
        "对接成功", "已解决（苗德顺，与崔广田对接，6.5 万元）当天来看，隔天拉走。", "活动预告", "工期冲刺碰头会",
        "专家服务", "环保产业专家服务组完成咨询 2 件", "新会友", "好人好事", "老宋：雨天推车送人。（崔广田来信）",
        "原定", "中秋读书会",
    ):  # fmt: skip
        assert words in page.html, words
    for private in ("喷漆房", "先换滤棉", "气味小了", "1990000", "13800000", "吃素", "三次爽约", "这归安监"):
        assert private not in page.html, private
    past = world.browser("editor").get(f"/desk/briefings/{world.things['draft']}/gather?day=2026-11-20")
    assert "听审计老师讲三张表”在津创路演厅举行，2 人到场" in past.html
    assert len(page.queries) <= 8


def test_cards_are_put_into_the_draft_without_scripts_in_the_order_that_was_given(world: World) -> None:
    editor, url = world.browser("editor"), f"/desk/briefings/{world.things['draft']}"
    page = editor.get(f"{url}/gather?day=2026-11-21").html
    keys = [part.partition('"')[0] for part in page.split('name="pick" value="')[1:]]
    needs = [key for key in keys if key.startswith("need:")]
    fields = {"pick": needs[:2], f"line-{needs[0]}": "后放的", f"line-{needs[1]}": "先放的"}
    fields |= {f"order-{needs[0]}": "2", f"order-{needs[1]}": "1", "day": "2026-11-21"}
    assert editor.post(f"{url}/gather", fields).location == url
    body = editor.get(url).html
    assert "1. 先放的" not in body  # the two items that were there count along
    assert "3. 先放的\n4. 后放的" in body
    assert editor.post(f"{url}/gather", {"day": "2026-11-21"}).status == 422
    assert editor.post(f"{url}/gather", {"items": "nonsense"}).status == 422
    assert editor.post(f"{url}/gather", {"items": json.dumps([{"kind": "x", "line": "y"}])}).status == 422


def test_a_comment_stands_at_its_line_and_says_when_it_was_changed(desk: Desk) -> None:
    url = desk.submitted()
    version = desk.reviewer.get(url).value("version")
    assert desk.editor.post(f"{url}/comments", {"line": "4", "body": "x", "version": version}).status == 403
    assert desk.reviewer.post(f"{url}/comments", {"line": "2", "body": "x", "version": version}).status == 409
    assert desk.reviewer.post(f"{url}/comments", {"line": "4", "body": "几组？", "version": "1"}).status == 409
    key = str(uuid.uuid4())
    done = {"line": "4", "body": "几组？写明。", "version": version, "id": key}
    assert desk.reviewer.post(f"{url}/comments", done).status == 303
    assert desk.reviewer.post(f"{url}/comments", done).status == 409
    assert "几组？写明。" in desk.reviewer.get(url)
    desk.reviewer.post(f"{url}/review", {"verdict": "return"})
    page = desk.editor.get(url)
    assert "几组？写明。" in page
    assert 'data-state="there"' in page.html
    desk.save(desk.editor, url, body=TEXT["body"].replace("四十组", "四十组（双层）"))
    assert 'class="remark" data-state="changed"' in desk.editor.get(url).html
    desk.save(desk.editor, url, body="各位同仁。")
    assert 'class="remark" data-state="gone"' in desk.editor.get(url).html


def test_every_saved_text_is_kept_and_compared(desk: Desk) -> None:
    url = desk.draft()
    desk.save(desk.editor, url, body="各位同仁。\n\n## 要的\n- 货架六十组")
    page = desk.reviewer.get(f"{url}/versions")
    assert "<del>四</del><ins>六</ins>" in page.html
    assert "加了 1 字，删了 1 字。" in page
    older = desk.editor.get(f"{url}/versions").html.partition("?from=")[2].partition('"')[0]
    assert older.isdigit()
    assert desk.editor.get(f"{url}/versions?before=7&after=99").status == 404
    first = desk.editor.get(f"{url}/versions").html.split("?from=")[2].partition('"')[0]
    assert (
        "货架四十组" in desk.editor.get(f"{url}?from={first}").html.partition("<textarea")[2].partition("</textarea")[0]
    )


def test_a_published_issue_is_corrected_only_by_a_visible_note(desk: Desk) -> None:
    url = desk.signed_off("2026-11-20")
    assert desk.editor.post(f"{url}/corrections", {"body": "x"}).status == 403
    draft = desk.draft("2026-11-25")
    assert desk.publisher.post(f"{draft}/corrections", {"body": "x"}).status == 409
    assert desk.publisher.post(f"{url}/corrections", {"body": "货架应为五十组。"}).status == 303
    page = desk.member.get("/briefings/1")
    assert "更正" in page
    assert "货架应为五十组。" in page
    assert "货架四十组" in page
    assert "【更正】货架应为五十组。" in desk.member.client.get("/briefings/1.txt").get_data(as_text=True)
    assert "第 1 期" in desk.member.get("/briefings?q=五十组")
    assert "发了更正" in desk.publisher.get(url)


def test_the_desk_is_warned_from_an_hour_before(desk: Desk) -> None:
    url = desk.submitted()
    clock.freeze(datetime(2026, 11, 21, 2, 17, 59, tzinfo=UTC))
    assert "不到一小时" not in desk.editor.get("/desk")
    clock.freeze(datetime(2026, 11, 21, 2, 18, tzinfo=UTC))
    assert "离 11:18 不到一小时" in desk.editor.get("/desk")
    assert "离 11:18 不到一小时" in desk.reviewer.get(url)
    clock.freeze(datetime(2026, 11, 21, 3, 18, tzinfo=UTC))
    assert "已经过了 11:18" in desk.editor.get("/desk")
    desk.reviewer.post(f"{url}/review", PASS)
    desk.publisher.post(f"{url}/sign-off", PASS)
    assert "11:18，今天" not in desk.editor.get("/desk")
    assert state(desk.member.get("/briefings/1"), url) == "published"


def test_a_member_tells_of_a_good_deed(people: People) -> None:
    phone = people.logged_in("崔广田")[1]
    key = str(uuid.uuid4())
    assert phone.post("/deeds", {"doer": "老宋", "body": "推车。", "id": key}).status == 303
    assert phone.post("/deeds", {"doer": "老宋", "body": "又推车。", "id": key}).status == 409
    assert "老宋" in phone.get("/deeds")
    assert phone.post("/deeds", {"doer": "老宋"}).status == 422


def test_the_feed_is_at_a_secret_address_and_holds_what_is_out(desk: Desk, client: Browser) -> None:
    desk.signed_off("2026-11-20")
    desk.signed_off()
    desk.member.post("/briefings/feed")
    html = desk.member.get("/briefings/feed").html
    address = (
        html.partition('id="feed-address" type="url" readonly value="')[2].partition('"')[0].partition("localhost")[2]
    )
    answer = client.client.get(address)
    assert answer.mimetype == "application/atom+xml"
    feed = Tree.fromstring(answer.data)
    names = {"a": "http://www.w3.org/2005/Atom"}
    assert [e.text for e in feed.findall("a:entry/a:title", names)] == [f"第 1 期 {TEXT['title']}"]
    desk.member.post("/briefings/feed")
    assert client.client.get(address).status_code == 404


NEWSLETTER = """海河商会通讯
第 12 期
2016年3月5日

目录
一、冷库的电费
二、路演的四家

冷库的电费

滨海几家冷库合起来跟供电所谈，把峰谷电价谈下来了，一年省下的钱够再添一台
制冷机组，办法是谁用电谁记账，月底一起交。

路演的四家

四家各讲十分钟，台下问得最多的是回款。

地址：河西区友谊路 11 号
电话：022-0000-1118
签发：周某
审核：吴某
编辑：郑某
"""


def upload(phone: Browser, name: str, data: bytes) -> str:
    answer = phone.client.post(
        "/desk/import/read",
        data={"files": (io.BytesIO(data), name)},
        headers={"Sec-Fetch-Site": "same-origin"},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 200, answer.status_code
    return answer.get_data(as_text=True)


def document(*paragraphs: tuple[str, str]) -> bytes:
    """A Word file of these paragraphs: style and text."""
    w = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    body = "".join(
        f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>'
        for style, text in paragraphs
    )
    styles = f'<w:styles {w}><w:style w:styleId="2"><w:name w:val="heading 2"/></w:style></w:styles>'
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("word/document.xml", f"<w:document {w}><w:body>{body}</w:body></w:document>")
        package.writestr("word/styles.xml", styles)
    return buffer.getvalue()


def test_a_newsletter_is_looked_through_and_taken_in_once(app: Flask, desk: Desk) -> None:
    html = upload(desk.editor, "第12期.txt", NEWSLETTER.encode("gb18030"))
    for words in ("海河商会通讯", "第12期", "2016-03-05", "周某", "吴某", "郑某", "河西区友谊路"):
        assert words in html, words
    form = {
        "title": "冷库的电费和路演的四家", "body": "## 冷库的电费\n\n峰谷电价。", "date": "2016-03-05",
        "number": "第12期",
        "editor": "郑某", "publisher": "周某", "digest": "a" * 64, "file": "第12期.txt",
    }  # fmt: skip
    assert desk.editor.post("/desk/import", form).location == "/briefings/12"
    assert "已经导入过" in desk.editor.post("/desk/import", form)
    page = desk.member.get("/briefings/12")
    assert "签发：周某" in page
    assert "审核：" not in page
    assert "第 12 期" in desk.member.get("/briefings?q=峰谷电价")
    assert "第 12 期" in desk.member.get("/briefings?month=2016-03")
    assert desk.reviewer.post("/desk/import", form).status == 403
    desk.signed_off("2026-11-20")
    assert desk.member.get("/briefings/13").status == 200, "numbers made here go on from those brought along"


def test_a_word_document_and_what_is_none(desk: Desk) -> None:
    html = upload(
        desk.editor,
        "a.docx",
        document(
            ("1", "商会简讯"),
            ("2", "一件小事"),
            ("1", "雨天有人推车送人到医院，没有留名字，门卫记得那辆车，后来找到了。"),
        ),
    )
    assert "## 一件小事" in html
    assert "损坏" in upload(desk.editor, "b.docx", b"PK nothing")
    assert "只收" in upload(desk.editor, "c.pdf", b"%PDF")
    assert desk.editor.post("/desk/import/read").status == 422


def test_the_command_says_what_it_found_and_takes_in(app: Flask, tmp_path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "old.txt"
    file.write_text(
        "旧事\n\n" + "从前的事说来话长，一句两句说不完，只好慢慢地说，说到哪里算哪里，听的人也不着急。\n", "utf-8"
    )
    runner = app.test_cli_runner()
    said = runner.invoke(args=["import-briefings", "--dry-run", str(file)])
    assert "标题：旧事" in said.output
    assert "签发：—" in said.output
    assert runner.invoke(args=["import-briefings", str(file)]).exit_code == 0
    assert "已经导入过" in runner.invoke(args=["import-briefings", str(file)]).output
    assert "1 issues" in runner.invoke(args=["index-briefings"]).output


WORDS = "货架冷库电费路演回款变压器防滑地面展馆推车签发会友的了在是一二三四五"


def test_search_finds_every_two_character_word_that_stands_in_a_text(app: Flask, people: People) -> None:
    """Recall 1.0 and nothing else, against looking through the texts; on whichever database this runs."""
    rng = random.Random(1118)
    bodies = [
        "".join(rng.choice(WORDS + "，。\n") for _ in range(rng.randint(5, 900))) + "的" * rng.choice((0, 600))
        for _ in range(120)
    ]
    three = [people.member(role) for role in ("编", "审", "签")]
    with app.app_context():
        for number, body in enumerate(bodies, 1):
            db.session.add(
                Briefing(
                    number=number, date=datetime(2026, 1, 1).date() + timedelta(days=number),   # noqa: DTZ001
                    title=f"第{number}期", body=body,
                    state="signed_off", signed_off_at=now(), publishes_at=now(),
                    editor_id=three[0], reviewer_id=three[1], publisher_id=three[2],
                )
            )  # fmt: skip
        db.session.flush()
        db.session.commit()
        in_transaction(search_index.rebuild)
        plain = ["".join(c for c in body if c not in "，。") for body in bodies]
        for _ in range(150):
            word = rng.choice(WORDS) + rng.choice(WORDS)
            wanted = {n for n, body in enumerate(plain, 1) if word in body}
            found: set[int | None] = set()
            rows, after = archive.search(word)
            while rows:
                found |= {row.number for row in rows}
                rows, after = archive.search(word, after) if after else ([], None)
            assert found == wanted, word
        assert archive.search("，。！") == ([], None)


texts = st.text(alphabet="货架冷库电费\n", min_size=1, max_size=30).filter(lambda text: text.strip() != "")
moves = st.lists(
    st.tuples(st.sampled_from(["one", "two"]), st.sampled_from(["open", "save", "ops", "submit", "return"]), texts),
    max_size=14,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves)
def test_no_text_that_was_called_saved_is_ever_lost(
    app: Flask, people: People, steps: list[tuple[str, str, str]]
) -> None:
    """Two editors, on the page and through the outbox; each edit was shown what it replaces."""
    if "crowd" not in people.__dict__:
        people.__dict__["crowd"] = (
            {name: people.logged_in(name, "editor") for name in ("one", "two")},
            people.logged_in("审者", "reviewer")[1],
        )
    editors, reviewer = people.__dict__["crowd"]
    with app.app_context():
        day = (clock.today() + timedelta(days=db.session.query(Briefing).count() + 1)).isoformat()
    url = editors["one"][1].post("/desk/briefings", {"date": day}).location
    key = uuid.UUID(url.rpartition("/")[2])
    versions: dict[str, str] = {"one": "1", "two": "1"}
    knows: dict[str, str] = {"one": "", "two": ""}
    called_saved: list[str] = []

    def present() -> str:
        with app.app_context():
            return db.session.get_one(Briefing, key).body

    for who, move, text in steps:
        member_id, phone = editors[who]
        if move == "open":
            versions[who] = phone.get(url).value("version") or versions[who]
            knows[who] = present()
        elif move in ("save", "ops"):
            before = present()
            op_id = str(uuid.uuid4())
            fields = {"title": "题", "body": text, "version": versions[who]}
            if move == "save":
                went_well = phone.post(url, {**fields, "op_id": op_id}).status == 303
            else:
                op = {
                    "op_id": op_id, "name": "briefing.edit", "target": str(key), "lane": f"briefing:{key}", "seq": 1,
                    "form_version": 1, "occurred_at": now().isoformat(), "fields": fields,
                }  # fmt: skip
                sent = {
                    "account": str(member_id),
                    "outbox": str(uuid.uuid4()),
                    "sent_at": now().isoformat(),
                    "ops": [op],
                }
                answer = phone.client.post("/ops", json=sent, headers={"Sec-Fetch-Site": "same-origin"}).get_json()
                went_well = answer["ops"][0]["outcome"] in ("accepted", "duplicate")
            if went_well:
                assert before in (knows[who], text.strip()), "overwrote what its author had not seen"
                called_saved.append(text.strip())
                knows[who], versions[who] = text.strip(), op_id
                assert present() == text.strip()
            else:
                assert present() == before
        elif move == "submit":
            phone.post(f"{url}/submit")
        else:
            reviewer.post(f"{url}/review", {"verdict": "return", "comment": "再改"})
    with app.app_context():
        kept = set(db.session.scalars(select(BriefingVersion.body).where(BriefingVersion.briefing_id == key)))
        assert set(called_saved) <= kept


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin", "Asia/Shanghai"])
@pytest.mark.parametrize("day", ["2026-03-08", "2026-03-29", "2026-10-25", "2026-11-01"])
def test_the_hour_is_the_walls_on_the_days_when_clocks_change(zone: str, day: str) -> None:
    from datetime import date, time
    from zoneinfo import ZoneInfo

    from core.clock import Clock

    wall = Clock(ZoneInfo(zone))
    out = wall.at(date.fromisoformat(day), time(11, 18))
    assert wall.local(out).strftime("%Y-%m-%d %H:%M") == f"{day} 11:18"
    assert wall.local(out - timedelta(seconds=1)).strftime("%H:%M:%S") == "11:17:59"
