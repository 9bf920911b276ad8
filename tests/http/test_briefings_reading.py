"""Reading: the list, an issue, its plain text, and what phones keep."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from blueprints.briefings import archive, search_index, service
from blueprints.briefings.models import Briefing
from blueprints.briefings.offline import pages
from core.access import Viewer
from core.clock import clock, now
from core.database import db
from tests.client import Browser
from tests.people import People

BODY = "各位同仁。\n\n## 要的\n- **货架**四十组\n- 冷库六十托"


@pytest.fixture
def three(people: People) -> tuple[uuid.UUID, ...]:
    return (people.member("编者", "editor"), people.member("审者", "reviewer"), people.member("签者", "publisher"))


@pytest.fixture
def phone(people: People) -> Browser:
    return people.logged_in("读者")[1]


def publish(app: Flask, three: tuple[uuid.UUID, ...], first: int, last: int, **values: object) -> None:
    """Issues `first` to `last`, one a day, the last of them today; all are out unless told otherwise."""
    with app.app_context():
        for number in range(first, last + 1):
            day = date(2026, 11, 21) - timedelta(days=last - number)
            given = {
                "title": f"第{number}期的标题",
                "body": BODY,
                "publishes_at": now() - timedelta(days=last - number),
                **values,
            }
            db.session.add(
                Briefing(
                    number=number, date=day, state="signed_off", signed_off_at=now(),
                    editor_id=three[0], reviewer_id=three[1], publisher_id=three[2], **given,
                )
            )  # fmt: skip
        db.session.flush()
        search_index.rebuild()
        db.session.commit()


def test_the_list_is_newest_first_and_goes_on_by_number(
    app: Flask, three: tuple[uuid.UUID, ...], phone: Browser
) -> None:
    assert "还没有简报" in phone.get("/briefings")
    publish(app, three, 1, 70)
    page = phone.get("/briefings")
    assert page.html.count('<a class="row"') == 30
    assert page.text.index("第70期的标题") < page.text.index("第41期的标题")
    assert 'href="/briefings?after=41"' in page.html
    assert "第40期的标题" in phone.get("/briefings?after=41")
    last = phone.get("/briefings?after=11")
    assert last.html.count('<a class="row"') == 10
    assert 'rel="next"' not in last.html
    assert phone.get("/briefings?after=never").html.count('<a class="row"') == 30


def test_a_word_is_found_in_title_and_text(app: Flask, three: tuple[uuid.UUID, ...], phone: Browser) -> None:
    publish(app, three, 1, 35, body="帘子和展馆")
    page = phone.get("/briefings?q=展馆")
    assert page.html.count('<a class="row"') == 30
    assert page.html.count("<mark>展馆</mark>") == 30
    following = page.html.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert phone.get(following).html.count('<a class="row"') == 5
    assert "<mark>第7期</mark>的标题" in phone.get("/briefings?q=第7期").html
    assert "没有找到" in phone.get("/briefings?q=100%25")
    assert "没有找到" in phone.get("/briefings?q=_")


def test_an_issue_reads_as_it_was_written_with_its_neighbours(
    app: Flask, three: tuple[uuid.UUID, ...], phone: Browser
) -> None:
    publish(app, three, 1, 3)
    page = phone.get("/briefings/2")
    assert "<strong>货架</strong>四十组" in page.html
    assert 'href="/briefings/1"' in page.html
    assert 'href="/briefings/3"' in page.html
    assert "约 1 分钟读完" in page
    assert 'data-copy="#text-1"' in page.html
    assert "１．货架四十组" in page.html
    assert 'rel="next"' not in phone.get("/briefings/3").html
    assert 'rel="prev"' not in phone.get("/briefings/1").html
    for nowhere in ("0", "4", "99999999999999999999999", "-1", "x"):
        assert phone.get(f"/briefings/{nowhere}").status == 404


def test_the_page_of_the_last_issue_changes_when_the_next_one_is_out(
    app: Flask, three: tuple[uuid.UUID, ...], phone: Browser
) -> None:
    publish(app, three, 1, 2)
    with app.app_context():
        db.session.query(Briefing).filter_by(number=2).one().publishes_at = datetime(2026, 11, 21, 3, 18, tzinfo=UTC)
        db.session.commit()
    etag = {"If-None-Match": phone.get("/briefings/1").headers["ETag"]}
    assert phone.client.get("/briefings/1", headers=etag).status_code == 304
    clock.freeze(datetime(2026, 11, 21, 3, 18, tzinfo=UTC))
    assert 'href="/briefings/2"' in phone.get("/briefings/1").html
    assert phone.client.get("/briefings/1", headers=etag).status_code == 200


def test_plain_text_is_numbered_full_width_and_kept_by_its_etag(
    app: Flask, three: tuple[uuid.UUID, ...], phone: Browser
) -> None:
    publish(app, three, 308, 308)
    response = phone.client.get("/briefings/308.txt")
    text = response.get_data(as_text=True)
    assert response.mimetype == "text/plain"
    assert text.startswith("会友简报　第３０８期\n２０２６年１１月２１日　星期六\n")
    assert "【要的】\n１．货架四十组\n２．冷库六十托\n" in text
    assert text.endswith("编辑：编者　审核：审者　签发：签者\n")
    again = phone.client.get("/briefings/308.txt", headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304


def test_a_long_issue_is_copied_in_parts(app: Flask, three: tuple[uuid.UUID, ...], phone: Browser) -> None:
    publish(app, three, 1, 1, body="\n\n".join("一段话。" * 100 for _ in range(12)))
    page = phone.get("/briefings/1")
    assert "复制成文字（3/3）" in page
    assert "（第３部分，共３部分）" in page
    assert all(len(part) < 2000 for part in phone.client.get("/briefings/1.txt").get_data(as_text=True).split("\n\n\n"))


def test_pages_ask_no_more_of_the_database_for_many_issues(
    app: Flask, three: tuple[uuid.UUID, ...], phone: Browser
) -> None:
    publish(app, three, 1, 2)
    urls = ("/briefings", "/briefings?q=货架", "/briefings/2")
    phone.get("/briefings")
    app.extensions["pages"].clear()
    few = [len(phone.get(url).queries) for url in urls]
    with app.app_context():
        db.session.query(Briefing).delete()
        db.session.commit()
    publish(app, three, 1, 300)
    app.extensions["pages"].clear()
    assert [len(phone.get(url).queries) for url in urls] == few
    assert max(few) <= 8


def test_a_phone_keeps_the_list_and_the_last_thirty_with_the_etags_of_their_pages(
    app: Flask, people: People, three: tuple[uuid.UUID, ...]
) -> None:
    publish(app, three, 1, 40)
    with app.app_context():
        reader = Viewer(people.member("读者"), uuid.uuid4(), "", "member")
        kept = list(pages(reader))
        assert [page.url for page in kept] == ["/briefings", *(f"/briefings/{n}" for n in range(40, 10, -1))]
        assert [page.states for page in kept[:3]] == [("40",), ("39", "None"), ("38", "40")]
        assert kept[-1].states == ("10", "12")
        assert kept[1].topics == ("briefing:40", *(f"member:{person}" for person in three))
        for page in kept[1:]:
            assert archive.issue(int(page.url.rpartition("/")[2]))[1].states == page.states
        assert not list(pages(Viewer(reader.id, reader.id, "", "applicant")))


def test_the_newest_published_issue_is_known_to_other_pages(app: Flask, three: tuple[uuid.UUID, ...]) -> None:
    with app.app_context():
        assert service.latest_published() is None
        assert service.published_number() == 0
    publish(app, three, 1, 3)
    with app.app_context():
        latest = service.latest_published()
        assert latest is not None
        assert (latest.number, service.published_number()) == (3, 3)
        earlier = now() - timedelta(hours=1)
        assert service.published_number(earlier) == 2


def test_english_has_a_word_for_everything(app: Flask, people: People, three: tuple[uuid.UUID, ...]) -> None:
    editor = people.logged_in("Lee", "editor")[1]
    url = editor.post("/desk/briefings", {"date": "2026-11-22"}).location
    for place in ("/briefings", "/desk", url):
        main = editor.get(place, Accept_Language="en").html.split("<main")[1].split("</main>")[0]
        assert not [char for char in main if "一" <= char <= "鿿"], main
