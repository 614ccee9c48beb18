"""The surfaces: one process each, one audience each, one database login each.

`SEKISHO_SURFACE` names the one that a process serves. What a surface may know of accounts is the schema of its own audience.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Surface:
    """One surface. `login` calls the gates; `accounts` is the schema that its sign-in lives in (None: nobody signs in)."""

    code: str
    ja: str
    en: str
    audience: str
    login: str
    accounts: str | None
    signs_in: bool = True

    @property
    def package(self) -> str:
        """The package that holds its pages."""
        return f"sekisho.surfaces.{self.code}"


_ALL = (
    Surface(
        "retailer_web",
        "小売電気事業者ポータル",
        "Retailer portal",
        "retailer",
        "sekisho_retailer_web",
        "accounts_retailer",
    ),
    Surface(
        "retailer_api",
        "小売電気事業者 API",
        "Retailer API",
        "retailer",
        "sekisho_retailer_api",
        "accounts_api",
        signs_in=False,
    ),
    Surface(
        "operator_web",
        "託送業務",
        "Network operations",
        "operator",
        "sekisho_operator_web",
        "accounts_operator",
    ),
    Surface(
        "security_web",
        "情報管理・監視",
        "Information security",
        "security",
        "sekisho_security_web",
        "accounts_security",
    ),
    Surface("auditor_web", "監査", "Audit", "auditor", "sekisho_auditor_web", "accounts_auditor"),
    Surface(
        "public_web", "公開情報", "Public information", "public", "sekisho_public_web", None, signs_in=False
    ),
)

SURFACES = {surface.code: surface for surface in _ALL}
