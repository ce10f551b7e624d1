"""a token of reports may be public: it reads what whoever is not the data officer may see

Tokens that are there see what they saw. A downgrade revokes the public ones, which would see more without it.

Revision: 0020
Revises: 0019
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "api_tokens", sa.Column("is_public", sa.Boolean(), server_default=sa.false(), nullable=False)
    )


def downgrade() -> None:
    tokens = sa.table(
        "api_tokens",
        sa.column("is_public", sa.Boolean()),
        sa.column("revoked_at", sa.DateTime(timezone=True)),
    )
    still_good = tokens.c.is_public & tokens.c.revoked_at.is_(None)
    op.execute(tokens.update().where(still_good).values(revoked_at=datetime.now(UTC)))
    op.drop_column("api_tokens", "is_public")
