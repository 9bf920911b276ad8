"""What the README and the guides name exists: targets, commands, settings, addresses, files, words on the screen."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from babel.messages.pofile import read_po
from flask import Flask
from flask.cli import routes_command

ROOT = Path(__file__).resolve().parents[2]
DOCS = {path.relative_to(ROOT).as_posix(): path for path in sorted([*ROOT.glob("README*.md"), *ROOT.glob("docs/*.md")])}
PAIRS = [("README.md", "README.zh.md")] + [(name, name.replace(".en.", ".zh.")) for name in DOCS if ".en." in name]
GUIDES = [name for name in DOCS if "organizer" in name or "admin" in name]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
SETTING = re.compile(r"\b(?:HUIYOU_[A-Z_]+|DATABASE_URL|REDIS_URL|SECRET_KEY)\b")


def text_of(name: str) -> str:
    return DOCS[name].read_text("utf-8")


def prose_of(name: str) -> str:
    """The text without its blocks of code."""
    return BLOCK.sub("", text_of(name))


def code_of(name: str) -> list[str]:
    """Every line in a block of code, and every piece of code in a sentence."""
    lines = [line for _, block in BLOCK.findall(text_of(name)) for line in block.splitlines()]
    return lines + CODE.findall(prose_of(name))


def settings_read() -> set[str]:
    """The names that `core/settings.py` reads from the environment."""
    return set(re.findall(r'env\.get\("([A-Z_]+)"\)', (ROOT / "core" / "settings.py").read_text("utf-8")))


def headings(name: str) -> list[tuple[int, str]]:
    """Level and words of each heading."""
    return [(len(marks), words) for marks, words in re.findall(r"^(#+) (.+)$", prose_of(name), re.MULTILINE)]


def commands(name: str) -> list[list[str]]:
    """The first word of each line of each block of commands, comments and values left out."""
    blocks = [block for language, block in BLOCK.findall(text_of(name)) if language in ("", "sh")]
    lines = [[line.partition("=")[0].split()[0] for line in block.splitlines() if line.strip()] for block in blocks]
    return [[word for word in words if not word.startswith("#")] for words in lines]


def anchor(heading: str) -> str:
    """A heading's anchor, as forges make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def words_on_screen(language: str) -> set[str]:
    """The sentences of the screen, in Chinese or in English."""
    found: set[str] = set()
    for path in (ROOT / "translations" / "en").glob("*.po"):
        with path.open("rb") as file:
            for message in read_po(file, locale="en"):
                text = message.id if language == "zh" else message.string
                found.add(text[0] if isinstance(text, tuple) else text)
    return found


@pytest.mark.parametrize("name", DOCS)
def test_every_make_target_named_exists(name: str) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([\w./-]+):", makefile, re.MULTILINE))
    said = re.compile(r"^(?:[A-Z_]+=\S+ )*make (?:[A-Z]+=\S+ )*([\w./-]+)")
    named = {found[1] for code in code_of(name) if (found := said.search(code))}
    assert named <= targets


@pytest.mark.parametrize("name", DOCS)
def test_every_command_named_exists_with_its_options(app: Flask, name: str) -> None:
    said = re.compile(r"(?:flask --app app|deploy/command) ([a-z][\w-]*)(.*)")
    for code in code_of(name):
        if found := said.search(code):
            _check_command(app, found[1], found[2])


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_the_readme_lists_every_command_of_ours(app: Flask, name: str) -> None:
    paragraph = next(p for p in text_of(name).split("\n\n") if p.startswith("`.venv/bin/flask --app app`"))
    listed = CODE.findall(paragraph)[1:]
    for command in listed:
        first, _, rest = command.partition(" ")
        _check_command(app, first, rest)
    assert {command.partition(" ")[0] for command in listed} == set(app.cli.commands) - {"limiter"} | {"routes"}


