"""Chinese names and texts as people look for them: pinyin, initials, search, names that sound alike.

pypinyin is imported at the first name and without its dictionary of phrases:
14 MB of resident memory instead of 60.
"""

from __future__ import annotations

import functools
import math
import os
import re
import unicodedata
from typing import Literal

MARKS_PER_CHARACTER = 30
QUERY_LENGTH = 80

# Readings as surnames of characters whose first reading in the dictionary is another.
SURNAMES = {
    "万俟": "mo qi", "尉迟": "yu chi", "单于": "chan yu", "澹台": "tan tai", "乐正": "yue zheng", "子车": "zi ju",
    "单": "shan", "曾": "zeng", "仇": "qiu", "解": "xie", "查": "zha", "朴": "piao",
    "盖": "ge", "区": "ou", "缪": "miao", "卜": "bu", "翟": "zhai", "乐": "yue",
    "员": "yun", "薄": "bo", "蔚": "yu", "覃": "qin", "召": "shao", "祭": "zhai",
    "么": "yao", "阚": "kan", "隗": "wei", "句": "gou", "乜": "nie", "长": "chang",
    "重": "chong",
}  # fmt: skip

# In a given name these characters have another reading than their first in the dictionary.
GIVEN = {"长": "chang", "曾": "zeng"}

_NOT_NAME = re.compile(r"[\W_]+")
_LEGAL_FORM = re.compile(r"股份有限公司|有限责任公司|有限公司|分公司|公司|集团|商行|经营部")
_SOUNDS_ALIKE = (("zh", "z"), ("ch", "c"), ("sh", "s"))


def normalised(form: Literal["NFC", "NFKC"], text: str) -> str:
    """`text` in a Unicode normal form (UAX #15).

    A flood of more than 30 combining marks on one character, which no language has
    and whose ordering takes quadratic time, leaves the whole text as it was typed.
    """
    if text.isascii():
        return text
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks > MARKS_PER_CHARACTER:
            return text
    return unicodedata.normalize(form, text)


def folded(text: str) -> str:
    """`text` as search compares it: NFKC, case folded, control characters and runs of space as one space."""
    folded_text = normalised("NFKC", normalised("NFKC", text).casefold())
    kept = "".join(" " if unicodedata.category(char) in ("Cc", "Cs") else char for char in folded_text)
    return " ".join(kept.split())


@functools.lru_cache(maxsize=4096)
def _reading(char: str) -> str:
    """The toneless syllable of one Chinese character, or the character itself; `ü` is written `v`."""
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "1")
    os.environ.setdefault("PYPINYIN_NO_DICT_COPY", "1")
    import pypinyin

    return pypinyin.lazy_pinyin(char)[0]


def _is_chinese(char: str) -> bool:
    return char == "〇" or unicodedata.name(char, "").startswith("CJK ")


def _words(text: str, *, as_name: bool) -> list[str]:
    """Syllables of Chinese characters and words of everything else, in order."""
    text = folded(text)
    words: list[str] = []
    rest = text
    if as_name:
        for surname in (text[:2], text[:1]):
            if surname in SURNAMES:
                words = SURNAMES[surname].split()
                rest = text[len(surname) :]
                break
    other = ""
    for char in rest:
        if _is_chinese(char):
            words.append(other)
            other = ""
            words.append(GIVEN.get(char) or _reading(char) if as_name else _reading(char))
        elif char.isalnum():
            other += char
        else:
            words.append(other)
            other = ""
    words.append(other)
    return [word for word in words if word]


def pinyin_key(name: str) -> str:
    """The key by which names are sorted: `单长河` → `shan chang he`. Toneless, surnames read as surnames."""
    return " ".join(_words(name, as_name=True))


def pinyin_full(name: str) -> str:
    """The name as it is typed in one word: `单长河` → `shanchanghe`."""
    return "".join(_words(name, as_name=True))


def initials(name: str) -> str:
    """The first letter of each syllable: `单长河` → `sch`."""
    return "".join(word[0] for word in _words(name, as_name=True))


def search_text(*parts: str | None) -> str:
    """What a search with `like_pattern` looks through: the folded parts, their pinyin and their initials.

    Both readings are there where a name and a common word differ, and `lyu` beside `lv`.
    """
    found: dict[str, None] = {}
    for part in filter(None, parts):
        found[folded(part)] = None
        for words in (_words(part, as_name=True), _words(part, as_name=False)):
            spelled = "".join(words)
            found[spelled] = None
            found[spelled.replace("lv", "lyu").replace("nv", "nyu")] = None
            found["".join(word[0] for word in words)] = None
    return " ".join(filter(None, found))


def like_pattern(q: str) -> str:
    r"""The pattern that finds `q` anywhere in a `search_text`; use it with `escape="\\"`.

    Queries are cut at 80 characters (SQLite refuses patterns of more than 50,000 bytes).
    """
    q = folded(q[: QUERY_LENGTH * 4])[:QUERY_LENGTH].strip()
    for special in ("\\", "%", "_"):
        q = q.replace(special, "\\" + special)
    return f"%{q}%"


def sounds_alike_key(name: str) -> str:
    """Equal for names that a listener takes for each other.

    Tones, n and ng, l and n, zh and z, ch and c, sh and s are not told apart: `程英` and `陈音` are alike.
    """
    return " ".join(_sound(word) for word in _words(name, as_name=True))


def _sound(syllable: str) -> str:
    if not syllable.isascii():
        return syllable
    for heard, folded_to in _SOUNDS_ALIKE:
        if syllable.startswith(heard):
            syllable = folded_to + syllable[2:]
    if syllable.startswith("n") and len(syllable) > 1:
        syllable = "l" + syllable[1:]
    return syllable[:-1] if syllable.endswith("ng") else syllable


def company_name_key(name: str) -> str:
    """Equal for the same company written differently: `天津市（海河）科技有限公司`, `天津海河科技`."""
    key = _NOT_NAME.sub("", folded(name))
    bare = _LEGAL_FORM.sub("", key)
    place, city, rest = bare.partition("市")
    if city and 2 <= len(place) <= 4 and rest:
        bare = place + rest
    return bare or key


def reading_time_minutes(text: str) -> int:
    """Whole minutes to read `text` at 400 Chinese characters or 200 words a minute; at least 1."""
    characters = sum(_is_chinese(char) for char in text)
    words = len(re.findall(r"[A-Za-z0-9]+", text))
    return max(1, math.ceil(characters / 400 + words / 200))
