"""Markdown of rules and briefings."""

from __future__ import annotations

import pytest

from core.markdown import render


def test_headings_begin_below_the_pages_own() -> None:
    assert render("# 一\n\n## 二") == "<h2>一</h2>\n<h3>二</h3>\n"


def test_the_title_at_the_top_is_left_to_the_page() -> None:
    assert render("# 题\n\n# 一\n\n## 二\n\n文", without_title=True) == "<h2>一</h2>\n<h2>二</h2>\n<p>文</p>\n"


def test_headings_leave_no_level_out() -> None:
    assert render("### 一\n\n###### 二\n\n## 三") == "<h2>一</h2>\n<h3>二</h3>\n<h3>三</h3>\n"


def test_tables_scroll_on_their_own_and_say_what_a_column_holds() -> None:
    markup = render("|一|二|\n|---|---|\n|三|四|\n")
    assert '<div class="scroll" tabindex="0"><table>' in markup
    assert '<th scope="col">一</th>' in markup


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "![x](https://example.com/x.png)",
        "<b onclick=x>文</b>",
    ],
)
def test_nobody_hides_a_script_or_a_picture(text: str) -> None:
    markup = render(text)
    assert "<script" not in markup
    assert "<img" not in markup
    assert "<b " not in markup
    assert 'href="javascript' not in markup


def test_links_lead_out_without_telling_from_where() -> None:
    assert 'rel="noopener noreferrer nofollow"' in render("[x](https://example.com)")
