"""What somebody looks for among the offers, as the URL says it, and what there is to choose from."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from werkzeug.datastructures import MultiDict

from alliance.enterprises.models import Category
from alliance.web.category_words import category_words
from alliance.web.employee.offerings import Offering

#: The words of a search; longer than any title.
LONGEST = 60


@dataclass(frozen=True)
class Wanted:
    """The filters; what is empty does not matter. ``only`` is ``kept`` or ``new``."""

    q: str = ""
    category: str = ""
    zone: int | None = None
    merchant: int | None = None
    only: str = ""

    def but(self, **changes: Any) -> dict[str, Any]:
        """The arguments of a URL with these filters and other values of some."""
        return {name: value for name, value in asdict(replace(self, **changes)).items() if value}

    @property
    def is_anything(self) -> bool:
        """Whether anything is looked for."""
        return bool(self.but())

    def fits(self, offering: Offering) -> bool:
        """Whether an offer is what is looked for."""
        card = offering.card
        said = folded(f"{card.revision.title} {card.merchant}")
        return (
            all(folded(word) in said for word in self.q.split())
            and (not self.category or offering.category == self.category)
            and (self.zone is None or any(place.zone_id == self.zone for place in offering.places))
            and self.merchant in (None, card.revision.merchant_id)
            and (self.only != "kept" or offering.is_kept)
            and (self.only != "new" or offering.is_new)
        )


@dataclass(frozen=True)
class Choices:
    """What offers can be filtered by: names by value, in the order in which they are shown."""

    categories: Mapping[str, str]
    zones: Mapping[int, str]
    merchants: Mapping[int, str]
    kept: int
    new: int


def wanted(arguments: MultiDict[str, str]) -> Wanted:
    """The filters of a URL; what is none is left out, for nobody types them."""
    category, only = arguments.get("category", ""), arguments.get("only", "")
    return Wanted(
        q=" ".join(unicodedata.normalize("NFKC", arguments.get("q", "")).split())[:LONGEST],
        category=category if category in set(Category) else "",
        zone=arguments.get("zone", None, type=int),
        merchant=arguments.get("merchant", None, type=int),
        only=only if only in ("kept", "new") else "",
    )


def choices(found: Sequence[Offering]) -> Choices:
    """What there is to choose from among these offers; the zone of one's own employer comes first."""
    present = {offering.category for offering in found}
    places = sorted(
        (place for offering in found for place in offering.places),
        key=lambda place: (not place.is_near, place.zone_id),
    )
    merchants = {offering.key[0]: offering.card.merchant for offering in found}
    return Choices(
        {each.value: category_words(each) for each in Category if each in present},
        {place.zone_id: place.zone for place in places},
        dict(sorted(merchants.items(), key=lambda item: item[1])),
        sum(offering.is_kept for offering in found),
        sum(offering.is_new for offering in found),
    )


def folded(text: str) -> str:
    """Letters and digits alone, in half width and lower case: so much is compared."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))
