"""What a phone is called, as its browser describes itself."""

import re

from flask_babel import gettext as _

#: What stands in a User-Agent → what people call it.
_PLATFORMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Macintosh", "Mac"), ("Windows", "Windows"))
#: The model of an Android phone; newer browsers say K for every one.
_MODEL = re.compile(r"Android [\d.]+; (?:\w\w-\w\w; )?([^;)]+?)(?: Build[^;)]*)?[;)]")


def device_words(user_agent: str) -> str:
    """``iPhone（微信）``, ``安卓手机 V2309A``; something true for every text."""
    browser = _("（微信）") if "MicroMessenger" in user_agent else ""
    for mark, name in _PLATFORMS:
        if mark in user_agent:
            return name + browser
    if "OpenHarmony" in user_agent or "HarmonyOS" in user_agent:
        return _("鸿蒙手机") + browser
    if "Android" in user_agent:
        model = _MODEL.search(user_agent)
        named = f" {model[1]}" if model and model[1] != "K" else ""
        return _("安卓手机") + named + browser
    return _("其他设备") + browser
