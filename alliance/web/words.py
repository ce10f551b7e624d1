"""What people are told: for each reason the state in a few words, then the cause and what to do.

Written as somebody at the counter would say it. The texts themselves are the message ids.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from alliance.money import format_yuan
from alliance.refused import Reason, Refused
from alliance.web.limit_words import remedy_words


@dataclass(frozen=True)
class Words:
    """``headline`` is the state; ``remedy`` is cause and next step, in one sentence."""

    headline: LazyString
    remedy: LazyString


class Fault(StrEnum):
    """Why a request itself was turned down. Part of the API like ``Reason``: never renamed."""

    MALFORMED_REQUEST = "malformed_request"
    FORM_EXPIRED = "form_expired"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    TOO_LARGE = "too_large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    INVALID_REQUEST = "invalid_request"
    PERIOD_NOT_PUBLIC = "period_not_public"
    TOO_MANY_REQUESTS = "too_many_requests"
    INTERNAL_ERROR = "internal_error"
    UNAVAILABLE = "unavailable"


REFUSALS: Mapping[Reason, Words] = {
    Reason.MALFORMED: Words(_l("不是会员码"), _l("扫到的内容不是联盟会员码，请顾客打开会员码页面后重扫。")),
    Reason.UNKNOWN_CODE: Words(_l("没有这个数字码"), _l("数字码不对或已失效，请看着顾客的手机重新输入。")),
    Reason.EXPIRED: Words(_l("会员码已过期"), _l("会员码每隔一会儿就会更新，请顾客刷新会员码后重扫。")),
    Reason.CLOCK_SKEW: Words(
        _l("时间对不上"), _l("会员码的时间比当前时间快了几分钟，请核对本机时间，再请顾客刷新后重扫。")
    ),
    Reason.NOT_YET_VALID: Words(
        _l("会员码尚未生效"), _l("会员码的时间晚于当前时间，请核对本机时间，再请顾客刷新后重扫。")
    ),
    Reason.UNKNOWN_KEY: Words(
        _l("会员码无法识别"), _l("这个码不是本联盟签发的，请顾客重新打开会员码页面后重扫。")
    ),
    Reason.REVOKED: Words(_l("会员码已停用"), _l("这个会员码已被停用，请顾客联系所在企业。")),
    Reason.ALREADY_PRESENTED: Words(
        _l("会员码已用过"), _l("同一个会员码只能扫一次，请顾客刷新会员码后重扫。")
    ),
    Reason.NOT_ENTITLED: Words(
        _l("没有会员资格"), _l("顾客今天不在成员企业的名册中，请顾客向所在企业核实。")
    ),
    Reason.TOO_MANY_ATTEMPTS: Words(_l("尝试次数过多"), _l("短时间内尝试太多次，请过几分钟再试。")),
    Reason.NAME_NOT_COMPARED: Words(
        _l("还没有核对姓名"),
        _l("出示的是打印的会员卡，请先扫码，再核对会员卡上的姓名和屏幕上的姓名，一致才能收款。"),
    ),
    Reason.SCAN_NOT_FOUND: Words(_l("没有这次扫码"), _l("找不到这次扫码的记录，请重新扫顾客的会员码。")),
    Reason.SCAN_EXPIRED: Words(_l("扫码已超时"), _l("扫码后十分钟内有效，请重新扫顾客的会员码。")),
    Reason.WRONG_OUTLET: Words(_l("门店不符"), _l("这次扫码属于另一家门店，请在本店重新扫码。")),
    Reason.OUTLET_NOT_OPEN: Words(
        _l("门店尚未启用"), _l("本门店在片区的生效日期还没有到，请联系本企业管理员核对。")
    ),
    Reason.OFFER_NOT_FOUND: Words(_l("没有这个优惠"), _l("找不到这个优惠，请返回重新选择。")),
    Reason.OFFER_NOT_LIVE: Words(
        _l("优惠现在不能用"), _l("这个优惠尚未开始、已经结束、暂停或下架了，请选择其他优惠。")
    ),
    Reason.OFFER_NOT_HERE: Words(_l("本店不适用"), _l("这个优惠不适用于本门店，请选择其他优惠。")),
    Reason.OFFER_NOT_FOR_HOLDER: Words(
        _l("顾客不适用"), _l("这个优惠只给员工本人或只给家属，这位顾客不在其中，请选择其他优惠。")
    ),
    Reason.OFFER_NOT_FOR_EMPLOYER: Words(
        _l("不对该单位开放"), _l("这个优惠只给部分单位的员工，这位顾客的单位不在其中，请选择其他优惠。")
    ),
    Reason.OFFER_NOT_NOW: Words(_l("不在可用时段"), _l("这个优惠现在不在可用的日期或时段，请选择其他优惠。")),
    Reason.OFFER_EXCLUSIVE: Words(
        _l("不与其他优惠同享"), _l("这次扫码已经用过别的优惠，两个不能一起用；要换这一个，请先冲正前一笔。")
    ),
    Reason.BELOW_QUANTITY: Words(
        _l("件数不够"), _l("件数还没有达到买赠的要求，请核对件数，赠的也要算在内。")
    ),
    Reason.AMOUNT_MISSING: Words(_l("没有原价"), _l("这个优惠按原价计算，请输入原价。")),
    Reason.AMOUNT_FIXED: Words(
        _l("金额与票面不符"), _l("这个优惠的金额是定好的，不用填原价，请留空或核对收银系统里的票价。")
    ),
    Reason.BELOW_THRESHOLD: Words(_l("未达到满减金额"), _l("消费金额还没有达到优惠的门槛，请核对金额。")),
    Reason.AMOUNT_OUT_OF_RANGE: Words(_l("金额不对"), _l("金额或数量超出允许的范围，请核对后重新输入。")),
    Reason.LIMIT_TOTAL: Words(_l("优惠已领完"), _l("这个优惠的总次数已用完，请选择其他优惠。")),
    Reason.LIMIT_HOLDER: Words(
        _l("顾客的次数已用完"), _l("这位顾客使用这个优惠的次数已到上限，请选择其他优惠。")
    ),
    Reason.LIMIT_HOUSEHOLD: Words(
        _l("家庭的次数已用完"), _l("这位顾客和家人使用这个优惠的次数已到上限，请选择其他优惠。")
    ),
    Reason.LIMIT_DAY: Words(
        _l("本店今天已领完"), _l("这个优惠在本门店今天的次数已用完，请顾客明天再来，或选择其他优惠。")
    ),
    Reason.LIMIT_BUDGET: Words(
        _l("优惠额度已用完"), _l("这个优惠的让利总额不够这一笔，请减少数量，或选择其他优惠。")
    ),
    Reason.COOL_DOWN: Words(
        _l("间隔时间未到"), _l("这位顾客刚刚用过这个优惠，两次之间要隔一段时间，请稍后再用。")
    ),
    Reason.CARD_CEILING: Words(
        _l("会员卡今天的额度不够"),
        _l("打印的会员卡每天能付的金额有上限，请顾客出示手机上的会员码，或减少金额。"),
    ),
    Reason.IN_FLIGHT: Words(_l("正在处理"), _l("上一次提交还在处理中，请稍等片刻再试，不会重复记账。")),
    Reason.BODY_MISMATCH: Words(_l("单号重复"), _l("这个单号已用于另一笔内容不同的核销，请换一个新的单号。")),
    Reason.REDEMPTION_NOT_FOUND: Words(_l("没有这笔核销"), _l("找不到这笔核销记录，请核对单号。")),
    Reason.REVERSED_ALREADY: Words(_l("已经冲正"), _l("这笔核销已全部冲正，无需再次操作。")),
    Reason.NOT_CORRECTABLE: Words(
        _l("不能改金额"), _l("这笔核销是导入的，价格不由联盟计算，只能冲正或退款，不能改金额。")
    ),
    Reason.REFUND_EXCEEDS_PAID: Words(_l("退款超过实付"), _l("退款金额超过剩余的实付金额，请核对金额。")),
    Reason.UNDO_TOO_LATE: Words(_l("已过撤销时间"), _l("这笔核销已不能在柜台撤销，请联系本企业管理员处理。")),
    Reason.MONTH_CLOSED: Words(
        _l("当月已结账"), _l("这笔核销所在的月份已经结账，只有主办方能冲正，请联系主办方。")
    ),
    # These three are said to a phone, never to a counter.
    Reason.DEVICE_REMOVED: Words(_l("设备已移除"), _l("这台设备已不能出示会员码，请重新登录。")),
    Reason.TOO_MANY_DEVICES: Words(
        _l("设备已满"), _l("会员码最多绑定两台设备，请先在“我的设备”中移除一台，再回到会员码页面。")
    ),
    Reason.TOO_MANY_REBINDINGS: Words(
        _l("换绑太频繁"), _l("30 天内最多换绑三次，请过几天再试，或使用已绑定的设备。")
    ),
}

FAULTS: Mapping[Fault, Words] = {
    Fault.MALFORMED_REQUEST: Words(_l("请求无法读懂"), _l("提交的内容格式不对，请返回重试。")),
    Fault.FORM_EXPIRED: Words(_l("页面已失效"), _l("页面打开太久或登录已变化，请返回上一页刷新后重新提交。")),
    Fault.UNAUTHENTICATED: Words(_l("请先登录"), _l("登录已失效或尚未登录，请登录后再试。")),
    Fault.FORBIDDEN: Words(_l("没有权限"), _l("您的账号没有办理这项业务的权限，如有需要请联系主办方。")),
    Fault.NOT_FOUND: Words(_l("找不到页面"), _l("页面不存在，或者不在您的权限范围内，请从首页重新进入。")),
    Fault.METHOD_NOT_ALLOWED: Words(_l("不能这样访问"), _l("这个地址不支持这种访问方式，请从首页重新进入。")),
    Fault.TOO_LARGE: Words(_l("内容太大"), _l("提交的内容超过了大小限制，请减小后重试。")),
    Fault.UNSUPPORTED_MEDIA_TYPE: Words(_l("内容格式不支持"), _l("请用 application/json 格式提交。")),
    Fault.INVALID_REQUEST: Words(_l("内容有误"), _l("提交的内容有不符合要求的地方，请修改后重试。")),
    Fault.PERIOD_NOT_PUBLIC: Words(
        _l("这段时间的统计不公开"), _l("只公开整月、整季和整年的统计，表格要等期间结束，请换一个期间。")
    ),
    Fault.TOO_MANY_REQUESTS: Words(_l("请求太频繁"), _l("短时间内请求太多，请过几分钟再试。")),
    Fault.INTERNAL_ERROR: Words(_l("系统出错"), _l("系统出了点问题，已经记录，请稍后再试。")),
    Fault.UNAVAILABLE: Words(_l("系统暂时无法使用"), _l("数据库暂时无法连接，请稍后再试。")),
}


def remedy_for(refused: Refused) -> str:
    """The sentence for this very refusal, with its figures where it has them."""
    params = refused.params
    if refused.reason is Reason.BELOW_THRESHOLD and isinstance(params.get("threshold_fen"), int):
        threshold = format_yuan(params["threshold_fen"])  # type: ignore[arg-type]
        return str(gettext("消费满 %(threshold)s 才能使用这个优惠，请核对金额。", threshold=threshold))
    if refused.reason is Reason.BELOW_QUANTITY and "least" in params:
        least = params["least"]
        return str(gettext("满 %(least)s 件（赠的也算在内）才有赠送，请核对件数。", least=least))
    if refused.reason is Reason.REFUND_EXCEEDS_PAID and isinstance(params.get("left_fen"), int):
        if not params["left_fen"]:
            return str(gettext("这笔核销的实付是 0，没有可退的钱；不算数请整笔冲正。"))
        left = format_yuan(params["left_fen"])  # type: ignore[arg-type]
        return str(gettext("退款金额超过剩余的实付金额，最多还能退 %(left)s，请核对金额。", left=left))
    if refused.reason is Reason.WRONG_OUTLET and "outlet" in params:
        return str(gettext("收银系统的令牌不能用于这家门店，请核对收银系统里的门店编号。"))
    if refused.reason is Reason.CARD_CEILING and "left" in params:
        return _card_ceiling_words(params)
    return remedy_words(refused) or str(REFUSALS[refused.reason].remedy)


def _card_ceiling_words(params: Mapping[str, object]) -> str:
    limit, left = (format_yuan(params[name]) for name in ("limit", "left"))  # type: ignore[arg-type]
    if not params["left"]:
        return str(
            gettext(
                "打印的会员卡每人每天最多付 %(limit)s，这位顾客今天已用完，请顾客出示手机上的会员码。",
                limit=limit,
            )
        )
    return str(
        gettext(
            "打印的会员卡每人每天最多付 %(limit)s，这位顾客今天还剩 %(left)s，"
            "请减少金额，或请顾客出示手机上的会员码。",
            limit=limit,
            left=left,
        )
    )
