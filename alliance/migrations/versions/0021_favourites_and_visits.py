"""what holders have put by, and when they last looked at the offers

Revision: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "favourites",
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("holder_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id", "offer_id"],
            ["offers.merchant_id", "offers.id"],
            name=op.f("fk_favourites_merchant_id_offer_id_offers"),
        ),
        sa.ForeignKeyConstraint(["holder_id"], ["holders.id"], name=op.f("fk_favourites_holder_id_holders")),
        sa.PrimaryKeyConstraint("merchant_id", "offer_id", "holder_id", name=op.f("pk_favourites")),
    )
    op.create_index(op.f("ix_favourites_holder_id"), "favourites", ["holder_id"])
    op.create_table(
        "offers_visits",
        sa.Column("holder_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("before", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["holder_id"], ["holders.id"], name=op.f("fk_offers_visits_holder_id_holders")
        ),
        sa.PrimaryKeyConstraint("holder_id", name=op.f("pk_offers_visits")),
    )


def downgrade() -> None:
    op.drop_table("offers_visits")
    op.drop_table("favourites")
