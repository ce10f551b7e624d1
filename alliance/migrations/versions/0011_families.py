"""families: dependants come and go, cards on the sponsor's phone, and offers for some of them

Revision: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "dependant_removals",
        sa.Column("holder_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by_id", IDENTITY, nullable=True),
        sa.ForeignKeyConstraint(
            ["by_id"], ["accounts.id"], name=op.f("fk_dependant_removals_by_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["holder_id"], ["holders.id"], name=op.f("fk_dependant_removals_holder_id_holders")
        ),
        sa.PrimaryKeyConstraint("holder_id", name=op.f("pk_dependant_removals")),
    )
    op.create_table(
        "invitations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sponsor_id", IDENTITY, nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("accepted_by_id", IDENTITY, nullable=True),
        sa.ForeignKeyConstraint(
            ["accepted_by_id"], ["holders.id"], name=op.f("fk_invitations_accepted_by_id_holders")
        ),
        sa.ForeignKeyConstraint(
            ["sponsor_id"], ["holders.id"], name=op.f("fk_invitations_sponsor_id_holders")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("digest", name=op.f("uq_invitations_digest")),
    )
    op.create_index(op.f("ix_invitations_sponsor_id"), "invitations", ["sponsor_id"])
    with op.batch_alter_table("pass_devices") as batch_op:
        batch_op.add_column(sa.Column("carrier_id", sa.LargeBinary(length=32), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_pass_devices_carrier_id_pass_devices"), "pass_devices", ["carrier_id"], ["key_id"]
        )
        batch_op.create_index(op.f("ix_pass_devices_carrier_id"), ["carrier_id"])
    with op.batch_alter_table("offer_revisions") as batch_op:
        batch_op.add_column(
            sa.Column("audience", sa.String(length=10), nullable=False, server_default="everyone")
        )
    with op.batch_alter_table("offer_revisions") as batch_op:
        batch_op.alter_column("audience", existing_type=sa.String(length=10), server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("offer_revisions") as batch_op:
        batch_op.drop_column("audience")
    with op.batch_alter_table("pass_devices") as batch_op:
        batch_op.drop_index(op.f("ix_pass_devices_carrier_id"))
        batch_op.drop_constraint(op.f("fk_pass_devices_carrier_id_pass_devices"), type_="foreignkey")
        batch_op.drop_column("carrier_id")
    op.drop_index(op.f("ix_invitations_sponsor_id"), table_name="invitations")
    op.drop_table("invitations")
    op.drop_table("dependant_removals")
