"""What a merchant sells, as people say it."""

from flask_babel import gettext as _

from alliance.enterprises.models import Category


def category_words(category: str | None) -> str:
    """The name of a category; of None, that nobody has said."""
    words = {
        Category.DINING: _("餐饮"),
        Category.GROCERIES: _("食品百货"),
        Category.SHOPPING: _("购物"),
        Category.CARS: _("汽车"),
        Category.HEALTH: _("医疗健康"),
        Category.FITNESS: _("运动健身"),
        Category.EDUCATION: _("教育培训"),
        Category.LEISURE: _("文旅休闲"),
        Category.SERVICES: _("生活服务"),
        Category.OTHER: _("其他"),
    }
    return str(words[Category(category)] if category else _("未分类"))
