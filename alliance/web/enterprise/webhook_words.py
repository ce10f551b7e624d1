"""The words for deliveries and attempts."""

from collections.abc import Mapping

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from alliance.webhooks.models import Failure, WebhookAttempt

FAILURES: Mapping[Failure, LazyString] = {
    Failure.DNS: _l("域名无法解析"),
    Failure.ADDRESS_REFUSED: _l("域名指向内网或本机地址，未发送"),
    Failure.CONNECT: _l("连接不上"),
    Failure.TLS: _l("证书无效或与域名不符"),
    Failure.TIMEOUT: _l("15 秒内没有答复"),
    Failure.BROKEN: _l("连接中断"),
    Failure.SECRET_UNREADABLE: _l("密钥已失效，请更换密钥"),
}


def result_words(attempt: WebhookAttempt) -> str:
    """What an attempt came to: ``已接收（200）``, ``返回 500``, ``连接不上``."""
    status = attempt.status
    if status is None:
        return str(FAILURES[Failure(str(attempt.failure))])
    if 200 <= status < 300:
        return str(_("已接收（%(status)s）", status=status))
    if 300 <= status < 400:
        return str(_("返回 %(status)s（重定向，未跟随）", status=status))
    return str(_("返回 %(status)s", status=status))
