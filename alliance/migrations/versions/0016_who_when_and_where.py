"""who may use an offer, when, and beside which others

Revision: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The default is for the rows there are; the application always says what it stores.
    op.add_column("offer_revisions", sa.Column("conditions", sa.JSON(), nullable=False, server_default="{}"))
    with op.batch_alter_table("offer_revisions") as batch_op:
        batch_op.alter_column(
            "conditions", existing_type=sa.JSON(), existing_nullable=False, server_default=None
        )


def downgrade() -> None:
    with op.batch_alter_table("offer_revisions") as batch_op:
        batch_op.drop_column("conditions")
