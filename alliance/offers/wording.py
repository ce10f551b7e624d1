"""Words that 广告法 第九条 forbids in an advertisement, and prices set against one that nobody has shown.

《中华人民共和国广告法》第九条第（三）项: 广告不得使用“国家级”、“最高级”、“最佳”等用语. What else counts as
等 follows what has commonly been fined. Such a word matters where it praises the goods: a quantity
(最高减 50 元), an order (第一次), a time (最近) is no praise. So each word stands with the phrases in which
it is harmless; what is in doubt is stopped, because wording can be changed and a fine cannot.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

CLAUSE = "《广告法》第九条第（三）项"

#: A word, and what may follow it without making it praise; ``|`` between.
_FOLLOWED: dict[str, str] = {
    "国家级": "",
    "世界级": "",
    "全球级": "",
    "宇宙级": "",
    "最高级": "",
    "最佳": "",
    "最优": "",
    "最好": "在|于|是在|提前|先|不要|别|早|晚|能|带|自备|预约|提早",
    "最棒": "",
    "最强": "",
    "最大": "可|减|抵|容量|承重|程度上|购买|可购|限|人数|桌|号|尺|码",
    "最高": "可|减|抵|省|立减|优惠|返|立省|限|封顶|不超过|补|享|折扣|优惠|人数|额|限额|消费",
    "最低": "消费|起|购|限|年龄|身高|满|需|须|额|充|存|配送|点|人数|使用|金额|数量|气温|工资",
    "最便宜": "的一件|那件|的那|一件|的一份|的一杯|商品免单",
    "最实惠": "",
    "最划算": "",
    "最先进": "",
    "最专业": "",
    "最受欢迎": "",
    "最时尚": "",
    "最顶级": "",
    "最正宗": "",
    "最美": "",
    "最新鲜": "",
    "最安全": "",
    "最健康": "",
    "第一": "二|三|和|与|及|到|至|送|百|时间|次|件|杯|份|张|单|天|周|月|年|排|层|批|步|部分|季|期|个|位|桌|"
    "阶段|人民|中学|小学|医院|食堂|分店|门店|楼|代|站|节|课|学期|汽车|实验|版|稿|条|款|轮|组|档|梯|小时|公里|晚|餐厅|"
    "车间|幼儿园|双|盒|瓶|袋|箱|碗|年级|大街|大道|支行|胎|口|眼|人称|场|颗|支|根|只|块|道|篇|名顾客",
    "唯一": "识别|标识|编号|入口|凭证|码|账号",
    "顶级": "",
    "顶尖": "",
    "极品": "",
    "极致": "",
    "绝版": "",
    "绝无仅有": "",
    "独一无二": "",
    "史无前例": "",
    "前无古人": "",
    "空前绝后": "",
    "万能": "充|胶|工具|钥匙|遥控|插|转换|卡",
    "销量冠军": "",
    "全网首": "",
    "全国首": "",
    "首选": "",
    "王牌": "",
    "领袖品牌": "",
    "国家免检": "",
    "填补国内空白": "",
    "世界领先": "",
    "全球领先": "",
    "遥遥领先": "",
    "no1": "[0-9]",
    "top1": "[0-9]",
}
#: A price that the offer's own is set against: its name and an amount. 原价 8 折 names none.
_COMPARED = re.compile(
    r"(原价|市场价|市价|门市价|专柜价|零售价|吊牌价|划线价|平时价|日常价|官网价)\D{0,3}\d+(?!\d|折)"
)

_WORDS = re.compile(
    "|".join(
        re.escape(word) + (f"(?!{after})" if after else "")
        for word, after in sorted(_FOLLOWED.items(), key=lambda item: -len(item[0]))
    )
)


@dataclass(frozen=True)
class Finding:
    """A forbidden word: as it should be written, where it stands in the text, and what forbids it."""

    word: str
    start: int
    end: int
    clause: str = CLAUSE


def forbidden(text: str) -> list[Finding]:
    """The words in ``text`` that may not praise an offer, in their order; places are those in ``text``.

    Full width, spaces and signs between the characters (最 佳, 最·佳) hide nothing.
    """
    plain, places = _plain(text)
    return [
        Finding(found[0], places[found.start()], places[found.end() - 1] + 1)
        for found in _WORDS.finditer(plain)
    ]


def compares(text: str) -> str | None:
    """The name of the price that ``text`` compares with (原价, 市场价); None when it compares with none."""
    found = _COMPARED.search(_plain(text)[0])
    return found[1] if found else None


def pieces(text: str) -> Iterator[tuple[str, Finding | None]]:
    """The text in pieces, with what is wrong with each: to be shown with the words marked."""
    end = 0
    for finding in forbidden(text):
        if finding.start > end:
            yield text[end : finding.start], None
        yield text[finding.start : finding.end], finding
        end = finding.end
    if end < len(text):
        yield text[end:], None


def _plain(text: str) -> tuple[str, list[int]]:
    """Letters and digits alone, folded, and where each of them stands in ``text``."""
    folded = [
        (character, place)
        for place, one in enumerate(text)
        for character in unicodedata.normalize("NFKC", one).casefold()
        if character.isalnum()
    ]
    return "".join(character for character, _ in folded), [place for _, place in folded]
