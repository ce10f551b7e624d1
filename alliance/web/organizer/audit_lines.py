"""Entries of the audit trail as the organizer reads them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.accounts.deeds import Deed
from alliance.clock import local
from alliance.enterprises.models import Outlet
from alliance.imports.fields import guarded
from alliance.web.audit_words import action_words, detail_words


@dataclass(frozen=True)
class AuditLine:
    """A deed in words; ``object`` is its id, or the name of a file."""

    deed: Deed
    who: str
    action: str
    object: str
    detail: str

    @property
    def redemption_id(self) -> UUID | None:
        """Which of the enterprise's redemptions it is about; an entry of anything else is about none."""
        kind, _colon, id_ = self.deed.subject.partition(":")
        return UUID(id_) if kind == "redemption" and self.deed.enterprise_id is not None else None

    @property
    def cells(self) -> tuple[str, ...]:
        """A row of the file, in the order of ``header``; nothing in it is taken for a formula."""
        deed = self.deed
        at = local(deed.at).strftime("%Y-%m-%d %H:%M:%S")
        enterprise, seal = deed.enterprise or "", str(deed.seal_number or "")
        cells = (at, self.who, self.action, self.object, enterprise, self.detail, deed.address, seal)
        return tuple(map(guarded, cells))


def header() -> tuple[str, ...]:
    """The first row of the file."""
    return (
        _("时间"), _("经办人"), _("操作"), _("对象"), _("企业"), _("内容"), _("网络地址"), _("封存号")
    )  # fmt: skip


def audit_lines(session: Session, deeds: Sequence[Deed]) -> Iterator[AuditLine]:
    """The deeds in words, their outlets by name."""
    outlets = _outlet_names(session, deeds)
    for deed in deeds:
        detail = dict(deed.detail)
        if "outlet" in detail:
            detail["outlet"] = outlets.get((deed.enterprise_id, detail["outlet"]), detail["outlet"])
        if "outlets" in detail:
            detail["outlets"] = [outlets.get((deed.enterprise_id, id_), id_) for id_ in detail["outlets"]]
        who = deed.phone or (_("令牌 %(name)s", name=deed.token) if deed.token else _("命令行"))
        kind, _colon, id_ = deed.subject.partition(":")
        yield AuditLine(deed, who, action_words(deed.action), id_ or kind, detail_words(detail))


def _outlet_names(session: Session, deeds: Sequence[Deed]) -> dict[tuple[int | None, str], str]:
    ids = {UUID(deed.detail["outlet"]) for deed in deeds if "outlet" in deed.detail}
    ids |= {UUID(id_) for deed in deeds for id_ in deed.detail.get("outlets", ())}
    if not ids:
        return {}
    rows = session.execute(select(Outlet.merchant_id, Outlet.id, Outlet.name).where(Outlet.id.in_(ids)))
    return {(row.merchant_id, str(row.id)): row.name for row in rows}
