"""What a phone is called, as its browser describes itself."""

import re

from flask_babel import gettext

#: What stands in a User-Agent → what people call it.
_PLATFORMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Macintosh", "Mac"), ("Windows", "Windows"))
#: The model of an Android phone; newer browsers say K for every one.
_MODEL = re.compile(r"Android [\d.]+; (?:\w\w-\w\w; )?([^;)]+?)(?: Build[^;)]*)?[;)]")


def _(text: str, **params: object) -> str:
    return str(gettext(text, **params))


def device_words(user_agent: str) -> str:
    """``iPhone（微信）``, ``安卓手机 V2309A``; something true for every text."""
    device = _device(user_agent)
    return _("%(device)s（微信）", device=device) if "MicroMessenger" in user_agent else device


def _device(user_agent: str) -> str:
    for mark, name in _PLATFORMS:
        if mark in user_agent:
            return name
    if "OpenHarmony" in user_agent or "HarmonyOS" in user_agent:
        return _("鸿蒙手机")
    if "Android" in user_agent:
        model = _MODEL.search(user_agent)
        return _("安卓手机") + (f" {model[1]}" if model and model[1] != "K" else "")
    return _("其他设备")
