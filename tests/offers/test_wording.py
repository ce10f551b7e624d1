"""Words that 广告法 第九条 forbids, and words that only look like them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliance.offers.wording import CLAUSE, compares, forbidden, pieces


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("国家级面点师现场制作", ["国家级"]),
        ("最高级美容护理", ["最高级"]),
        ("全城最佳牛奶", ["最佳"]),
        ("销量第一的酸奶", ["第一"]),
        ("吉林第一家", ["第一"]),
        ("第一品牌", ["第一"]),
        ("唯一正品", ["唯一"]),
        ("顶级牛排套餐", ["顶级"]),
        ("极品海参", ["极品"]),
        ("绝无仅有的折扣", ["绝无仅有"]),
        ("史上最低价", ["最低"]),
        ("全市最优惠", ["最优"]),
        ("最便宜的牛奶", ["最便宜"]),
        ("全网首发", ["全网首"]),
        ("NO.1 牛奶", ["no1"]),
        ("ＴＯＰ１ 之选", ["top1"]),
        # Spaces, signs and full width between the characters hide nothing.
        ("最 佳牛奶", ["最佳"]),
        ("最　佳牛奶", ["最佳"]),
        ("最·佳牛奶", ["最佳"]),
        ("最\u200b佳牛奶", ["最佳"]),
        ("国 家-级", ["国家级"]),
        ("最佳的顶级牛奶", ["最佳", "顶级"]),
        # What is no praise.
        ("员工日全场八折", []),
        ("第一时间通知", []),
        ("最近三天有效", []),
        ("最低消费 100 元", []),
        ("最低消费100元起", []),
        ("最高减50元", []),
        ("最高可抵 30 元", []),
        ("第一次到店八折", []),
        ("第一件五折", []),
        ("第一、二件八折", []),
        ("第一汽车厂职工专享", []),
        ("每月第一个周末", []),
        ("第一人民医院店", []),
        ("最后三天", []),
        ("最新到货", []),
        ("最多两份", []),
        ("唯一识别码", []),
        ("NO.10 套餐", []),
        ("万能充八折", []),
        ("国家节假日不可用", []),
        ("", []),
    ],
)
def test_it_finds_praise_and_leaves_the_rest(text, words):
    assert [found.word for found in forbidden(text)] == words
    assert all(found.clause == CLAUSE for found in forbidden(text))


def test_it_says_where_the_word_stands():
    [found] = forbidden("全城 最 佳 牛奶")
    assert "全城 最 佳 牛奶"[found.start : found.end] == "最 佳"


@given(st.text(alphabet="最佳第一 顶级·牛奶０1oO国家ﬁⅣ㈱", max_size=30))
def test_the_pieces_are_the_text(text):
    assert "".join(piece for piece, _ in pieces(text)) == text
    assert [found for _, found in pieces(text) if found] == forbidden(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("原价 100 现价 50", "原价"),
        ("牛奶（市场价：¥5.80）", "市场价"),
        ("专柜价１２８元", "专柜价"),
        ("门市价为 30", "门市价"),
        ("原价 8 折", None),
        ("原价8.5折", None),
        ("原价基础上再减", None),
        ("鲜牛奶成本价", None),
    ],
)
def test_it_finds_a_price_to_compare_with(text, name):
    assert compares(text) == name
