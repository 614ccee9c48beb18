"""The retailer portal, page by page."""

from __future__ import annotations

from surfaces.browser import SignedIn


def test_the_portfolio_counts_only_ones_own(signed_in: SignedIn) -> None:
    page = signed_in("retailer_web", "r1").get("/")
    assert page.status_code == 200
    assert "甲電力株式会社" in page.text
