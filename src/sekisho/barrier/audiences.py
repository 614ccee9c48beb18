"""Audiences, their purposes, and the database logins that may speak for them."""

from dataclasses import dataclass
from enum import StrEnum


class RowRule(StrEnum):
    """Which rows of a table a purpose reaches. Each compiles to one condition without a join."""

    OWN_HOLDER = "own_holder"  # the row's holder is the viewer's company
    OWN_COMPANY = "own_company"  # the row's company is the viewer's company
    OWN_PERSON = "own_person"  # the viewer caused the row, in the same audience and company
    ASSIGNED = "assigned"  # the row's point stands in an open work order of the viewer's company
    WHOLE_AREA = "whole_area"  # every row, for a valid permit
    PUBLIC = "public"  # every row, for anyone with a ticket of the audience


@dataclass(frozen=True, slots=True)
class Purpose:
    """One purpose of one audience. `case_required`: a permit must name an open case (disaster access)."""

    audience: str
    code: str
    ja: str
    en: str
    basis: str
    case_required: bool = False

    @property
    def role(self) -> str:
        """The NOLOGIN role that owns this purpose's views and gates."""
        return f"seen_{self.audience}_{self.code}"

    @property
    def schema(self) -> str:
        """The schema of this purpose's views (PostgreSQL keeps role and schema names apart)."""
        return self.role


@dataclass(frozen=True, slots=True)
class Audience:
    """A kind of caller. `logins` are the database logins of its surfaces."""

    code: str
    ja: str
    en: str
    logins: tuple[str, ...]


AUDIENCES: tuple[Audience, ...] = (
    Audience("retailer", "小売電気事業者", "retailer", ("sekisho_retailer_web", "sekisho_retailer_api")),
    Audience("operator", "送配電部門", "network operator", ("sekisho_operator_web",)),
    Audience("contractor", "委託先", "contractor", ("sekisho_contractor_web",)),
    Audience("callcentre", "コールセンター", "call centre", ("sekisho_callcentre_web",)),
    Audience("security", "情報セキュリティ", "information security", ("sekisho_security_web",)),
    Audience("auditor", "監査・規制当局", "auditor and regulator", ("sekisho_auditor_web",)),
    Audience("public", "公開", "public", ("sekisho_public_web",)),
)

PURPOSES: tuple[Purpose, ...] = (
    Purpose(
        "retailer", "contract", "自社契約の管理", "own contracts", "託送供給等約款; 電気事業法23条1項1号"
    ),
    Purpose("operator", "wheeling", "託送", "wheeling", "電気事業法23条1項1号"),
    Purpose("operator", "switching", "スイッチング", "switching", "電気事業法23条1項1号"),
    Purpose("operator", "safety", "保安", "safety", "電気事業法26条の3, 57条"),
    Purpose("operator", "reading", "検針", "meter reading", "託送供給等約款"),
    Purpose("operator", "enquiry", "問合せ", "enquiry", "個人情報保護法18条"),
    Purpose("operator", "disaster", "災害", "disaster", "電気事業法34条", case_required=True),
    Purpose("contractor", "work", "受託作業", "entrusted work", "個人情報保護法25条"),
    Purpose("callcentre", "enquiry", "お客さま問合せ", "customer enquiry", "個人情報保護法25条"),
    Purpose("security", "oversight", "情報管理・監視", "oversight", "電気事業法23条の4"),
    Purpose("auditor", "audit", "監査", "audit", "電気事業法106条・107条"),
    Purpose("public", "public", "公開", "public", "公開情報"),
)

AUDIENCE = {audience.code: audience for audience in AUDIENCES}
PURPOSE = {(purpose.audience, purpose.code): purpose for purpose in PURPOSES}
LOGINS = tuple(login for audience in AUDIENCES for login in audience.logins)


def purposes_of(audience: str) -> tuple[Purpose, ...]:
    """The purposes of one audience, in the order in which a person chooses them."""
    return tuple(purpose for purpose in PURPOSES if purpose.audience == audience)
