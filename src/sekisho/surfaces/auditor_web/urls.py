"""The addresses of the auditor: nothing but reading."""

from django.urls import path

from sekisho.barrier import gates as barrier
from sekisho.ledger import gates as ledger
from sekisho.ledger import state
from sekisho.ledger.scope import gates as scope
from sekisho.surfaces.auditor_web import views
from sekisho.surfaces.kit.oversight import bundles
from sekisho.surfaces.kit.oversight.answers import FindingGates
from sekisho.surfaces.kit.oversight.passages import PassageGates
from sekisho.surfaces.kit.oversight.urls import Gates, patterns
from sekisho.surfaces.kit.pages import Link
from sekisho.surfaces.kit.speech import Text
from sekisho.work.bundles import AUDITOR as BUNDLES

GATES = Gates(
    PassageGates(ledger.AUDITOR_PASSAGES, ledger.AUDITOR_PASSAGES_OF_POINT),
    barrier.AUDITOR_PERMITS,
    barrier.AUDITOR_CASES,
    barrier.AUDITOR_DRAFTS,
    barrier.AUDITOR_CERTIFICATES,
    FindingGates(
        scope.AUDITOR_FINDINGS,
        scope.AUDITOR_FINDING_POINTS,
        scope.AUDITOR_FINDING_READERS,
        scope.AUDITOR_FINDING_READINGS,
    ),
    scope.AUDITOR_REVIEWS,
)
NAVIGATION = (
    Link("dashboard", Text("概況", "Overview")),
    Link("certificate", Text("証明書", "Certificate"), also=("one_certificate",)),
    Link("matrix", Text("開示の一覧表", "Matrix")),
    Link("gates", Text("画面・処理の台帳", "Gates")),
    Link("passages", Text("閲覧記録", "Passages"), also=("passage",)),
    bundles.NAVIGATION,
    Link("permits", Text("利用権限", "Permits")),
    Link("drafts", Text("起案と承認", "Drafts"), also=("draft",)),
    Link("cases", Text("災害案件", "Cases"), also=("case",)),
    Link("reviews", Text("閲覧の点検", "Reviews")),
    Link("scoping", Text("範囲調査", "Leak scoping"), also=("finding", "finding_part", "customers_copy")),
)
urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    *patterns(GATES),
    *bundles.patterns(BUNDLES, state.AUDITOR_LAG_CHANGES),
]
