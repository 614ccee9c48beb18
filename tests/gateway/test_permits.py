"""Permits and cases: what can be given, what ends when."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from area import POINT, door, now, who

from sekisho.barrier import actions
from sekisho.barrier.compiler import WORKER
from sekisho.registry import gates as registry
from sekisho.settings.deploy import login_conninfo
from sekisho.settings.home import Home

GIVEN: dict[str, Any] = {
    "person": "new", "audience": "operator", "company": "TD", "purpose": "safety", "start": date(2026, 1, 1), "end": None, "by": "guard",
    "reason": "異動",
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"purpose": "sales"}, "no purpose"),
        ({"person": "New Person"}, "not a person's name"),
        ({"by": "new"}, "to themselves"),
        ({"reason": " "}, "reason"),
        ({"end": date(2026, 1, 1)}, "after the start"),
        ({"purpose": "disaster"}, "needs a case"),
        ({"case_no": "DIS-2026-001"}, "takes no case"),
        ({"purpose": "disaster", "case_no": "DIS-2026-999"}, "not open"),
    ],
)
def test_a_permit_that_cannot_be_given_says_why(facts: str, changed: dict[str, Any], words: str) -> None:
    with psycopg.connect(facts) as conn, pytest.raises(actions.UnableToGrant, match=words):
        actions.grant_permit(conn, **(GIVEN | changed))


def test_two_permits_of_one_purpose_do_not_overlap(facts: str) -> None:
    with psycopg.connect(facts) as conn:
        actions.grant_permit(conn, **GIVEN | {"end": date(2026, 6, 1)})
        actions.grant_permit(conn, **GIVEN | {"start": date(2026, 6, 1)})
        with pytest.raises(actions.UnableToGrant, match="already has"):
            actions.grant_permit(conn, **GIVEN | {"start": date(2026, 7, 1)})


def test_a_transfer_ends_access_on_its_day(facts: str, home: Home) -> None:
    today = datetime.now(UTC).date() + timedelta(days=1)
    with psycopg.connect(facts, autocommit=True) as conn, door(facts, home, "operator") as gateway:
        assert (
            actions.transfer(conn, person="clerk", on=today + timedelta(days=1), by="guard", now=now()) == 1
        )
        assert gateway.read(registry.FIND_BY_POINT, who("clerk"), now=now(), value=POINT)
        conn.execute(
            "update barrier.permit set valid = daterange(lower(valid), current_date - 1) where person = 'clerk'"
        )
        assert gateway.read(registry.FIND_BY_POINT, who("clerk"), now=now(), value=POINT) == []


def test_disaster_access_ends_by_itself_and_is_reviewed_by_another(facts: str, home: Home) -> None:
    from sekisho.barrier.ticket import Caller

    caller = Caller(
        audience="operator", company="TD", person="clerk", purpose="disaster", case_no="DIS-2026-001"
    )
    with psycopg.connect(facts, autocommit=True) as conn, door(facts, home, "operator") as gateway:
        actions.open_case(
            conn,
            case_no="DIS-2026-001",
            purpose="disaster",
            title="台風",
            hours=48,
            by="guard",
            now=now() - timedelta(hours=1),
        )
        actions.grant_permit(
            conn, **GIVEN | {"person": "clerk", "purpose": "disaster", "case_no": "DIS-2026-001"}
        )
        party = registry.OPERATOR_POINT[1]
        assert [row.name for row in gateway.read(party, caller, now=now(), point=POINT)] == [
            "佐藤花子",
            "山田太郎",
        ]
        with pytest.raises(actions.UnableToOpenCase, match="still open"):
            actions.review_case(conn, case_no="DIS-2026-001", note="適正", by="other", now=now())
        conn.execute(
            "update barrier.case_file set valid = tstzrange(lower(valid), now() - interval '1 minute')"
        )
        assert gateway.read(party, caller, now=now(), point=POINT) == []
        with pytest.raises(actions.UnableToOpenCase, match="cannot review"):
            actions.review_case(
                conn, case_no="DIS-2026-001", note="適正", by="guard", now=now() + timedelta(days=1)
            )
        actions.review_case(
            conn, case_no="DIS-2026-001", note="適正", by="other", now=now() + timedelta(days=1)
        )
        with pytest.raises(actions.UnableToOpenCase, match="has reviewed"):
            actions.review_case(
                conn, case_no="DIS-2026-001", note="適正", by="third", now=now() + timedelta(days=1)
            )


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"case_no": "台風19号"}, "looks like"),
        ({"title": ""}, "title"),
        ({"hours": 0}, "hour"),
        ({"hours": 337}, "14 days"),
    ],
)
def test_a_case_that_cannot_be_opened_says_why(facts: str, changed: dict[str, Any], words: str) -> None:
    opened = {
        "case_no": "DIS-2026-001",
        "purpose": "disaster",
        "title": "台風",
        "hours": 48,
        "by": "guard",
        "now": now(),
    } | changed
    with psycopg.connect(facts) as conn, pytest.raises(actions.UnableToOpenCase, match=words):
        actions.open_case(conn, **opened)


# --- 起案→承認, as the worker

DRAFTED = {**GIVEN, "now": now()}


@pytest.fixture
def worker(facts: str, home: Home) -> Iterator[psycopg.Connection[Any]]:
    """The worker's own connection: it owns nothing, so the database's rules hold for it."""
    with psycopg.connect(facts, autocommit=True) as conn:
        conn.execute(f'grant connect on database "{conn.info.dbname}" to {WORKER}')
    with psycopg.connect(login_conninfo(facts, home, WORKER), autocommit=True) as conn:
        yield conn


def test_two_people_give_a_permit(worker: psycopg.Connection[Any]) -> None:
    draft = actions.draft_permit(worker, **DRAFTED)
    with pytest.raises(actions.UnableToDecideDraft, match="their own draft"):
        actions.approve_draft(worker, draft_no=draft, by="guard", now=now())
    permit_no = actions.approve_draft(worker, draft_no=draft, by="other", now=now())
    found = worker.execute(
        "select person, purpose, lower(valid), granted_by, drafted_by from barrier.permit where permit_no = %s",
        [permit_no],
    ).fetchone()
    assert found == ("new", "safety", date(2026, 1, 1), "other", "guard")
    with pytest.raises(actions.UnableToDecideDraft, match="has decided"):
        actions.approve_draft(worker, draft_no=draft, by="third", now=now())


def test_whoever_is_served_does_not_approve(worker: psycopg.Connection[Any]) -> None:
    draft = actions.draft_permit(worker, **DRAFTED)
    with pytest.raises(actions.UnableToDecideDraft, match="for themselves"):
        actions.approve_draft(worker, draft_no=draft, by="new", now=now())


def test_two_drafts_of_the_same_days_give_one_permit(worker: psycopg.Connection[Any]) -> None:
    one, two = actions.draft_permit(worker, **DRAFTED), actions.draft_permit(worker, **DRAFTED)
    actions.approve_draft(worker, draft_no=one, by="other", now=now())
    with pytest.raises(actions.UnableToGrant, match="already has"):
        actions.approve_draft(worker, draft_no=two, by="other", now=now())
    assert worker.execute("select state from barrier.draft where draft_no = %s", [two]).fetchone() == (
        "drafted",
    )


def test_the_installations_way_is_closed_to_the_worker(worker: psycopg.Connection[Any]) -> None:
    with pytest.raises(actions.UnableToGrant, match="drafted, and approved"):
        actions.grant_permit(worker, **GIVEN)


_DRAFT_ROW = (
    "insert into barrier.draft (kind, purpose, reason, person, audience, company, valid, drafted_by, drafted_at, state, decided_by, decided_at, note)"
    " values ('permit', 'safety', '異動', 'new', 'operator', 'TD', '[2026-01-01,)', 'guard', now(), {state}) returning draft_no"
)
_PERMIT_ROW = (
    "insert into barrier.permit (person, audience, company, purpose, valid, reason, granted_by, draft_no, drafted_by)"
    " select {person}, audience, company, purpose, {valid}, reason, {by}, draft_no, drafted_by from barrier.draft order by draft_no desc limit 1"
)


def _permit_row(person: str = "person", valid: str = "valid", by: str = "decided_by") -> str:
    return _PERMIT_ROW.format(person=person, valid=valid, by=by)


@pytest.mark.parametrize(
    "statement",
    [
        "insert into barrier.permit (person, audience, company, purpose, valid, granted_by) values ('new', 'operator', 'TD', 'safety', '[2026-01-01,)', 'guard')",
        _permit_row(),  # of a draft that waits
        _DRAFT_ROW.format(state="'approved', 'other', now(), ''"),  # born approved
        "update barrier.draft set state = 'approved', decided_by = 'guard', decided_at = now()",
        "update barrier.draft set state = 'approved', decided_by = 'new', decided_at = now()",
        "update barrier.draft set state = 'rejected', decided_by = 'other', decided_at = now()",
        "update barrier.draft set state = 'withdrawn', decided_by = 'other', decided_at = now()",
        "update barrier.draft set person = 'friend'",
        "delete from barrier.draft",
        "update barrier.permit set person = 'friend'",
        "update barrier.permit set valid = '[2016-04-01,)' where person = 'ended'",
        "update barrier.permit set ended_at = null, ended_by = null where person = 'ended'",
        "delete from barrier.permit",
        "insert into barrier.case_file (case_no, purpose, title, opened_by, opened_at, valid)"
        " values ('DIS-2026-009', 'disaster', '台風', 'guard', now(), tstzrange(now(), now() + interval '1 hour'))",
    ],
)  # fmt: skip
def test_the_database_refuses_the_worker_what_two_people_did_not_decide(
    facts: str, worker: psycopg.Connection[Any], statement: str
) -> None:
    with psycopg.connect(facts, autocommit=True) as owner:
        owner.execute(
            "insert into barrier.permit (person, audience, company, purpose, valid, granted_by, ended_at, ended_by)"
            " values ('ended', 'operator', 'TD', 'safety', '[2020-01-01,2021-01-01)', 'test', now(), 'guard')"
        )
    actions.draft_permit(worker, **DRAFTED)
    with pytest.raises(psycopg.errors.CheckViolation):
        worker.execute(statement.encode())


@pytest.mark.parametrize("changed", [{"person": "'friend'"}, {"valid": "'[2016-04-01,)'"}, {"by": "'third'"}])
def test_a_permit_says_what_was_approved(worker: psycopg.Connection[Any], changed: dict[str, str]) -> None:
    draft = actions.draft_permit(worker, **DRAFTED)
    with pytest.raises(psycopg.errors.CheckViolation), worker.transaction():
        worker.execute(
            "update barrier.draft set state = 'approved', decided_by = 'other', decided_at = now() where draft_no = %s",
            [draft],
        )
        worker.execute(_permit_row(**changed).encode())


def test_a_case_is_opened_by_two_and_ends_as_drafted(worker: psycopg.Connection[Any]) -> None:
    asked = {
        "case_no": "DIS-2026-002",
        "purpose": "disaster",
        "title": "台風",
        "hours": 5,
        "reason": "停電",
        "by": "guard",
    }
    draft = actions.draft_case(worker, **asked, now=now() - timedelta(hours=2))
    with pytest.raises(actions.UnableToDecideDraft, match="their own draft"):
        actions.approve_draft(worker, draft_no=draft, by="guard", now=now())
    approved = now()
    assert actions.approve_draft(worker, draft_no=draft, by="other", now=approved) == "DIS-2026-002"
    found = worker.execute(
        "select opened_by, approved_by, lower(valid), upper(valid) from barrier.case_file"
    ).fetchone()
    assert found == ("guard", "other", approved, approved + timedelta(hours=5)), (
        "the hours begin with the approval"
    )
    with pytest.raises(psycopg.errors.CheckViolation):
        worker.execute(
            "update barrier.case_file set valid = tstzrange(lower(valid), upper(valid) + interval '1 hour')"
        )
