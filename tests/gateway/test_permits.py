"""Permits and cases: what can be given, what ends when."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from area import NOW, POINT, door, who

from sekisho.barrier import actions
from sekisho.registry import gates as registry
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
        assert actions.transfer(conn, person="clerk", on=today + timedelta(days=1), by="guard", now=NOW) == 1
        assert gateway.read(registry.FIND_BY_POINT, who("clerk"), now=NOW, value=POINT)
        conn.execute(
            "update barrier.permit set valid = daterange(lower(valid), current_date - 1) where person = 'clerk'"
        )
        assert gateway.read(registry.FIND_BY_POINT, who("clerk"), now=NOW, value=POINT) == []


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
            now=NOW - timedelta(hours=1),
        )
        actions.grant_permit(
            conn, **GIVEN | {"person": "clerk", "purpose": "disaster", "case_no": "DIS-2026-001"}
        )
        party = registry.OPERATOR_POINT[1]
        assert [row.name for row in gateway.read(party, caller, now=NOW, point=POINT)] == [
            "佐藤花子",
            "山田太郎",
        ]
        with pytest.raises(actions.UnableToOpenCase, match="still open"):
            actions.review_case(conn, case_no="DIS-2026-001", note="適正", by="other", now=NOW)
        conn.execute(
            "update barrier.case_file set valid = tstzrange(lower(valid), now() - interval '1 minute')"
        )
        assert gateway.read(party, caller, now=NOW, point=POINT) == []
        with pytest.raises(actions.UnableToOpenCase, match="cannot review"):
            actions.review_case(
                conn, case_no="DIS-2026-001", note="適正", by="guard", now=NOW + timedelta(days=1)
            )
        actions.review_case(
            conn, case_no="DIS-2026-001", note="適正", by="other", now=NOW + timedelta(days=1)
        )
        with pytest.raises(actions.UnableToOpenCase, match="has reviewed"):
            actions.review_case(
                conn, case_no="DIS-2026-001", note="適正", by="third", now=NOW + timedelta(days=1)
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
        "now": NOW,
    } | changed
    with psycopg.connect(facts) as conn, pytest.raises(actions.UnableToOpenCase, match=words):
        actions.open_case(conn, **opened)
