"""printed cards, what is paid with them in a day, and scans that remember which card was shown

Revision: 0011
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0012"
branch_labels = None
depends_on = None

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
CARD = sa.LargeBinary(length=8)


def upgrade() -> None:
    op.create_table(
        "printed_cards",
        sa.Column("cti", CARD, nullable=False),
        sa.Column("pass_id", IDENTITY, nullable=False),
        sa.Column("employer_id", IDENTITY, nullable=False),
        sa.Column("status_index", sa.BigInteger(), nullable=False),
        sa.Column("key_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("issued_by_id", IDENTITY, nullable=True),
        sa.ForeignKeyConstraint(["pass_id"], ["passes.id"], name=op.f("fk_printed_cards_pass_id_passes")),
        sa.ForeignKeyConstraint(
            ["employer_id"], ["enterprises.id"], name=op.f("fk_printed_cards_employer_id_enterprises")
        ),
        sa.ForeignKeyConstraint(
            ["key_id"], ["signing_keys.id"], name=op.f("fk_printed_cards_key_id_signing_keys")
        ),
        sa.ForeignKeyConstraint(
            ["issued_by_id"], ["accounts.id"], name=op.f("fk_printed_cards_issued_by_id_accounts")
        ),
        sa.PrimaryKeyConstraint("cti", name=op.f("pk_printed_cards")),
        sa.UniqueConstraint("status_index", name=op.f("uq_printed_cards_status_index")),
    )
    for column in ("pass_id", "key_id", "expires_at"):
        op.create_index(op.f(f"ix_printed_cards_{column}"), "printed_cards", [column])
    op.create_table(
        "card_revocations",
        sa.Column("cti", CARD, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by_id", IDENTITY, nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["accounts.id"], name=op.f("fk_card_revocations_by_id_accounts")),
        sa.ForeignKeyConstraint(
            ["cti"], ["printed_cards.cti"], name=op.f("fk_card_revocations_cti_printed_cards")
        ),
        sa.PrimaryKeyConstraint("cti", name=op.f("pk_card_revocations")),
    )
    op.create_table(
        "card_spendings",
        sa.Column("holder_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("used_fen", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder_id"], ["holders.id"], name=op.f("fk_card_spendings_holder_id_holders")
        ),
        sa.PrimaryKeyConstraint("holder_id", "business_date", name=op.f("pk_card_spendings")),
    )
    with op.batch_alter_table("scans") as batch_op:
        batch_op.add_column(sa.Column("card_id", CARD, nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_scans_card_id_printed_cards"), "printed_cards", ["card_id"], ["cti"]
        )


def downgrade() -> None:
    with op.batch_alter_table("scans") as batch_op:
        batch_op.drop_constraint(op.f("fk_scans_card_id_printed_cards"), type_="foreignkey")
        batch_op.drop_column("card_id")
    op.drop_table("card_spendings")
    op.drop_table("card_revocations")
    op.drop_table("printed_cards")
