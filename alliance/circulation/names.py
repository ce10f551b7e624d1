"""What the figures and columns of circulation are called, and what each figure means in a sentence.

They are those of ``report.Report``, ``around.Around`` and ``listing``.
``docs/metrics.md`` has the same with formulas and sources. Whoever shows them in another language translates
them there: here they are only marked for it.
"""

from collections.abc import Mapping


def N_(text: str) -> str:
    """The text itself. Babel finds by this name what is translated later."""
    return text


NAMES: Mapping[str, str] = {
    "redemptions": N_("净核销笔数"),
    "gross_fen": N_("原价合计"),
    "discount_fen": N_("让利额"),
    "paid_fen": N_("净核销额"),
    "active_holders": N_("活跃持码人"),
    "active_outlets": N_("活跃门店"),
    "active_merchant_enterprises": N_("活跃商户"),
    "holders_with_two_or_more_redemption_days": N_("两日以上持码人"),
    "paid_per_active_holder_mean_fen": N_("人均额"),
    "paid_per_active_holder_median_fen": N_("人均额中位数"),
    "outlets_per_active_holder_mean": N_("触达广度（人均门店）"),
    "same_zone_paid_fen": N_("本区内核销额"),
    "zone_retention": N_("域内留存率"),
    "same_enterprise_paid_fen": N_("本企业内核销额"),
    "self_circulation_share": N_("自循环占比"),
    "outlet_hhi": N_("门店集中度 HHI"),
    "outlet_gini": N_("门店基尼系数"),
    "enterprise_reciprocity": N_("企业互惠度"),
    "enterprise_reciprocal_fen": N_("企业互惠额"),
    "cross_enterprise_paid_fen": N_("跨企业核销额"),
    "enterprise_circularity": N_("企业循环度"),
    "outlets_with_fewer_than_five_holders": N_("不足五人的门店"),
    "discount_rate": N_("让利率"),
    "paid_per_discount": N_("带动比"),
    "reuse_rate": N_("复用率"),
    "related_parties_paid_fen": N_("关联企业间核销额"),
    "outlet_effective_number": N_("等效门店数"),
    "enterprise_reciprocity_baseline": N_("互惠度随机基准"),
    "enterprise_circularity_baseline": N_("循环度随机基准"),
}

DEFINITIONS: Mapping[str, str] = {
    "redemptions": N_("核销笔数减去整笔冲正的笔数，不是人次"),
    "gross_fen": N_("核销的原价之和，已扣除冲正"),
    "discount_fen": N_("优惠金额之和，已扣除冲正，不说明由谁承担"),
    "paid_fen": N_("实付金额之和，即原价合计减让利额，已扣除冲正"),
    "active_holders": N_("期内至少有一笔未整笔冲正的核销的持码人，每人只计一次"),
    "active_outlets": N_("期内至少有一笔未整笔冲正的核销的门店"),
    "active_merchant_enterprises": N_("期内至少有一家活跃门店的商户"),
    "holders_with_two_or_more_redemption_days": N_("在两个以上营业日有核销的活跃持码人"),
    "paid_per_active_holder_mean_fen": N_("净核销额除以活跃持码人数，会被少数大额拉高"),
    "paid_per_active_holder_median_fen": N_("每名活跃持码人实付金额的中位数"),
    "outlets_per_active_holder_mean": N_("每名活跃持码人去过的不同门店数的平均值"),
    "same_zone_paid_fen": N_("持码人单位与门店在同一片区的净核销额"),
    "zone_retention": N_("本区内核销额占净核销额的比例，不含没有出示会员码的消费"),
    "same_enterprise_paid_fen": N_("企业自己的员工及家属在本企业门店的净核销额"),
    "self_circulation_share": N_("本企业内与关联企业间的核销额占净核销额的比例"),
    "outlet_hhi": N_("各活跃门店份额的平方和，在门店数的倒数与 1 之间，越大越集中"),
    "outlet_gini": N_("活跃门店净核销额的基尼系数，0 为完全平均，不含没有核销的门店"),
    "enterprise_reciprocity": N_("企业互惠额占跨企业核销额的比例，须与随机基准对照"),
    "enterprise_reciprocal_fen": N_("每两家企业之间往返核销额中较小一方的合计，双向计"),
    "cross_enterprise_paid_fen": N_("不同企业之间的净核销额，不含本企业内和关联企业间"),
    "enterprise_circularity": N_("能够在企业间首尾相接的最大流量占跨企业核销额的比例，须与随机基准对照"),
    "outlets_with_fewer_than_five_holders": N_("活跃持码人不足 5 人的活跃门店"),
    "discount_rate": N_("让利额除以原价合计，大额消费权重更大"),
    "paid_per_discount": N_("净核销额除以让利额，不代表因果"),
    "reuse_rate": N_("两日以上持码人占活跃持码人的比例，期间越长越高"),
    "related_parties_paid_fen": N_("主办方登记的关联企业之间的净核销额"),
    "outlet_effective_number": N_("HHI 的倒数：同样集中程度下规模相等的门店数"),
    "enterprise_reciprocity_baseline": N_("商户身份随机互换 20 次后互惠度的平均值"),
    "enterprise_circularity_baseline": N_("商户身份随机互换 20 次后循环度的平均值"),
}

AROUND_NAMES = {
    "entitled_holders": "有权持码人",
    "activated_holders": "已开通持码人",
    "activation_rate": "激活率",
    "participation_rate": "参与率",
    "live_offers": "有效优惠",
    "live_merchants": "有优惠的商户",
    "live_merchants_redeemed": "有优惠且有核销的商户",
    "active_merchant_rate": "活跃商户率",
    "offers_with_quota": "限量优惠",
    "offer_quota": "限量优惠名额",
    "quota_used": "限量优惠已用名额",
    "take_up": "核销率",
}

COLUMN_NAMES = {
    "zone": "片区代码",
    "zone_name": "片区",
    "holder_zone": "持码人片区代码",
    "holder_zone_name": "持码人片区",
    "outlet_zone": "门店片区代码",
    "outlet_zone_name": "门店片区",
    "employer": "雇主信用代码",
    "employer_name": "雇主",
    "merchant": "商户信用代码",
    "merchant_name": "商户",
    "outlet": "门店编号",
    "outlet_name": "门店",
    "offer": "优惠编号",
    "redemptions": "净核销笔数",
    "gross_fen": "原价合计",
    "discount_fen": "让利额",
    "paid_fen": "净核销额",
    "holders": "活跃持码人",
}
