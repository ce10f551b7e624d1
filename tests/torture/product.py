"""The product as the model sees it: deeds by plain names and numbers, each in a transaction of its own.

An outcome is a tuple of plain values, or No with the reason; so it can be compared with the model's. The
deeds are in ``product_*.py`` by theme, as the rules are.
"""

import sqlalchemy as sa

from alliance import schema
from tests.torture.product_books import Books
from tests.torture.product_counter import AtTheCounter
from tests.torture.product_offers_and_people import OffersAndPeople


class Product(OffersAndPeople, AtTheCounter, Books):
    """All deeds together."""


def wipe(engine: sa.Engine) -> None:
    """Every row of every table; self-references die with their table's one statement.

    The trail must have been left unguarded before.
    """
    with engine.begin() as connection:
        for table in reversed(schema.metadata.sorted_tables):
            connection.execute(sa.delete(table))
