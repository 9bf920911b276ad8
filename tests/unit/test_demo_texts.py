"""The words of the demo: names in texts, invented people, issues put together."""

import random
import re
from datetime import date

import pytest

from core.values import normal_identity_number, normal_phone, normal_uscc
from demo.community import filled, names_of, read, read_community
from demo.invented import company_name, credit_code, identity_number, person_name, phones
from demo.issues import Composer, Day, Items, clause, fitting, short_name, spoken_amount
from demo.larger import enlarged


def test_a_word_in_braces_becomes_what_it_stands_for() -> None:
    assert filled("今晚{m041}主持，{e67}", {"m041": "苗德顺", "e67": "11月17日"}) == "今晚苗德顺主持，11月17日"


def test_a_word_that_stands_for_nothing_is_an_error() -> None:
    with pytest.raises(KeyError):
        filled("{m999}", {"m001": "谷长河"})


def test_the_nine_log_ins_have_the_phones_of_the_contract() -> None:
    phones_of = {member["id"]: member["phone"] for member in read_community().members}
    nine = ["m043", "m187", "m328", "m050", "m048", "m001", "m009", "m051", "m052"]
    assert [phones_of[member] for member in nine] == [f"1380000000{number}" for number in range(1, 10)]


def test_invented_numbers_are_valid_and_belong_to_nobody() -> None:
    rng, today = random.Random(5), date(2026, 11, 21)
    for _ in range(200):
        code, number = credit_code(rng), identity_number(rng, today)
        assert normal_uscc(code) == code
        assert code[8:11] == "MAY"
        assert normal_identity_number(number, today) == number
        assert number.startswith("120199")
        assert 2 <= len(person_name(rng)) <= 3


def test_invented_phones_are_of_the_demo_and_skip_the_taken_ones() -> None:
    free = phones({"19900010000"})
    phone = next(free)
    assert phone == "19900010001"
    assert normal_phone(phone) == phone


def test_ten_thousand_invented_companies_have_names_of_their_own() -> None:
    assert len({company_name("trading", number) for number in range(10000)}) == 10000


def test_every_phone_and_code_of_the_data_is_of_the_demo() -> None:
    people = [*read("members"), *read("applicants")]
    assert all(re.fullmatch(r"1990\d{7}|13800000010", person["phone"]) for person in people)
    assert len({person["phone"] for person in people}) == len(people)
    assert all(normal_uscc(company["uscc"])[8:11] == "MAY" for company in read("companies"))


def test_no_text_of_the_data_holds_a_number_that_could_be_somebodys() -> None:
    for name in ("posts", "events", "consultations", "briefings", "briefing_items", "responses", "applicants"):
        for record in read(name):
            texts = " ".join(str(value) for key, value in record.items() if key != "phone")
            assert not re.search(r"(?<!\d)1[3-9]\d{9}(?!\d)|(?<!\d)\d{17}[\dX](?!\d)", texts), (name, record.get("id"))


def test_an_enlarged_community_grows_in_proportion_and_repeats_no_number() -> None:
    community = enlarged(read_community(), 993, random.Random(1))
    assert len(community.members) == 993
    assert len(community.posts) == 1800
    assert len(community.events) == 237
    for key, people in (("phone", community.members), ("uscc", community.companies)):
        assert len({record[key] for record in people}) == len(people)
    assert all(
        len({signup["member"] for signup in event["signups"]}) == len(event["signups"]) for event in community.events
    )
    assert not any(post["outcome"] and post["outcome"]["partner"] == post["author"] for post in community.posts)
    assert community.names == names_of(community.members)


def test_an_item_comes_again_only_after_all_others() -> None:
    items = Items(["{m001}一", "{m002}二", "三"], random.Random(1))
    assert {items.next({"m001", "m002"}) for _ in range(3)} == {"{m001}一", "{m002}二", "三"}


def test_an_item_about_somebody_who_had_not_joined_waits() -> None:
    items = Items(["{m001}一", "{m002}二"], random.Random(1))
    assert [items.next({"m002"}) for _ in range(3)] == ["{m002}二"] * 3
    assert items.next(set()) is None


def test_an_issue_tells_what_happened_with_numbers_dates_and_names() -> None:
    names = {"m001": "谷长河", "m002": "尚佩瑶"}
    items = [
        {"kind": "deed", "text": "{m001}修好了灯。"},
        {"kind": "tip", "text": "先看三处。"},
        {"kind": "thanks", "text": "谢谢{m002}。"},
    ]
    post = {"author": "m001", "title": "缺三台泵", "body": "月底前要。别的再说。", "amount_cny": 120000}
    event = {
        "title": "看懂三张表：写给老板",
        "venue": "知行书屋",
        "weekday": None,
        "walk_ins": ["甲"],
        "start": "18:45",
    }
    day = Day(
        on=date(2026, 11, 20),
        number=7,
        needs=[post],
        outcomes=[(post, {"partner": "m002", "amount": 98000, "summary": "送到了"})],
        held=[(event, 37)],
        tonight=[(event, "19:00")],
        coming=[(event, date(2026, 11, 26))],
    )
    title, body = Composer.of(items, names, random.Random(1)).write(day, {"m001", "m002"})
    assert title == "看懂三张表：到场37人；缺三台泵"
    for said in (
        "11月20日",
        "第 7 期",
        "昨天收到需求1条。",
        "**缺三台泵。** 谷长河（12万元）：月底前要。",
        "谷长河的“缺三台泵”由尚佩瑶接住，9.8万元：送到了。",
        "到场37人，其中1位没报名也来了",
        "今晚 19:00，看懂三张表",
        "11月26日 18:45，看懂三张表",
        "谷长河修好了灯",
        "先看三处",
        "谢谢尚佩瑶",
    ):
        assert said in body
    assert "{" not in body


FIRM = {"name": "天津市艾歌精密五金厂", "products": "甲", "buys": "乙"}


@pytest.mark.parametrize(
    ("day", "title"),
    [
        (Day(date(2026, 1, 1), 1), "谷长河修好了灯"),
        (Day(date(2026, 1, 1), 3, companies=[("m001", FIRM)]), "认识艾歌精密五金厂；先看三处，再看名称和税号"),
        (Day(date(2026, 1, 1), 6), "先看三处，再看名称和税号"),
    ],
)
def test_an_issue_of_a_quiet_day_is_named_after_an_item_or_a_company(day: Day, title: str) -> None:
    items = [
        {"kind": "deed", "text": "{m001}修好了灯，还没收钱。"},
        {"kind": "tip", "text": "先看三处，再看名称和税号。"},
        {"kind": "thanks", "text": "谢谢。"},
    ]
    assert Composer.of(items, {"m001": "谷长河"}, random.Random(1)).write(day, {"m001"})[0] == title


def test_words_of_issues_are_cut_at_their_pauses() -> None:
    assert clause("甲乙丙，丁戊己，庚辛", 5) == "甲乙丙"
    assert clause("甲乙丙。丁", 9) == "甲乙丙"
    assert clause("甲乙丙丁戊己", 3) == "甲乙丙"
    assert short_name({"name": "天津津禾泰融资担保有限公司"}) == "津禾泰融资担保"
    assert spoken_amount(2_600_000) == "260万元"
    assert spoken_amount(36_500) == "3.65万元"
    assert spoken_amount(980) == "980元"
    assert fitting("一", "二", "三") == "一；二"
    assert len(fitting("长" * 50, "二")) == 40
