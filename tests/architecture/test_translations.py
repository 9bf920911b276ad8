"""Every sentence on the screen has its English."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
KEYWORDS = {
    **dict.fromkeys(("_", "_l", "gettext", "lazy_gettext")),
    **dict.fromkeys(("ngettext", "lazy_ngettext"), (1, 2)),
    **dict.fromkeys(("_lp", "pgettext", "lazy_pgettext"), ((1, "c"), 2)),
}
Sense = tuple[str | None, str]
"""A sentence, and the context that tells in which of its senses it is said."""
CHINESE = re.compile(r"[\u3400-\u9fff]")


def _sentences() -> dict[Sense, str]:
    methods = {"python": [("**.py", "python")], "jinja": [("**.html", "jinja2.ext:babel_extract")]}
    found: dict[Sense, str] = {}
    for folder, kind in (("core", "python"), ("blueprints", "python"), ("templates", "jinja")):
        options = {"**.html": {"trimmed": "false", "silent": "false"}}
        for file, line, message, _, context in extract_from_dir(
            ROOT / folder, methods[kind], options_map=options, keywords=KEYWORDS
        ):
            key = message[0] if isinstance(message, tuple) else message
            found.setdefault((context, key), f"{folder}/{file}:{line}")
    return found


def _entries() -> Iterator[tuple[Sense, str]]:
    for path in sorted((ROOT / "translations" / "en").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale="en"):
                if message.id and message.string and not message.fuzzy:
                    key = message.id[0] if isinstance(message.id, tuple) else message.id
                    text = message.string[0] if isinstance(message.string, tuple) else message.string
                    yield (message.context, key), text


def _english() -> dict[Sense, str]:
    return dict(_entries())


def test_every_sentence_has_its_english() -> None:
    english = _english()
    missing = [f"{place}: {sense}" for sense, place in _sentences().items() if not english.get(sense)]
    assert not missing, "\n".join(missing)


def test_the_english_of_a_sentence_names_what_the_chinese_names() -> None:
    names = re.compile(r"%\((\w+)\)")
    english = _english().items()
    wrong = [key for (_, key), text in english if not set(names.findall(text)) <= set(names.findall(key)) | {"full"}]
    assert not wrong


def test_a_sentence_has_one_english_in_each_sense() -> None:
    texts: dict[Sense, set[str]] = defaultdict(set)
    for sense, text in _entries():
        texts[sense].add(text)
    assert not {sense: said for sense, said in texts.items() if len(said) > 1}


def test_no_english_sentence_is_left_in_chinese() -> None:
    allowed = {"中文", "会友"}
    left = [sense for sense, text in _english().items() if CHINESE.search(text) and not any(a in text for a in allowed)]
    assert not left


TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_a_template_says_nothing_in_chinese_outside_the_catalogue(path: Path) -> None:
    source = path.read_text("utf-8")
    source = re.sub(r"\{#.*?#\}", "", source, flags=re.DOTALL)
    source = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", source, flags=re.DOTALL)
    source = re.sub(r'aria-label="中文"|lang="zh-CN"[^>]*>中', "", source)
    assert not CHINESE.search(source), CHINESE.findall(source)[:20]
