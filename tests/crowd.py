"""A crowd at a door: people with names as common as names are, and the codes of their tickets as a film."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import segno
from flask import Flask
from sqlalchemy import insert

from blueprints.accounts.models import Company, Member
from blueprints.events.models import Event, Signup
from blueprints.events.service import ticket_signer
from core import text
from core.clock import now
from core.database import db, new_id
from core.pinyin_table import IN_NAMES
from tests.door import Door

# The commonest surnames, the common ones more than once (as in the census), and characters of given names.
RARE, ONE_CHARACTER = 0.15, 0.15
SURNAMES = (
    "王李张刘陈杨黄赵周吴徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金"
    "石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤单仇解查翟"
)
COMMON = "王李张刘陈杨" * 12
GIVEN = (
    "建国长河立新广田德顺正樑佩瑶东岩玉山实秋海棠敏靖春晓文博志强秀英桂兰丽娟伟芳娜静磊洋勇艳杰涛明超霞平刚桂玲辉鑫波斌浩然宇"
    "轩子涵梓萱思远雨桐嘉怡俊熙诗琪一鸣泽楷欣妍晨曦若溪承恩慕云清扬修远景行怀瑾知夏予安星河沐阳书瑶锦程"
)


def names(number: int, seed: int = 1118) -> list[str]:
    """So many names, some of them shared by several people."""
    dice = random.Random(seed)
    pool = SURNAMES + COMMON

    def character() -> str:
        return dice.choice(IN_NAMES if dice.random() < RARE else GIVEN)

    return [
        dice.choice(pool) + "".join(character() for _ in range(1 if dice.random() < ONE_CHARACTER else 2))
        for _ in range(number)
    ]


def fill(app: Flask, door: Door, number: int) -> list[dict[str, str]]:
    """Sign a crowd up; each with name, the last four digits of the phone, company, and the text of the ticket."""
    with app.app_context():
        event = db.session.get_one(Event, door.event_id)
        signer = ticket_signer(event)
        people, companies, signups, told = [], [], [], []
        for place, name in enumerate(names(number)):
            company = {"id": new_id(), "name": f"{name}{place}号贸易有限公司", "trade": "logistics"}
            phone = f"188{(place * 7919) % 10**8:08d}"
            values: dict[str, Any] = {
                "id": new_id(),
                "real_name": name,
                "sort_key": text.pinyin_key(name),
                "sounds_like": text.sounds_alike_key(name),
                "search_text": name,
                "password_hash": "",
                "phone": phone,
                "company_id": company["id"],
                "position": "经理",
                "trade": "logistics",
                "status": "member",
                "joined_at": now(),
            }
            signup = {
                "id": new_id(),
                "event_id": event.id,
                "member_id": values["id"],
                "state": "confirmed",
                "signed_up_at": now(),
            }
            companies.append(company)
            people.append(values)
            signups.append(signup)
            told.append(
                {
                    "name": name,
                    "last_four": phone[-4:],
                    "company": str(company["name"]),
                    "ticket": signer.sign(signup["id"], event.id),
                    "signup": str(signup["id"]),
                }
            )
        for table, rows in ((Company, companies), (Member, people), (Signup, signups)):
            db.session.execute(insert(table), rows)
        event.capacity, event.confirmed_count = max(event.capacity, number), number
        db.session.commit()
    return told


def film(path: Path, codes: list[str], *, frames_per_second: int = 4, frames_each: int = 1, side: int = 400) -> Path:
    """A film (YUV4MPEG2, 4:2:0) that shows these codes one after the other, for a browser's fake camera."""
    grey = bytes([128]) * (side // 2 * (side // 2) * 2)
    with path.open("wb") as out:
        out.write(f"YUV4MPEG2 W{side} H{side} F{frames_per_second}:1 Ip A1:1 C420jpeg\n".encode())
        for code in codes:
            rows = [list(row) for row in segno.make(code, error="m", micro=False).matrix_iter(border=4)]
            scale = side // len(rows)
            edge = (side - scale * len(rows)) // 2
            lines = []
            for row in rows:
                dots = b"".join((b"\x00" if dot else b"\xff") * scale for dot in row)
                line = b"\xff" * edge + dots
                lines.append((line + b"\xff" * (side - len(line))) * scale)
            blank = b"\xff" * side
            picture = blank * edge + b"".join(lines)
            picture += b"\xff" * (side * side - len(picture))
            for _ in range(frames_each):
                out.write(b"FRAME\n" + picture + grey)
    return path
