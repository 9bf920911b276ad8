"""Languages: Chinese is the source of every sentence, English its catalogue."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.support import NullTranslations
from flask import Flask, current_app, g, has_request_context, request
from flask_babel import Babel, Domain, get_locale, get_translations, gettext
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from core.access import viewer
from core.clock import clock

LANGUAGES = ("zh", "en")
CATALOGUES = Path(__file__).resolve().parent.parent / "translations"


def chosen_language() -> str:
    """The person's choice, then the phone's cookie, what the browser asks for, and the installation's own."""
    installed: str = current_app.extensions["settings"].locale
    if not has_request_context():
        return installed
    person = viewer()
    if person and person.language in LANGUAGES:
        return str(person.language)
    if (cookie := request.cookies.get("language")) in LANGUAGES:
        return str(cookie)
    from_browser = request.accept_languages.best_match(["zh-CN", "zh", "en"])
    return from_browser[:2] if from_browser else installed


def language() -> str:
    """`zh` or `en`, as this request is answered."""
    known = getattr(g, "_flask_babel", None) if g else None
    locale = getattr(known, "babel_locale", None) or get_locale()
    return locale.language if locale else "zh"


def compile_catalogues(instance: Path) -> Path:
    """Join each language's `translations/<language>/*.po` into the one `messages.mo` that is read; returns its folder.

    The folder is named after what it was made from, and made once.
    """
    parts = sorted(CATALOGUES.glob("*/*.po"))
    digest = hashlib.sha256(b"".join(part.read_bytes() for part in parts)).hexdigest()[:12]
    folder = instance / "translations" / digest
    for language_folder in sorted({part.parent for part in parts}):
        target = folder / language_folder.name / "LC_MESSAGES" / "messages.mo"
        if target.exists():
            continue
        from babel.messages.catalog import Catalog
        from babel.messages.mofile import write_mo
        from babel.messages.pofile import read_po

        whole = Catalog(locale=language_folder.name)
        for part in parts:
            if part.parent == language_folder:
                for message in read_po(BytesIO(part.read_bytes()), locale=language_folder.name):
                    if message.id and message.string:
                        whole.add(message.id, message.string, context=message.context)
        target.parent.mkdir(parents=True, exist_ok=True)
        buffer = BytesIO()
        write_mo(buffer, whole)
        unfinished = target.with_suffix(f".{os.getpid()}")
        unfinished.write_bytes(buffer.getvalue())
        unfinished.replace(target)
    return folder


class Sentences(Domain):
    """The catalogues; what is said in the source language is looked up in none."""

    def get_translations(self) -> NullTranslations:
        """The sentences of this request's language."""
        return _AS_WRITTEN if language() == "zh" else super().get_translations()


_AS_WRITTEN = NullTranslations()


def init_app(app: Flask) -> None:
    """Bind Flask-Babel, with times told by the application's clock."""
    folder = compile_catalogues(app.extensions["settings"].instance)
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(folder.resolve())
    app.config["BABEL_DEFAULT_LOCALE"] = "zh"
    babel = Babel(app, locale_selector=chosen_language, timezone_selector=lambda: str(clock.zone))
    babel.domain_instance = Sentences()
    app.jinja_env.globals.update(_=_said, gettext=_said, ngettext=_said_of_number)


# Flask-Babel looks for the request's language anew at each sentence, which was most of the time that a long
# list took. These do for templates what its own do (Jinja's "newstyle").
@pass_eval_context
def _said(context: EvalContext, sentence: str, /, **values: Any) -> str:
    text = sentence if language() == "zh" else get_translations().ugettext(sentence)
    return _filled(context, text, values)


@pass_eval_context
def _said_of_number(context: EvalContext, singular: str, plural: str, num: int, /, **values: Any) -> str:
    source = language() == "zh"
    text = (singular if num == 1 else plural) if source else get_translations().ungettext(singular, plural, num)
    return _filled(context, text, {"num": num, **values})


def _filled(context: EvalContext, text: str, values: dict[str, Any]) -> str:
    if context.autoescape:
        text = Markup(text)  # noqa: S704 - the catalogue's sentences are our own
    return text % values if values or "%" in text else text


def spoken(moment: date, style: str = "full") -> str:
    """An instant, or a day, as people say it: `11月21日 周六 19:00`, `Sat 21 Nov 19:00`."""
    return _spoken(clock.local(moment) if isinstance(moment, datetime) else moment, style, language())


def utc(instant: datetime) -> str:
    """An instant as `<time datetime>` has it: `2026-11-21T11:00:00Z`."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def amount_said(amount_cny: int) -> str:
    """An amount as people say it in a sentence: `1.5 亿元`, `80 万元`, `6500 元`."""
    for unit, sentence in ((100_000_000, gettext("%(number)s 亿元")), (10_000, gettext("%(number)s 万元"))):
        if amount_cny >= unit:
            return sentence % {"number": f"{amount_cny / unit:.2f}".rstrip("0").rstrip(".")}
    return gettext("%(number)s 元", number=amount_cny)


_DAYS: dict[str, tuple[str, ...]] = {
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _spoken(moment: Any, style: str, tongue: str) -> str:
    weekday = _DAYS[tongue][moment.weekday()]
    day = f"{moment.month}月{moment.day}日" if tongue == "zh" else f"{moment.day} {_MONTHS[moment.month - 1]}"
    year = (f"{moment.year}年" if tongue == "zh" else f" {moment.year}") if moment.year != clock.today().year else ""
    dated = f"{year}{day}" if tongue == "zh" else f"{day}{year}"
    whole = f"{dated} {weekday}" if tongue == "zh" else f"{weekday} {dated}"
    if style == "day":
        return whole
    hour = f"{moment:%H:%M}"
    return hour if style == "time" else f"{whole} {hour}"
