"""What a machine sees of the rules of posting."""

from __future__ import annotations

import pytest

from blueprints.needs.posting import fault_of


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("求购 304 边角料 6 吨，厚 2–3 毫米。", None),
        ("看 https://example.com/a 和 www.example.cn", None),
        ("http://a.cn http://b.cn http://c.cn http://d.cn", "links"),
        ("领奖 https://t.cn/A6x 快来", "short_link"),
        ("HTTPS://BIT.LY/x", "short_link"),
        ("说 t.cn 这个词不算网址", None),
        ("他的身份证 11010519491231002X", "identity_number"),
        ("11010519491231002x。", "identity_number"),
        ("订单号 110105194912310021", None),
        ("合同 2026-110105194912310021", None),
        ("汇到 6222 0212 3456 7890 128", "card"),
        ("卡号 4111 1111 1111 1111", "card"),
        ("单号 4111111111111112", None),
        ("信用代码 91120103MAYW7H5K82", None),
        ("电话 13800000001，022-28370118", None),
    ],
)
def test_links_and_private_numbers_are_seen(text: str, fault: str | None) -> None:
    assert fault_of(text) == fault
