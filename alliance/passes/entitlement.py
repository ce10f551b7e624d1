"""What a pass entitles to on a day: the person behind it, the employer, the employer's zone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, bindparam, case, func, select
from sqlalchemy.orm import Session

from alliance.enterprises.models import Enterprise
from alliance.enterprises.placement import enterprise_zone_on
from alliance.passes.models import (
    CardRevocation,
    DeviceRevocation,
    Pass,
    PassDevice,
    PassRevocation,
    PrintedCard,
)
from alliance.people.employment import in_effect
from alliance.people.models import Employment, Holder, HolderKind
from alliance.refused import Reason, Refused
from alliance.store import ONE, run


@dataclass(frozen=True)
class Entitlement:
    """Everything a scan needs to know of a holder, as it stands on one business date.

    ``household_id`` is the holder id of the employee: the holder's own, or the sponsor's.
    """

    pass_id: int
    holder_id: int
    household_id: int
    holder_kind: HolderKind
    holder_name: str
    employer_id: int
    employer_name: str
    employer_zone_id: int


def entitlement(session: Session, pass_id: int, day: date) -> Entitlement:
    """What a pass entitles to; one statement. Raises Refused as ``read_entitlement`` does."""
    row = run(session, _OF_PASS, {"pass": pass_id, "day": day}).one_or_none()
    return read_entitlement(row)


def entitled(which: ColumnElement[bool], revoked_at: Any = PassRevocation.at) -> Select[*tuple[Any, ...]]:
    """A SELECT for ``read_entitlement``: of the pass that ``which`` names, on the parameter ``day``."""
    day, worker_id = bindparam("day", type_=Date), func.coalesce(Holder.sponsor_id, Holder.id)
    return (
        select(
            Pass.id,
            Holder.id,
            worker_id,
            Holder.kind,
            Holder.name,
            Enterprise.id,
            Enterprise.name,
            enterprise_zone_on(day, Enterprise.id),
            revoked_at,
        )
        .join(Holder, Holder.id == Pass.holder_id)
        .outerjoin(PassRevocation, PassRevocation.pass_id == Pass.id)
        .outerjoin(Employment, (Employment.holder_id == worker_id) & in_effect(day))
        .outerjoin(Enterprise, Enterprise.id == Employment.enterprise_id)
        .where(which)
        .order_by(Employment.starts_on.desc())
        .limit(ONE)
    )


def entitled_by_device(which: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """The same of the pass that a phone's key is bound to; a phone that is removed is revoked."""
    return (
        entitled(which, func.coalesce(PassRevocation.at, DeviceRevocation.at))
        .join(PassDevice, PassDevice.pass_id == Pass.id)
        .outerjoin(DeviceRevocation, DeviceRevocation.key_id == PassDevice.key_id)
    )


def entitled_by_card(which: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """The same of the pass whose printed card is shown.

    A card that is revoked, or names an employer for whom the holder works no more, is revoked.
    """
    works_elsewhere = case((Enterprise.id != PrintedCard.employer_id, PrintedCard.issued_at))
    return (
        entitled(which, func.coalesce(PassRevocation.at, CardRevocation.at, works_elsewhere))
        .join(PrintedCard, PrintedCard.pass_id == Pass.id)
        .outerjoin(CardRevocation, CardRevocation.cti == PrintedCard.cti)
    )


def read_entitlement(row: Sequence[Any] | None) -> Entitlement:
    """The entitlement in a row of ``entitled``.

    Raises Refused: unknown_key (no such pass, phone or card), revoked, not_entitled (no employment, or a
    placeless employer, on that day).
    """
    if row is None or row[0] is None:
        raise Refused(Reason.UNKNOWN_KEY)
    pass_id, holder_id, household_id, kind, name, employer_id, employer_name, zone_id, revoked_at = row
    if revoked_at is not None:
        raise Refused(Reason.REVOKED)
    if employer_id is None or zone_id is None:
        raise Refused(Reason.NOT_ENTITLED)
    return Entitlement(
        pass_id, holder_id, household_id, HolderKind(kind), name, employer_id, employer_name, zone_id
    )


_OF_PASS = entitled(Pass.id == bindparam("pass"))
#: How many columns ``read_entitlement`` reads.
SHOWN_COLUMNS = len(_OF_PASS.selected_columns)
