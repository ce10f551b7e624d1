"""What can be wrong with a file or a row, and the words for it: the reason, and what to do about it.

Words in braces are filled with the parameters of the refusal.
"""

from enum import Enum, unique


@unique
class Problem(Enum):
    """A reason and a remedy, in Chinese. ``Problem.X.reason.format(**params)`` is a whole clause."""

    def __init__(self, reason: str, remedy: str) -> None:
        self.reason = reason
        self.remedy = remedy

    # --- the file as a whole ---
    NOT_FOUND = "找不到这个文件，或者没有权限读取", "请核对路径和权限"
    EMPTY_FILE = "文件是空的", "请重新导出后再导入"
    TOO_LARGE = "文件超过 {limit} MB", "请拆成几个文件，分次导入"
    UNPACKS_TOO_LARGE = "工作簿解压后超过 {limit} MB", "请拆成几个文件，分次导入"
    NOT_XLSX = "文件不是有效的 Excel 工作簿，或者已经损坏", "请在 Excel 里打开，另存为 .xlsx 或 CSV UTF-8"
    OLD_OR_ENCRYPTED = "文件是旧版 .xls，或者设有打开密码", "请去掉密码，另存为 .xlsx"
    TOO_SPREAD = (
        "工作表的内容一直延伸到第 {rows} 行、第 {columns} 列",
        "请删去表格以外的多余内容，或把表格复制到新工作簿",
    )
    BINARY = "文件不是文本，里面有空字符", "请另存为 .xlsx 或 CSV UTF-8"
    UNKNOWN_ENCODING = "文件的文字编码不是 UTF-8，也不是 GB18030", "请另存为 CSV UTF-8"
    BROKEN_CSV = "第 {row} 行附近的引号不成对，或者内容过长", "请检查这一行的双引号"
    NO_HEADER = "第一行没有要用的列名", "请把这些列名放在第一行：{columns}"
    MISSING_COLUMN = "找不到列{missing}", "请补上这一列；可选的内容可以留空，列名要有"
    RENAMED_COLUMN = "找不到列{missing}，文件里有相近的{similar}", "请把列名改为{missing}"
    DUPLICATE_COLUMN = "列『{column}』出现了不止一次", "请只保留一列"
    TOO_MANY_COLUMNS = "第 {row} 行有 {columns} 列，最多 {limit} 列", "请删去多余的列"
    LONGER_THAN_HEADER = (
        "第 {row} 行有 {cells} 格，表头只有 {columns} 列",
        "请检查这一行有没有多出来的分隔符，或者给多出的列加上列名",
    )

    # --- one cell ---
    MISSING = "没有填写", "请填写后再导入"
    TOO_LONG = "超过 {limit} 个字", "请缩短"
    SCIENTIFIC = "被表格软件改成了科学计数，数字已经不完整", "请把该列设为文本后重新粘贴"
    ZONE_CODE = "片区代码不是 12 位数字", "请填写 12 位的区划代码，例如 220204001000"
    CREDIT_CODE = (
        "统一社会信用代码的格式不对",
        "请按营业执照填写 18 位数字和大写字母（不含 I、O、S、V、Z）",
    )
    CREDIT_CODE_CHECK = "统一社会信用代码的校验位不对，多半有一位抄错了", "请对照营业执照逐位核对"
    PHONE = "手机号不对", "请填写 11 位手机号；境外号码前加 + 和国家代码"
    DATE = "日期看不懂", "请写成 2020-03-01"
    MOMENT = "时间看不懂", "请写成 2020-03-01 14:30:00"
    NOT_WHOLE_FEN = "金额不是整数分", "请以分为单位填写整数，例如 12.50 元写 1250"
    NEGATIVE = "数字是负的", "请填写不小于 0 的数；退款请走冲正"
    NOT_A_COUNT = "不是大于 0 的整数", "请填写 1 到 {limit} 之间的整数"
    AMOUNT_TOO_LARGE = "金额超过 1000 万元", "请核对金额和单位"
    BUDGET_TOO_LARGE = "预算超过 10 亿元", "请核对金额和单位"
    YUAN = "金额看不懂", "请以元为单位填写，最多两位小数，例如 12.50"
    ZERO = "金额是 0", "请填写大于 0 的金额"
    STATUS = "在职状态看不懂", "请填写在职或离职；留空表示在职"
    DISCOUNT = "折扣看不懂，或者有两种理解", "请写成 8.5 或 8.5折，表示按原价的 85% 付款"
    CATEGORY = "没有这种商户类别", "请填写其中之一，或者留空：{categories}"
    OFFER_KIND = (
        "没有这种优惠类型",
        "请填写{kinds}之一，或者直接写 8.5折、满100减20、立减5元",
    )
    OFFER_PHRASE = "优惠内容看不懂", "请写成 8.5折、满100减20、每满100减20、立减5元、买2赠1 这样的说法"
    WEEKDAYS = "星期看不懂", "请写成 周一至周五、周末 或 周一、周三；留空就是每天"
    HOURS = "时段看不懂，或者从几点到几点是一样的", "请写成 11:00-14:00，几段之间用顿号隔开，最多 6 段"
    SPANS = (
        "日期看不懂，或者后一天早于前一天",
        "请写成 春节 2027-02-10至2027-02-17，几段之间用分号隔开，最多 30 段",
    )
    PARTY = "同行人数看不懂", "请填写仅本人、整桌，或者连本人最多几人，例如 4人；留空就是不限定"
    YES_OR_NO = "既不是“是”也不是“否”", "请填写是或否；留空就是否"
    NOT_FOR_KIND = "类型是{kind}，这一格却填了内容", "请清空这一格，或者更正类型"

    # --- a row against its own file and the store ---
    TWICE = "与第 {others} 行重复", "请只保留一行"
    UNKNOWN_ZONE = "没有代码为 {code} 的片区", "请核对代码，或者先导入片区"
    ZONE_IN_CIRCLE = "片区的上级绕了一圈又回到自己", "请更正上级代码"
    PARENT_NOT_TAKEN = "上级 {code} 所在的行没有通过", "请先改好上级那一行，和本行一起导入"
    UNKNOWN_ENTERPRISE = "没有这家企业", "请核对统一社会信用代码，或者先导入企业"
    LEAVES_BEFORE_JOINING = "离职日期早于入职日期", "请核对两个日期"
    STILL_EMPLOYED = "在职的员工填了离职日期", "请把在职状态改为离职，或者清空离职日期"
    EMPLOYMENTS_OVERLAP = "与此前的任职时间重叠", "请核对入职日期和离职日期"
    PHONE_TAKEN = (
        "这个手机号已登记在另一份在职记录或另一个人名下",
        "请核对号码；刚换单位的，请原单位先办离职；也可以先留空",
    )
    PHONE_OF_DEPENDANT = (
        "这个手机号是一位员工家属的",
        "请本人先在手机的“家属”页面退出，再导入这一行；也可以先留空",
    )
    PHONE_AT_OTHER_STAFF_NO = (
        "这个手机号已登记在本企业的工号 {staff_no} 下",
        "请核对工号；开头的 0 被表格软件去掉的，请把该列设为文本后重填",
    )
    ANOTHER_PERSON = (
        "这个工号现在属于另一个人（姓名和手机号都不同）",
        "工号已经转给新员工的，请先把原来的人导入为离职，再导入新员工",
    )
    UNKNOWN_OUTLET = "找不到编号为 {code} 的门店", "请核对门店编号，或者先导入门店"
    AMBIGUOUS_OUTLET = (
        "有 {merchants} 家商户都有编号为 {code} 的门店",
        "请加一列『商户统一社会信用代码』，填写门店所属企业",
    )
    DISCOUNT_ABOVE_GROSS = "优惠大于原价", "请核对这两个金额"
    SUM = "原价不等于优惠加实付", "请核对这三个金额"
    FUTURE = "核销时间晚于现在", "请核对日期和时间"
    UNKNOWN_STAFF = "该企业没有这个工号", "请核对工号，或者先导入花名册"
    NOT_EMPLOYED_THEN = "该工号在核销当日不在职", "请核对工号和核销时间，或者更正花名册的入职、离职日期"
    ENTERPRISE_WITHOUT_ZONE = "该企业在核销当日没有片区", "请重新导入企业，生效日期填写得早一些"
    OUTLET_WITHOUT_ZONE = "该门店在核销当日没有片区", "请重新导入门店，生效日期填写得早一些"
    UNKNOWN_OFFER = "该商户没有编号为 {code} 且已批准的优惠", "请核对优惠编号；没有对应优惠的可以留空"
    CHANGED_FACT = "这个流水号已经导入过，内容不同", "核销一经记录不能改写，改动请走冲正"
    RESERVED_CODE = "这个优惠编号是系统保留的", "请换一个优惠编号"
    OFFER_WITHDRAWN = "这个优惠已经撤回", "请换一个优惠编号"
    OFFER_ENDS_BEFORE_START = "结束日期早于开始日期", "请核对两个日期"
    OFFER_OVER = "结束日期已经过去", "请填写今天或以后的日期"
    OFF_ABOVE_THRESHOLD = "减的金额大于满的金额", "请核对这两个金额"
    TICKET_ABOVE_FACE = "门票价高于票面价", "请核对这两个价格"
    OFFER_NEVER = "按这一格，有效期里没有一天能用", "请核对有效期、星期和不可用日期"
    IN_AND_OUT = "同一个单位既在适用里又在不适用里", "请去掉一处"
    EXCLUSIVE_OVERLAPS = (
        "与“{other}”的日期和门店重叠，两个都写明不同享",
        "请改日期、门店，或者把其中一个改为可同享",
    )
    LIMIT_ABOVE = "{column}大于{other}", "请核对这两个数，或者清空其中一格"
    FORBIDDEN_WORDS = "广告法第九条不许用“{word}”这样的词", "请换个说法"
    COMPARED_WITHOUT_BASIS = "名称里拿{word}作比较，却没有依据", "请改掉名称，或者在网页上提交并写明依据"
    ABOVE_MARKET_PRICE = "联盟价比网页上填过的市场价还高", "请核对价格，或者在网页上修改市场价"
    LIMIT_BELOW_USED = "已经用掉的比这个数多", "请改大一些；不想再给的，请撤回这个优惠"
    TWO_LIMITS = "与{other}说的不一样", "请只填一列，这两列是一个意思"
