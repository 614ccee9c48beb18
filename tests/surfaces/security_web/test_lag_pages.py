"""Who changed the lag beyond which gates refuse: in the pages of security and the auditor."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from sekisho.ledger.sequencer import Changer, set_max_lag
from surfaces.browser import SignedIn
from surfaces.staff import watcher, words

Owner = psycopg.Connection[Any]


@pytest.fixture
def changed(owner: Owner) -> Iterator[None]:
    before = owner.execute("select max_lag, sealed_through from ledger.seal").fetchone()
    assert before is not None
    changer = Changer(os_user="os.installer", by="江守　恵", reason="<証人>の停止")
    owner.execute("update ledger.seal set sealed_through = now() + interval '1 hour'")
    set_max_lag(connection=owner, max_lag=timedelta(seconds=4321), changer=changer)
    yield
    owner.execute("update ledger.seal set max_lag = %s, sealed_through = %s", before)


@pytest.mark.parametrize("audience", ["security", "auditor"])
def test_changes_of_the_lag_are_listed(
    signed_in: SignedIn, owner: Owner, changed: None, audience: str
) -> None:
    client = watcher(signed_in, owner, f"lag.{audience}", audience)
    assert "/bundles/lag/" in client.get("/bundles/").text
    page = client.get("/bundles/lag/")
    said = words(page)
    for word in ("4,321 秒", "江守", "os.installer", "<証人>の停止", owner.info.user):
        assert word in said
    assert "<証人>" not in page.text
