"""Everything that is held on a person, asked from every feature: one ZIP with a page to read and the same as JSON."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import render_template
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import String, and_, cast, or_, select

from blueprints.accounts.models import Registration
from core.access import Viewer
from core.audit import AuditEntry
from core.clock import now, today
from core.database import db
from core.errors import NotFound
from core.held import Row, held
from core.i18n import spoken, utc
from core.operations import LedgerRow
from core.registries import Held, exports, holdings
from core.values import masked_identity_number

ON_SCREEN = 100


def _acts(member_id: uuid.UUID) -> list[Row]:
    """What admins did to this person, and what this person did as one."""
    own = select(cast(Registration.id, String)).where(Registration.member_id == member_id)
    application = {str(uuid.UUID(key)) for key in db.session.scalars(own)}
    about = or_(
        AuditEntry.actor_id == member_id,
        and_(AuditEntry.subject_kind == "member", AuditEntry.subject_id == str(member_id)),
        and_(AuditEntry.subject_kind == "registration", AuditEntry.subject_id.in_(application)),
    )
    names = ("at", "act", "actor_name", "subject_kind", "subject_id", "before", "after", "reason")
    rows = db.session.scalars(select(AuditEntry).where(about).order_by(AuditEntry.at)).unique()
    return [{name: getattr(row, name) for name in names} for row in rows]


exports(
    held(
        LedgerRow,
        _l("我按下的每一件事"),
        {
            "name": _l("做了什么"),
            "target": _l("对什么"),
            "outcome": _l("结果"),
            "message": _l("回答"),
            "url": _l("网址"),
            "verdict": _l("结论"),
            "occurred_at": _l("时间"),
            "received_at": _l("收到于"),
        },
        where=lambda member_id: LedgerRow.owner == str(member_id),
        without=("owner", "op_id", "form_version", "digest", "made_version"),
        name="operations",
    ),
    Held(
        "acts",
        _l("管理员、组织者、编辑的操作记录：关于我的，和我做的"),
        {
            "at": _l("时间"),
            "act": _l("做了什么"),
            "actor_name": _l("谁"),
            "subject_kind": _l("对什么"),
            "subject_id": _l("编号"),
            "before": _l("之前"),
            "after": _l("之后"),
            "reason": _l("理由"),
        },
        _acts,
    ),
)


@dataclass(frozen=True)
class Section:
    """One kind of thing, ready to be read: its heading, and each row as pairs of name and words."""

    title: str
    rows: list[list[tuple[str, str]]]


def titles() -> dict[str, str]:
    """The kinds of things that are held on people here, by name."""
    return {name: str(each.title) for name, each in holdings.items()}


def on_screen(name: str, member_id: uuid.UUID) -> tuple[Section, int]:
    """One kind of what is held on a person, newest first, and how many rows the page leaves to the export.

    No page shows an identity number whole. Raises `NotFound`.
    """
    each = holdings.get(name)
    if each is None:
        raise NotFound
    rows = [dict(row) for row in each.rows(member_id)][::-1]
    for row in rows:
        if row.get("identity_number"):
            row["identity_number"] = masked_identity_number(row["identity_number"])
    (section,) = _sections({name: rows[:ON_SCREEN]})
    return section, max(0, len(rows) - ON_SCREEN)


def everything(member_id: uuid.UUID) -> dict[str, list[Row]]:
    """All rows by kind, with Python's values."""
    return {name: list(each.rows(member_id)) for name, each in holdings.items()}


def as_zip(person: Viewer) -> bytes:
    """The ZIP that a person takes away."""
    found = everything(person.id)
    made_at = now()
    data = {
        "made_at": utc(made_at),
        "person": str(person.id),
        **{name: [_plain(row) for row in rows] for name, rows in found.items()},
    }
    read = render_template("me/export.html", sections=list(_sections(found)), person=person, made_at=spoken(made_at))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(gettext("我的资料") + ".html", read)
        archive.writestr("data.json", json.dumps(data, ensure_ascii=False, indent=1))
    return file.getvalue()


def file_name() -> str:
    """What the ZIP is called."""
    return f"huiyou-{today().isoformat()}.zip"


def _sections(found: dict[str, list[Row]]) -> Iterator[Section]:
    for name, rows in found.items():
        each = holdings[name]
        yield Section(
            str(each.title),
            [
                [
                    (_name(each.columns[column]), words)
                    for column, value in row.items()
                    if (words := _said(each, column, value))
                ]
                for row in rows
            ],
        )


def _name(column: Any) -> str:
    return str(column[0] if isinstance(column, tuple) else column)


def _said(each: Held, column: str, value: Any) -> str:
    """A value in words; empty where there is nothing to say."""
    words = each.columns[column]
    if isinstance(words, tuple) and value in words[1]:
        return str(words[1][value])
    if isinstance(value, bool):
        return gettext("是") if value else gettext("否")
    if isinstance(value, date):
        return spoken(value)
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False) if value else ""
    return "" if value is None else str(value)


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    match value:
        case dict():
            return {str(key): _plain(each) for key, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case datetime():
            return utc(value)
        case bytes():
            return b64encode(value).decode()
        case str() | int() | float() | bool() | None:
            return value
    return str(value)
