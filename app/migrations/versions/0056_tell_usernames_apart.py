"""Let no two logins differ only in capitals: one signs in with any, so only one of them ever could."""

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0056"
down_revision = "0055"

_MOST = 50  # named in the message


def upgrade() -> None:
    """Apply the change; raises CommandError, naming them, while such logins are there."""
    twins = _twins(op.get_bind())
    if twins:
        more = f" (+{len(twins) - _MOST})" if len(twins) > _MOST else ""
        raise CommandError(
            "Logins that differ only in capitals must be told apart before this upgrade: rename all but one of each, "
            "with the release before, under “Tài khoản người dùng” (tên đăng nhập chỉ khác nhau ở chữ hoa, chữ thường; "
            f"hãy đổi tên trước khi nâng cấp): {'; '.join(twins[:_MOST])}{more}"
        )
    op.create_index("ux_ab_user_username_lower", "ab_user", [sa.text("lower(username)")], unique=True)


def downgrade() -> None:
    """Take the change back."""
    op.drop_index("ux_ab_user_username_lower", table_name="ab_user")


def _twins(connection: sa.Connection) -> list[str]:
    """Return "Hoa (12), hoa (40)" for each name that several logins have."""
    lower = "SELECT lower(username) FROM ab_user GROUP BY lower(username) HAVING count(*) > 1"
    query = f"SELECT lower(username), username, id FROM ab_user WHERE lower(username) IN ({lower}) ORDER BY 1, 3"  # noqa: S608
    found: dict[str, list[str]] = {}
    for name, username, number in connection.execute(sa.text(query)):
        found.setdefault(name, []).append(f"{username} ({number})")
    return [", ".join(names) for names in found.values()]
