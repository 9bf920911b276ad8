"""The table by which phones find pages by their sound."""

from __future__ import annotations

import json

import brotli
import pytest

from core.pinyin_table import TABLE, table, text


@pytest.mark.thorough
def test_the_file_is_what_its_maker_writes() -> None:
    assert TABLE.read_text("utf-8") == text()


def test_the_table_is_small_on_the_wire() -> None:
    assert len(brotli.compress(TABLE.read_bytes(), quality=11)) <= 10_000


@pytest.mark.thorough
def test_the_table_knows_common_characters_and_both_readings_of_some() -> None:
    known = json.loads(TABLE.read_text("utf-8"))
    assert sum(map(len, known.values())) > 3_900
    assert "重" in known["zhong"]
    assert "重" in known["chong"]
    assert "女" in known["nv"]
    assert known == table()