def _check_command(app: Flask, command: str, rest: str) -> None:
    found = {**app.cli.commands, "routes": routes_command}.get(command)
    assert found, f"flask {command}"
    if isinstance(found, click.Group):
        first = rest.split(maxsplit=1)[0]
        assert first in found.commands, f"flask {command} {first}"
        found = found.commands[first]
    known = {option for parameter in found.params for option in parameter.opts}
    assert set(re.findall(r"--[a-z-]+", rest)) <= known, f"flask {command} {rest}"


@pytest.mark.parametrize("name", [*DOCS, *(f"deploy/{path.name}" for path in (ROOT / "deploy").glob("*[!y]"))])
def test_every_setting_named_is_read(name: str) -> None:
    path = ROOT / name
    if path.is_file():
        assert set(SETTING.findall(path.read_text("utf-8"))) <= settings_read()


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_the_table_of_settings_names_exactly_what_is_read(name: str) -> None:
    rows = [row.split("|")[1] for row in text_of(name).splitlines() if row.startswith("| `") and SETTING.search(row)]
    named = [setting for cell in rows for setting in SETTING.findall(cell)]
    assert sorted(named) == sorted(settings_read())


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_every_address_named_is_one_of_ours(app: Flask, name: str) -> None:
    known = {re.sub(r"<[^>]+>", "<>", rule.rule) for rule in app.url_map.iter_rules()}
    rows = [row for row in text_of(name).splitlines() if row.startswith("|") and "`/" in row]
    named = {re.sub(r"<[^>]+>", "<>", code) for row in rows for code in CODE.findall(row)}
    assert len(named) > 20
    assert named <= known


@pytest.mark.parametrize("name", DOCS)
def test_every_link_and_picture_leads_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose_of(name)):
        if target.startswith(("http:", "https:")):
            continue
        path, _, part = target.partition("#")
        file = (DOCS[name].parent / path).resolve() if path else DOCS[name]
        assert file.exists(), target
        if part:
            there = file.relative_to(ROOT).as_posix()
            assert part in {anchor(words) for _, words in headings(there)}, target


@pytest.mark.parametrize("name", DOCS)
def test_every_file_of_ours_that_is_named_exists(name: str) -> None:
    ours = re.compile(r"(?<![\w/.])((?:core|deploy|docs|tests|bench|demo|static|migrations)/[\w./-]*[\w/])")
    made = {"deploy/.env", "bench/results/"}
    for code in code_of(name):
        for path in ours.findall(code):
            assert path in made or (ROOT / path).exists(), path


def test_every_picture_is_shown_and_small() -> None:
    pictures = {path.name for path in (ROOT / "docs" / "pictures").iterdir()}
    for name in ("README.md", "README.zh.md"):
        assert set(re.findall(r"docs/pictures/([\w.-]+)", text_of(name))) == pictures
    assert all(path.stat().st_size < 120_000 for path in (ROOT / "docs" / "pictures").iterdir())


@pytest.mark.parametrize(("english", "chinese"), PAIRS)
def test_both_languages_have_the_same_sections_and_the_same_commands(english: str, chinese: str) -> None:
    assert [level for level, _ in headings(english)] == [level for level, _ in headings(chinese)]
    for ours, theirs in zip(commands(english), commands(chinese), strict=True):
        assert ours == theirs


@pytest.mark.parametrize("name", GUIDES)
def test_every_bold_word_of_a_guide_stands_on_the_screen(name: str) -> None:
    known = words_on_screen("zh" if ".zh." in name else "en")
    bold = set(re.findall(r"\*\*([^*]+)\*\*", prose_of(name)))
    assert len(bold) > 20
    assert not sorted(bold - known)


def test_the_image_copies_what_there_is() -> None:
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text("utf-8")
    sources = re.findall(r"^COPY (\S+) ", dockerfile, re.MULTILINE)
    assert sources
    assert all((ROOT / source).exists() for source in sources)


def test_the_service_starts_what_make_run_starts() -> None:
    unit = (ROOT / "deploy" / "huiyou.service").read_text("utf-8")
    assert "python -m deploy.start" in unit
    assert "-m deploy.start" in (ROOT / "Makefile").read_text("utf-8")
