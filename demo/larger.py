"""The community grown to any size: more companies, members, posts, events and sign-ups of the same kinds."""

from __future__ import annotations

import random
from collections.abc import Sequence

from demo.community import Community, Record
from demo.invented import company_name, credit_code, person_name, phones

MEMBERS_A_COMPANY = 2.2
POSITIONS = ("总经理", "董事长", "销售经理", "项目经理", "技术总监", "采购经理", "厂长", "财务经理", "合伙人")
HAN_NUMBERS = ("二", "三", "四", "五", "六", "七", "八", "九", "十")


def enlarged(community: Community, members: int, rng: random.Random) -> Community:
    """`community` with so many members; posts, events and sign-ups grow in proportion."""
    more = members - len(community.members)
    companies = _companies(community, int(more / MEMBERS_A_COMPANY) + 1, rng)
    people = _members(community, companies, more, rng)
    times = more / len(community.members)
    return community.with_more(
        companies=companies,
        members=people,
        posts=_posts(community, companies, people, round(len(community.posts) * times), rng),
        events=_events(community, people, times, rng),
    )


def _companies(community: Community, count: int, rng: random.Random) -> list[Record]:
    codes = {company["uscc"] for company in community.companies}
    companies = []
    for number in range(count):
        like = rng.choice(community.companies)
        while (code := credit_code(rng)) in codes:
            pass
        codes.add(code)
        name = company_name(like["trade"], number)
        companies.append({**like, "id": f"cx{number}", "name": name, "uscc": code, "size": f"{rng.randint(5, 240)}人"})
    return companies


def _members(community: Community, companies: Sequence[Record], count: int, rng: random.Random) -> list[Record]:
    taken = {person["phone"] for person in (*community.members, *community.applicants)}
    free, referrers = phones(taken), [member["id"] for member in community.members]
    return [
        {
            "id": f"mx{number}",
            "real_name": person_name(rng),
            "phone": next(free),
            "company": companies[number % len(companies)]["id"],
            "position": rng.choice(POSITIONS),
            "introduction": "",
            "strengths": "",
            "shortfalls": "",
            "referrer": rng.choice(referrers),
            "expert_groups": [],
            "expertise": "",
        }
        for number in range(count)
    ]


def _posts(
    community: Community, companies: Sequence[Record], people: Sequence[Record], count: int, rng: random.Random
) -> list[Record]:
    trades = {company["id"]: (company["trade"], company["district"]) for company in companies}
    posts = []
    for number in range(count):
        like, author = community.posts[number % len(community.posts)], rng.choice(people)
        trade, district = trades[author["company"]]
        outcome = like["outcome"] and {**like["outcome"], "partner": rng.choice(people)["id"]}
        posts.append(
            {
                **like,
                "id": f"px{number}",
                "author": author["id"],
                "title": f"{district}：{like['title']}",
                "trade": trade,
                "outcome": outcome if not outcome or outcome["partner"] != author["id"] else like["outcome"],
            }
        )
    return posts


def _events(community: Community, people: Sequence[Record], times: float, rng: random.Random) -> list[Record]:
    """Each event again and again on other days, until the new members sign up as much as the others."""
    ids = [person["id"] for person in people]
    events = []
    for number in range(round(len(community.events) * times)):
        like, turn = community.events[number % len(community.events)], number // len(community.events)
        days = like["days_from_now"] + rng.randint(-9, 9)
        crowd = rng.sample(ids, min(len(ids), len(like["signups"])))
        signups = [{**signup, "member": who} for signup, who in zip(like["signups"], crowd, strict=False)]
        session = f"（第{HAN_NUMBERS[turn]}场）" if turn < len(HAN_NUMBERS) else f"（第{turn + 2}场）"
        events.append(
            {
                **like,
                "id": f"ex{number}",
                "title": like["title"] + session,
                "days_from_now": max(1, days) if like["days_from_now"] > 0 else min(-1, days),
                "signups": signups,
            }
        )
    return events
