"""The addresses of information security."""

from django.urls import path

from sekisho.barrier import gates as barrier
from sekisho.ledger import gates as ledger
from sekisho.ledger import state
from sekisho.ledger.scope import gates as scope
from sekisho.surfaces.kit.oversight import bundles
from sekisho.surfaces.kit.oversight.passages import PassageGates
from sekisho.surfaces.kit.oversight.urls import Gates, OwnPages, patterns
from sekisho.surfaces.kit.pages import Link
from sekisho.surfaces.kit.speech import Text
from sekisho.surfaces.security_web.views import administration, answering, granting, scoping, watching
from sekisho.work.bundles import SECURITY as BUNDLES

GATES = Gates(
    PassageGates(ledger.PASSAGES, ledger.PASSAGES_OF_POINT),
    barrier.PERMITS,
    barrier.CASES,
    barrier.DRAFTS,
    barrier.CERTIFICATES,
    scoping.FINDING_GATES,
    scope.REVIEWS,
)
OWN: OwnPages = {
    "permits": granting.permits,
    "cases": granting.cases,
    "case": granting.case,
    "drafts": granting.drafts,
    "draft": granting.draft,
    "scoping": scoping.scoping,
    "finding": scoping.finding,
    "reviews": scoping.reviews,
}
NAVIGATION = (
    Link("dashboard", Text("概況", "Overview"), also=("submission", "secret")),
    Link("passages", Text("閲覧記録", "Passages"), also=("passage",)),
    bundles.NAVIGATION,
    Link("unusual", Text("いつもと違う閲覧", "Unusual reading")),
    Link(
        "scoping",
        Text("範囲調査", "Leak scoping"),
        also=(
            "finding",
            "finding_part",
            "customers_copy",
            "new_question",
            "new_replay",
            "new_disclosure",
            "export_finding",
            "finding_files",
            "scope_submission",
        ),
    ),
    Link(
        "reviews",
        Text("点検待ち", "Review queue"),
        also=("decide_review", "look_for_unusual", "draw_sample", "watched", "watch_point"),
    ),
    Link("drafts", Text("起案と承認", "Drafts"), also=("draft", "decide_draft", "grant_submission")),
    Link("permits", Text("利用権限", "Permits"), also=("draft_permit", "end_permit", "transfer")),
    Link(
        "accounts",
        Text("アカウント", "Accounts"),
        also=("person", "create_account", "change_account", "create_client", "end_client"),
    ),
    Link("cases", Text("災害案件", "Cases"), also=("case", "draft_case", "review_case")),
    Link("certificate", Text("証明書", "Certificate"), also=("one_certificate",)),
    Link("matrix", Text("開示の一覧表", "Matrix")),
    Link("gates", Text("画面・処理の台帳", "Gates")),
    Link("submissions", Text("管理操作", "Administration")),
)
urlpatterns = [
    path("", watching.dashboard, name="dashboard"),
    path("unusual/", watching.unusual_reading, name="unusual"),
    path("unusual/file/", watching.unusual_file, name="unusual_file"),
    *patterns(GATES, OWN),
    *bundles.patterns(BUNDLES, state.LAG_CHANGES),
    path("permits/new/", granting.draft_permit, name="draft_permit"),
    path("permits/transfer/", granting.transfer, name="transfer"),
    path("permits/<int:permit_no>/end/", granting.end_permit, name="end_permit"),
    path("cases/new/", granting.draft_case, name="draft_case"),
    path("cases/<case_no:case_no>/review/", granting.review_case, name="review_case"),
    path("drafts/<int:draft_no>/<slug:decision>/", granting.decide_draft, name="decide_draft"),
    path("drafts/submissions/<uuid:command_no>/", granting.grant_submission, name="grant_submission"),
    path("accounts/", administration.accounts, name="accounts"),
    path("accounts/new/", administration.create_account, name="create_account"),
    path("accounts/clients/new/", administration.create_client, name="create_client"),
    path("accounts/clients/<str:person>/end/", administration.end_client, name="end_client"),
    path(
        "accounts/<slug:audience>/<str:person>/<slug:change>/",
        administration.change_account,
        name="change_account",
    ),
    path("people/<str:person>/", administration.person, name="person"),
    path("submissions/", administration.submissions, name="submissions"),
    path("submissions/<uuid:command_no>/", administration.submission, name="submission"),
    path("submissions/<uuid:command_no>/secret/", administration.secret, name="secret"),
    path("scoping/new/", scoping.new_question, name="new_question"),
    path("scoping/what-if/", answering.new_replay, name="new_replay"),
    path("scoping/disclosures/new/", answering.new_disclosure, name="new_disclosure"),
    path("scoping/files/", answering.finding_files, name="finding_files"),
    path("scoping/files/<uuid:export_no>/", answering.finding_zip, name="finding_zip"),
    path("scoping/<int:finding_no>/files/new/", answering.export_finding, name="export_finding"),
    path("scoping/submissions/<uuid:command_no>/", scoping.scope_submission, name="scope_submission"),
    path("reviews/look/", scoping.look_for_unusual, name="look_for_unusual"),
    path("reviews/sample/", scoping.draw_sample, name="draw_sample"),
    path("reviews/<int:review_no>/", scoping.decide_review, name="decide_review"),
    path("watched/", scoping.watched, name="watched"),
    path("watched/new/", scoping.watch_point, name="watch_point"),
]
