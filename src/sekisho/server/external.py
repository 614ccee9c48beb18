"""A PostgreSQL server that somebody else runs: is it fit for the barrier?"""

from __future__ import annotations

import psycopg

from sekisho.kernel.errors import EnvironmentFault

# Earlier releases have row-level-security defects that the barrier relies on not being there.
OLDEST = (18, 4)
_FACTS = """
select current_setting('server_version_num')::int,
       exists (select from pg_available_extensions where name = 'btree_gist'),
       (select rolsuper from pg_roles where rolname = current_user),
       (select rolcreaterole from pg_roles where rolname = current_user)
         and pg_has_role(current_user, d.datdba, 'usage'),
       pg_encoding_to_char(d.encoding)
  from pg_database d
 where d.datname = current_database()
"""


class UnfitServer(EnvironmentFault):
    """The server given by URL cannot carry the barrier; the message lists every reason."""


def check_external(*, conninfo: str) -> None:
    """Raise `UnfitServer` with all that is missing: version, extension, rights, encoding."""
    try:
        with psycopg.connect(conninfo, connect_timeout=10) as connection:
            row = connection.execute(_FACTS).fetchone()
    except psycopg.OperationalError as fault:
        reason = str(fault).strip()
        raise UnfitServer(
            f"データベースサーバーに接続できません: {reason}",
            f"The database server cannot be reached: {reason}",
        ) from fault
    if row is None:
        raise UnfitServer("データベースサーバーが応答しません。", "The database server does not answer.")
    found = faults(*row)
    if found:
        raise UnfitServer("".join(ja for ja, _ in found), " ".join(en for _, en in found))


def faults(
    version: int, btree_gist: bool, superuser: bool, owner: bool, encoding: str
) -> list[tuple[str, str]]:
    """Return what is wrong with a server of these properties, in Japanese and English."""
    oldest = ".".join(str(part) for part in OLDEST)
    found = f"{version // 10000}.{version % 10000}"
    checks = [
        (
            (version // 10000, version % 10000) >= OLDEST,
            f"PostgreSQL {found} です。{oldest} 以上が必要です。",
            f"It is PostgreSQL {found}; {oldest} or later is needed.",
        ),
        (
            btree_gist,
            "拡張 btree_gist がありません(Debian では postgresql-contrib)。",
            "The extension btree_gist is missing (on Debian, postgresql-contrib).",
        ),
        (
            superuser or owner,
            "接続した利用者に、スーパーユーザー権限、または CREATEROLE とデータベースの所有権が必要です。",
            "The connecting role must be a superuser, or have CREATEROLE and own the database.",
        ),
        (
            encoding == "UTF8",
            f"文字コードが {encoding} です。UTF8 が必要です。",
            f"Its encoding is {encoding}, not UTF8.",
        ),
    ]
    return [(ja, en) for fine, ja, en in checks if not fine]
