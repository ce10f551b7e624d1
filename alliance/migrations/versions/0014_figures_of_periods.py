"""figures are derived by day between zones, and by month, quarter and year for every table and report

Whatever was derived before is dropped: it is derived again from the facts, both ways.

Revision: 0014
Revises: 0013
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SUMS = ("redemptions", "gross_fen", "discount_fen", "paid_fen")


def sums(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def key(name: str, type_: sa.types.TypeEngine[Any] | None = None) -> sa.Column[Any]:
    return sa.Column(name, type_ or sa.BigInteger(), autoincrement=False, nullable=False)


def of_period(name: str, *keys: sa.Column[Any]) -> list[sa.schema.SchemaItem]:
    columns = [key("kind", sa.String(length=10)), key("first_day", sa.Date()), *keys]
    primary = sa.PrimaryKeyConstraint(*(column.name for column in columns), name=op.f(f"pk_{name}"))
    return [*columns, primary]


def cell() -> list[sa.Column[Any]]:
    return [
        *sums(*SUMS),
        sa.Column("holders", sa.BigInteger(), nullable=True),
        sa.Column("is_hidden", sa.Boolean(), nullable=False),
    ]


def upgrade() -> None:
    op.drop_table("day_figures")
    op.drop_table("month_flows")
    op.drop_table("derived_months")
    op.create_table(
        "derived_months",
        key("month", sa.Date()),
        sa.Column("through", sa.Date(), nullable=False),
        sa.Column("turn", sa.Uuid(), nullable=False),
        sa.Column("derived_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_derived_months")),
    )
    op.create_table(
        "day_flows",
        key("business_date", sa.Date()),
        key("employer_zone_id", IDENTITY),
        key("outlet_zone_id", IDENTITY),
        *sums(*SUMS),
        sa.ForeignKeyConstraint(
            ["employer_zone_id"], ["zones.id"], name=op.f("fk_day_flows_employer_zone_id_zones")
        ),
        sa.ForeignKeyConstraint(
            ["outlet_zone_id"], ["zones.id"], name=op.f("fk_day_flows_outlet_zone_id_zones")
        ),
        sa.PrimaryKeyConstraint(
            "business_date", "employer_zone_id", "outlet_zone_id", name=op.f("pk_day_flows")
        ),
    )
    op.create_table(
        "derived_periods",
        *of_period("derived_periods"),
        sa.Column("basis", sa.LargeBinary(length=32), nullable=False),
        sa.Column("derived_at", sa.DateTime(timezone=True), nullable=False),
    )
    sides = ("buyer_zone_id", "employer_id", "seller_zone_id", "merchant_id")
    op.create_table("period_flows", *of_period("period_flows", *map(key, sides)), *cell())
    op.create_table(
        "period_outlets",
        *of_period("period_outlets", key("seller_zone_id"), key("merchant_id"), key("outlet_id", sa.Uuid())),
        *cell(),
    )
    op.create_table(
        "period_offers",
        *of_period("period_offers", key("merchant_id"), key("offer_id", sa.Uuid())),
        *cell(),
    )
    op.create_table(
        "period_figures",
        *of_period("period_figures", key("axis", sa.String(length=10)), key("zone_id")),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("hidden", sa.JSON(), nullable=False),
    )


def downgrade() -> None:
    for table in ("period_figures", "period_offers", "period_outlets", "period_flows", "derived_periods"):
        op.drop_table(table)
    op.drop_table("day_flows")
    op.drop_table("derived_months")
    op.create_table(
        "derived_months",
        key("month", sa.Date()),
        sa.Column("through", sa.Date(), nullable=False),
        sa.Column("derived_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_derived_months")),
    )
    op.create_table(
        "day_figures",
        key("business_date", sa.Date()),
        key("merchant_id", IDENTITY),
        key("outlet_id", sa.Uuid()),
        key("outlet_zone_id", IDENTITY),
        key("employer_zone_id", IDENTITY),
        *sums(*SUMS),
        sa.ForeignKeyConstraint(
            ["employer_zone_id"], ["zones.id"], name=op.f("fk_day_figures_employer_zone_id_zones")
        ),
        sa.ForeignKeyConstraint(
            ["outlet_zone_id"], ["zones.id"], name=op.f("fk_day_figures_outlet_zone_id_zones")
        ),
        sa.PrimaryKeyConstraint(
            "business_date",
            "merchant_id",
            "outlet_id",
            "outlet_zone_id",
            "employer_zone_id",
            name=op.f("pk_day_figures"),
        ),
    )
    op.create_table(
        "month_flows",
        key("month", sa.Date()),
        key("outlet_zone_id", IDENTITY),
        key("employer_id", IDENTITY),
        key("merchant_id", IDENTITY),
        *sums("redemptions", "paid_fen"),
        sa.ForeignKeyConstraint(
            ["outlet_zone_id"], ["zones.id"], name=op.f("fk_month_flows_outlet_zone_id_zones")
        ),
        sa.PrimaryKeyConstraint(
            "month", "outlet_zone_id", "employer_id", "merchant_id", name=op.f("pk_month_flows")
        ),
    )
