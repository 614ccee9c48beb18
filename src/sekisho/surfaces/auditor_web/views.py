"""The auditor's first page."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from sekisho.barrier import gates as barrier
from sekisho.barrier.gateway import Page
from sekisho.ledger import gates as ledger
from sekisho.ledger import state
from sekisho.ledger.scope import gates as scope
from sekisho.surfaces.kit import asking
from sekisho.surfaces.kit.oversight.bundles import log_alarm
from sekisho.surfaces.kit.oversight.certificates import holds_badge
from sekisho.surfaces.kit.oversight.passages import COLUMNS
from sekisho.surfaces.kit.oversight.permits import is_running
from sekisho.surfaces.kit.pages import show
from sekisho.surfaces.kit.speech import Text
from sekisho.surfaces.kit.tables import table


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """The certificate, what waits for a decision, the newest finding and passages."""
    newest = next(iter(asking.read(request, barrier.AUDITOR_CERTIFICATES, newest=1)), None)
    cases, now = asking.read(request, barrier.AUDITOR_CASES), timezone.now()
    drafted = asking.page(request, barrier.AUDITOR_DRAFTS, Page("drafted", size=200), state="drafted")
    to_review = asking.page(request, scope.AUDITOR_REVIEWS, Page("day", size=200), open=True)
    findings = asking.page(request, scope.AUDITOR_FINDINGS, Page("at", descending=True, size=1))
    passages = asking.page(request, ledger.AUDITOR_PASSAGES, Page("at", descending=True, size=20))
    return show(
        request,
        "auditor_web/dashboard.html",
        log_alarm=log_alarm(request, state.AUDITOR_LOG_STATE),
        title=Text("監査の概況", "Overview"),
        certificate=newest,
        result=holds_badge(newest.holds) if newest else None,
        running=sum(is_running(row, now) for row in cases),
        drafted=len(drafted.rows),
        to_review=len(to_review.rows),
        finding=next(iter(findings.rows), None),
        waiting=sum(not is_running(row, now) and row.reviewed_at is None for row in cases),
        passages=table(
            Text("最近の閲覧", "Newest passages"),
            COLUMNS,
            passages.rows,
            empty=Text("記録はまだありません。", "There is no record yet."),
        ),
    )
