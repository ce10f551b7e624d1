"""The audit trail in plain words: what was done, and the particulars."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from alliance.accounts.models import Role
from alliance.money import format_yuan
from alliance.offers.cheaper import StepKind
from alliance.offers.models import Side
from alliance.passes.devices import BY_EMPLOYER, BY_HOLDER, BY_ORGANIZER, REPLACED
from alliance.passes.household import LEFT_HOUSEHOLD
from alliance.web.cheaper_words import STEPS
from alliance.web.event_words import events_words
from alliance.web.filters import local_time
from alliance.webhooks.models import EventType

#: Every action that is ever recorded, in the order in which a filter offers them.
ACTIONS: Mapping[str, Any] = {
    "redemption.redeem": _l("核销优惠"),
    "redemption.reverse": _l("冲正核销"),
    "redemption.correct": _l("改金额"),
    "month.close": _l("月份结账"),
    "month.reopen": _l("重新打开月份"),
    "offer.submit": _l("提交优惠"),
    "offer.approve": _l("通过优惠"),
    "offer.return": _l("退回优惠"),
    "offer.withdraw": _l("撤回优惠"),
    "cheaper.report": _l("反映别处更便宜"),
    "cheaper.answer": _l("答复别处更便宜"),
    "cheaper.close": _l("裁定别处更便宜"),
    "cheaper.reopen": _l("要求重新答复"),
    "offer.pause": _l("暂停优惠"),
    "offer.resume": _l("恢复优惠"),
    "offer.discard_draft": _l("丢弃优惠草稿"),
    "pass.reissue": _l("换发会员码"),
    "pass.revoke": _l("停用会员码"),
    "device.enrol": _l("绑定手机"),
    "device.remove": _l("移除手机"),
    "card.issue": _l("打印会员卡"),
    "card.reprint": _l("补打会员卡"),
    "card.revoke": _l("作废会员卡"),
    "key.rotate": _l("更换签名密钥"),
    "key.drop": _l("停用签名密钥"),
    "employment.leave": _l("办理离职"),
    "employment.resume": _l("恢复在职"),
    "household.add": _l("添加家属"),
    "household.invite": _l("邀请家属"),
    "household.withdraw_invitation": _l("撤回家属邀请"),
    "household.join": _l("家属领取会员码"),
    "household.remove": _l("移除家属"),
    "grant.give": _l("授予身份"),
    "grant.revoke": _l("收回身份"),
    "token.create": _l("新建接口令牌"),
    "token.revoke": _l("停用接口令牌"),
    "webhook.add": _l("新增接口通知"),
    "webhook.change": _l("修改接口通知"),
    "webhook.rotate_secret": _l("更换通知密钥"),
    "webhook.disable": _l("停用接口通知"),
    "webhook.enable": _l("启用接口通知"),
    "webhook.redeliver": _l("重新发送通知"),
    "webhook.test": _l("发送测试通知"),
    "report.keep": _l("留存月报"),
    "circulation.rebuild": _l("重算流通统计"),
    "export.facts": _l("导出核销明细"),
    "circulation.restate": _l("重述流通统计"),
    "enterprise.relate": _l("登记关联企业"),
    "enterprise.part": _l("取消关联企业"),
    "import.zones": _l("导入片区"),
    "import.enterprises": _l("导入企业"),
    "import.outlets": _l("导入门店"),
    "import.offers": _l("导入优惠"),
    "import.roster": _l("导入员工名册"),
    "import.redemptions": _l("导入核销记录"),
}

ROLES: Mapping[Role, Any] = {
    Role.ORGANIZER: _l("主办方"),
    Role.ZONE_ORGANIZER: _l("片区主办方"),
    Role.DATA_OFFICER: _l("数据专员"),
    Role.ENTERPRISE_ADMIN: _l("企业管理员"),
    Role.CASHIER: _l("收银员"),
    Role.HOLDER: _l("持码人"),
}


SIDES: Mapping[Side, Any] = {Side.MERCHANT: _l("商户"), Side.ORGANIZER: _l("主办方")}

#: Why something ended, where no person has written a reason.
REASONS: Mapping[str, Any] = {
    REPLACED: _l("同一登录重新绑定"),
    BY_HOLDER: _l("本人移除"),
    BY_EMPLOYER: _l("所在企业移除"),
    BY_ORGANIZER: _l("主办方移除"),
    LEFT_HOUSEHOLD: _l("不再是家属"),
}


def _as_it_is(value: Any) -> str:
    return str(value)


#: What an entry's ``detail`` may say, by its name there: a label, and how the value is shown.
DETAILS: Mapping[str, tuple[Any, Callable[[Any], str]]] = {
    "outlet": (_l("门店"), _as_it_is),
    "outlets": (_l("门店"), lambda value: "、".join(map(str, value))),
    "offer": (_l("优惠编号"), _as_it_is),
    "side": (_l("由谁"), lambda value: str(SIDES[Side(value)])),
    "paid_fen": (_l("实付"), format_yuan),
    "refund_fen": (_l("退回"), format_yuan),
    "corrects": (_l("改前的核销"), _as_it_is),
    "revision": (_l("结账版本"), _as_it_is),
    "key": (_l("手机编号"), lambda value: str(value)[:12]),
    "card": (_l("会员卡编号"), _as_it_is),
    "replaces": (_l("旧卡编号"), _as_it_is),
    "signs_from": (_l("启用时间"), lambda value: local_time(datetime.fromisoformat(value))),
    "compromised": (_l("已泄露"), _as_it_is),
    "step": (_l("内容"), lambda value: str(STEPS[StepKind(value)])),
    "events": (_l("通知"), lambda value: events_words(map(EventType, value))),
    "event": (_l("事件编号"), _as_it_is),
    "new_address": (_l("换了地址"), _as_it_is),
    "by_the_worker": (_l("由系统停用"), _as_it_is),
    "digest": (_l("摘要"), lambda value: str(value)[:12]),
    "zone": (_l("片区"), _as_it_is),
    "reason": (_l("原因"), lambda value: str(REASONS.get(value, value))),
    "role": (_l("身份"), lambda value: str(ROLES[Role(value)])),
    "account": (_l("账号编号"), _as_it_is),
    "created": (_l("新增"), _as_it_is),
    "updated": (_l("更新"), _as_it_is),
    "unchanged": (_l("未变"), _as_it_is),
    "rejected": (_l("拒绝"), _as_it_is),
    "first": (_l("起"), _as_it_is),
    "last": (_l("止"), _as_it_is),
    "rows": (_l("行数"), _as_it_is),
    "salted": (_l("另加盐值"), _as_it_is),
    "redemptions": (_l("核销笔数"), _as_it_is),
    "related": (_l("关联企业"), _as_it_is),
    "sha256": (_l("文件摘要"), lambda value: str(value)[:12]),
}


def action_words(action: str) -> str:
    """``核销优惠``."""
    return str(ACTIONS.get(action, action))


def detail_words(detail: Mapping[str, Any]) -> str:
    """``优惠编号 NAI-01，实付 ¥8.00``; of what is true the label alone, of what is not nothing."""
    parts = []
    for name, value in detail.items():
        label, shown = DETAILS.get(name, (name, _as_it_is))
        if value is not False:
            parts.append(str(label) if value is True else f"{label} {shown(value)}")
    return str(gettext("，")).join(parts)
