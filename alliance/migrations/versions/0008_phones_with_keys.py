"""phones with keys of their own, and signing keys that are published ahead and retired

Revision: 0008
Revises: 0007
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "pass_devices",
        sa.Column("key_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("pass_id", IDENTITY, nullable=False),
        sa.Column("public", sa.LargeBinary(length=65), nullable=False),
        sa.Column("user_agent", sa.String(length=200), nullable=False),
        sa.Column("enrolled_at", MOMENT, nullable=False),
        sa.Column("sign_in_id", sa.Uuid(), nullable=False),
        sa.Column("replaces_id", sa.LargeBinary(length=32), nullable=True),
        sa.ForeignKeyConstraint(["pass_id"], ["passes.id"], name=op.f("fk_pass_devices_pass_id_passes")),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["pass_devices.key_id"], name=op.f("fk_pass_devices_replaces_id_pass_devices")
        ),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_pass_devices")),
    )
    op.create_index(op.f("ix_pass_devices_pass_id"), "pass_devices", ["pass_id"])
    op.create_table(
        "device_revocations",
        sa.Column("key_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by_id", IDENTITY, nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"], ["accounts.id"], name=op.f("fk_device_revocations_by_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["key_id"], ["pass_devices.key_id"], name=op.f("fk_device_revocations_key_id_pass_devices")
        ),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_device_revocations")),
    )
    op.create_table(
        "device_credentials",
        sa.Column("status_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["key_id"], ["pass_devices.key_id"], name=op.f("fk_device_credentials_key_id_pass_devices")
        ),
        sa.PrimaryKeyConstraint("status_index", name=op.f("pk_device_credentials")),
    )
    op.create_index(op.f("ix_device_credentials_key_id"), "device_credentials", ["key_id"])
    op.create_index(op.f("ix_device_credentials_expires_at"), "device_credentials", ["expires_at"])
    _make_again(
        [
            sa.Column("id", sa.LargeBinary(length=32), nullable=False),
            *_columns(),
            sa.Column("signs_from", MOMENT, nullable=False),
        ],
        "id",
        lambda row: {"id": _thumbprint(row["public"]), **row, "signs_from": row["created_at"]},
    )
    op.create_index(op.f("ix_signing_keys_kid"), "signing_keys", ["kid"])
    op.create_table(
        "signing_key_retirements",
        sa.Column("key_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by_id", IDENTITY, nullable=True),
        sa.ForeignKeyConstraint(
            ["by_id"], ["accounts.id"], name=op.f("fk_signing_key_retirements_by_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["key_id"], ["signing_keys.id"], name=op.f("fk_signing_key_retirements_key_id_signing_keys")
        ),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_signing_key_retirements")),
    )


def downgrade() -> None:
    op.drop_table("signing_key_retirements")
    _make_again(_columns(), "kid", lambda row: {column.name: row[column.name] for column in _columns()})
    op.drop_table("device_credentials")
    op.drop_table("device_revocations")
    op.drop_table("pass_devices")


def _columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("kid", sa.LargeBinary(length=8), nullable=False),
        sa.Column("public", sa.LargeBinary(length=65), nullable=False),
        sa.Column("sealed", sa.LargeBinary(length=300), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
    ]


def _make_again(
    columns: list[sa.Column[Any]], key: str, change: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> None:
    """The table of signing keys with another primary key, which no ALTER can give it on both databases."""
    connection = op.get_bind()
    old = sa.Table("signing_keys", sa.MetaData(), autoload_with=connection)
    rows = [dict(row) for row in connection.execute(sa.select(old)).mappings()]
    op.drop_table("signing_keys")
    made = op.create_table(
        "signing_keys", *columns, sa.PrimaryKeyConstraint(key, name=op.f("pk_signing_keys"))
    )
    if rows:
        op.bulk_insert(made, [change(row) for row in rows])


def _thumbprint(point: bytes) -> bytes:
    """RFC 9679: SHA-256 over the COSE_Key {1: 2, -1: 1, -2: x, -3: y}."""
    return hashlib.sha256(
        bytes.fromhex("a401022001215820") + point[1:33] + bytes.fromhex("225820") + point[33:]
    ).digest()
