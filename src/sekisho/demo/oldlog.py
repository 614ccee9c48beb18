"""The view log of an older system with a planted leak, as the utility of the second incident had to search
by hand.

44 screens and 7 reports; on some of them the block against the affiliate was forgotten (`data/screens.csv`,
`faulty`). The affiliate's staff use them mostly for their own customers, and now and then for customers who
have left. The log says who looked at which point on which screen when; whose customer that was at the time
only the contract history says. The truth files say what a correct search must find, no view more or less.
"""

import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from sekisho.demo.clerk import Contract
from sekisho.demo.dice import Dice, Urn, stream
from sekisho.demo.lists import table
from sekisho.demo.retailers import AFFILIATE, LIBERALISED
from sekisho.registry.files import Cell, cell_text, write_cells

BLOCKED_AT_LAST = date(2022, 12, 13)
"""The day on which the leak was noticed; the log ends there, as the old system's did."""
VIEWS_PER_POINT = 15
MOST_VIEWS = 300_000
COMPANIES = {"1": "TD", "2": AFFILIATE.code, "3": "K0003"}
HEADER = (
    "照会日時",
    "社員番号",
    "会社区分",
    "所属",
    "端末番号",
    "画面ID",
    "供給地点特定番号",
    "お客さま番号",
    "処理結果",
)
DEPARTMENTS = {
    "1": ("配電営業所", "ネットワークサービス部", "給電制御所"),
    "2": ("営業部", "お客さまセンター", "法人営業部"),
    "3": ("システム保守",),
}
SHOWN, BLOCKED, NOTHING = "表示", "遮断", "該当なし"


@dataclass(frozen=True, slots=True)
class Screen:
    """A screen or report: which points it shows, which items, whether its block was forgotten."""

    code: str
    voltage: str
    kind: str
    items: tuple[str, ...]
    faulty: bool
    weight: float

    def shows(self, contract: Contract) -> bool:
        """Tell whether the screen is for points of this voltage and kind."""
        high = contract.point.use.voltage != "LV"
        return (self.voltage == "HV") == high and (self.kind == "generation") == contract.point.use.generates


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody with an employee number; `company` is the log's one-digit company code."""

    number: str
    company: str
    department: str
    terminal: str


@dataclass(frozen=True, slots=True)
class View:
    """One line of the log."""

    at: datetime
    viewer: Viewer
    screen: Screen
    point: str
    customer_no: str
    result: str
    contract: Contract | None
    former: Contract | None


def write_old_log(*, directory: Path, contracts: Sequence[Contract], seed: int, until: date) -> int:
    """Write the log, its mapping, the contract history and the truth; return the number of lines."""
    last = min(until, BLOCKED_AT_LAST)
    views = _Office(contracts, Dice(stream(seed=seed, name="old log")), last).views()
    _write(directory / "old_view_log.csv", HEADER, map(_line, views), "cp932")
    _write_history(directory / "contract_history.csv", contracts)
    _write_mapping(directory / "mapping.toml")
    leaks = [(number, view) for number, view in enumerate(views, start=1) if _leaked(view)]
    _write_leaks(directory / "truth_views.csv", leaks)
    found = _leaked_customers(leaks, until)
    _write(
        directory / "truth_customers.csv",
        list(found[0]) if found else ["contract_no"],
        _cells(found),
        "utf-8",
    )
    _write_summary(directory / "truth_summary.json", views, leaks, found)
    return len(views)


class _Office:
    """Works through some years at the old system's terminals."""

    def __init__(self, contracts: Sequence[Contract], dice: Dice, last: date) -> None:
        self.dice = dice
        self.last = last
        self.histories: dict[str, list[Contract]] = defaultdict(list)
        for contract in contracts:
            self.histories[contract.point.number].append(contract)
        self.points = sorted(self.histories)
        self.starts = {point: [c.start for c in history] for point, history in self.histories.items()}
        self.own = [c for c in contracts if c.holder == AFFILIATE.code and c.start < last]
        self.lost = [c for c in contracts if c.kind == "05" and c.holder != AFFILIATE.code and c.start < last]
        self.vacated = [c for history in self.histories.values() for c in _followed_by_nobody(history, last)]
        self.viewers = {
            company: self._hired(company, number) for company, number in (("1", 70), ("2", 45), ("3", 5))
        }
        screens = [_screen(row) for row in table("screens.csv")]
        self.screens: Callable[[Contract], Urn[Screen]] = _by_contract(screens)

    def views(self) -> list[View]:
        """Return the log in order of time, with some views on the very days of a switch."""
        wanted = min(MOST_VIEWS, VIEWS_PER_POINT * len(self.points))
        companies = Urn([("1", 0.55), ("2", 0.42), ("3", 0.03)])
        views = [self._view(self.dice.draw(companies)) for _ in range(wanted)]
        views += [view for contract in self.lost[:40] for view in self._around_switch(contract)]
        return sorted(views, key=lambda view: (view.at, view.viewer.number, view.screen.code, view.point))

    def _view(self, company: str) -> View:
        if company != "2":
            return self._look(company, self.dice.pick(self.points), self._workday(LIBERALISED, self.last))
        if self.lost and self.dice.chance(0.04):
            left = self.dice.pick(self.lost)
            day = self._workday(left.start, min(self.last, left.start + timedelta(days=90)))
            return self._look(company, left.point.number, day)
        if self.vacated and self.dice.chance(0.005):
            gone = self.dice.pick(self.vacated)
            day = gone.end or self.last
            return self._look(company, gone.point.number, self._workday(day, day + _FORTNIGHT))
        if self.dice.chance(0.01):
            return self._look(company, self.dice.pick(self.points), self._workday(LIBERALISED, self.last))
        own = self.dice.pick(self.own)
        end = min(self.last, (own.end or self.last) - timedelta(days=1))
        return self._look(company, own.point.number, self._workday(own.start, end))

    def _around_switch(self, contract: Contract) -> list[View]:
        """The day before still belongs to the old retailer, the day itself to the new one."""
        days = (contract.start - timedelta(days=1), contract.start)
        return [self._look("2", contract.point.number, day) for day in days if day <= self.last]

    def _workday(self, first: date, last: date) -> date:
        """Mostly Monday to Friday; a weekend day is thrown again once."""
        day = self.dice.day(first, max(first, last))
        return day if day.weekday() < 5 else self.dice.day(first, max(first, last))

    def _look(self, company: str, point: str, day: date) -> View:
        history = self.histories[point]
        place = bisect_right(self.starts[point], day) - 1
        former = history[place] if place >= 0 else None
        contract = former if former and former.covers(day) else None
        viewer = self.dice.pick(self.viewers[company])
        screen = self.dice.draw(self.screens(history[0]))
        clock = time(self.dice.draw(_HOURS), self.dice.whole(0, 59), self.dice.whole(0, 59))
        return View(
            at=datetime.combine(day, clock),
            viewer=viewer,
            screen=screen,
            point=point,
            customer_no=contract.customer_no if contract and self.dice.chance(0.8) else "",
            result=_result(company, screen, contract, former),
            contract=contract,
            former=former,
        )

    def _hired(self, company: str, count: int) -> list[Viewer]:
        return [
            Viewer(
                number=f"{company}{number:06d}",
                company=company,
                department=self.dice.pick(DEPARTMENTS[company]),
                terminal=f"T{company}{self.dice.digits(4)}",
            )
            for number in range(1001, 1001 + count)
        ]


_FORTNIGHT = timedelta(days=14)


def _followed_by_nobody(history: Sequence[Contract], last: date) -> list[Contract]:
    """Other retailers' contracts after which the point stood empty for a fortnight."""
    following = [contract.start for contract in history[1:]] + [date.max]
    return [
        contract
        for contract, start in zip(history, following, strict=True)
        if contract.end
        and contract.end + _FORTNIGHT <= min(start, last)
        and contract.holder != AFFILIATE.code
    ]


_HOURS = Urn([(hour, 1.0 if 9 <= hour < 17 else 0.25 if 8 <= hour < 20 else 0.01) for hour in range(24)])


def _result(company: str, screen: Screen, contract: Contract | None, former: Contract | None) -> str:
    """A sound screen blocks the affiliate; a faulty one shows who is there, or was there last."""
    if former is None:
        return NOTHING
    if company != "2" or screen.faulty:
        return SHOWN
    if contract is None:
        return NOTHING
    return SHOWN if contract.holder == AFFILIATE.code else BLOCKED


def _leaked(view: View) -> bool:
    last = view.contract or view.former
    foreign = last is not None and last.holder != AFFILIATE.code
    return view.viewer.company == "2" and view.result == SHOWN and foreign


def _by_contract(screens: Sequence[Screen]) -> Callable[[Contract], Urn[Screen]]:
    urns: dict[tuple[str, bool], Urn[Screen]] = {}

    def fitting(contract: Contract) -> Urn[Screen]:
        key = (contract.point.use.voltage, contract.point.use.generates)
        if key not in urns:
            urns[key] = Urn([(screen, screen.weight) for screen in screens if screen.shows(contract)])
        return urns[key]

    return fitting


def _screen(row: Mapping[str, str]) -> Screen:
    return Screen(
        code=row["screen"],
        voltage=row["voltage"],
        kind=row["kind"],
        items=tuple(row["items"].split()),
        faulty=row["faulty"] == "1",
        weight=float(row["weight"]),
    )


def _line(view: View) -> list[str]:
    """The old system writes points in groups, and times without a zone."""
    groups = [view.point[:2], *(view.point[at : at + 4] for at in range(2, 22, 4))]
    return [
        view.at.strftime("%Y/%m/%d %H:%M:%S"),
        view.viewer.number,
        view.viewer.company,
        view.viewer.department,
        view.viewer.terminal,
        view.screen.code,
        "-".join(groups),
        view.customer_no,
        view.result,
    ]


def _write_history(path: Path, contracts: Sequence[Contract]) -> None:
    header = ["point", "contract_no", "holder", "customer_no", "customer_kind", "valid_from", "valid_to"]
    rows = (
        [
            c.point.number,
            c.contract_no,
            c.holder,
            c.customer_no,
            c.entity.kind,
            cell_text(c.start),
            cell_text(c.end),
        ]
        for c in contracts
    )
    _write(path, header, rows, "utf-8")


def _write_mapping(path: Path) -> None:
    """Write how a reader finds its way: columns, codes, and the items of each screen."""
    columns = dict(
        zip(
            ("at", "person", "company", "department", "terminal", "screen", "point", "customer", "result"),
            HEADER,
            strict=True,
        )
    )
    rows = table("screens.csv")
    lines = [
        'format = "csv"',
        'encoding = "cp932"',
        'time_format = "%Y/%m/%d %H:%M:%S"',
        'time_zone = "Asia/Tokyo"',
        "",
        "[columns]",
        *(f"{name} = {_quoted(column)}" for name, column in columns.items()),
        "",
        "[results]",
        f"shown = [{_quoted(SHOWN)}]",
        "",
        "[companies]",
        *(f"{_quoted(code)} = {_quoted(company)}" for code, company in COMPANIES.items()),
        "",
        "[screens]",
        *(
            f"{row['screen']} = {{ name = {_quoted(row['name'])}, items = {_listed(row['items'])} }}"
            for row in rows
        ),
        "",
    ]
    path.write_text("\n".join(lines), encoding="utf-8")


def _write_leaks(path: Path, leaks: Sequence[tuple[int, View]]) -> None:
    header = [
        "line",
        "at",
        "person",
        "screen",
        "items",
        "point",
        "contract_no",
        "customer_no",
        "holder",
        "case",
    ]
    rows = ([str(number), *_leak_cells(view)] for number, view in leaks)
    _write(path, header, rows, "utf-8")


def _leak_cells(view: View) -> list[str]:
    seen = _seen(view)
    return [
        view.at.isoformat(sep=" "),
        view.viewer.number,
        view.screen.code,
        " ".join(view.screen.items),
        view.point,
        seen.contract_no,
        seen.customer_no,
        seen.holder,
        _case(view),
    ]


def _case(view: View) -> str:
    """`running`: the contract ran on that day. `vacant`: it had ended, and the screen still showed it."""
    return "running" if view.contract else "vacant"


def _seen(view: View) -> Contract:
    seen = view.contract or view.former
    if seen is None:
        raise ValueError("a leak without a contract")
    return seen


def _leaked_customers(leaks: Iterable[tuple[int, View]], until: date) -> list[dict[str, Cell]]:
    """Gather the leaked views by contract."""
    by_contract: dict[str, list[View]] = defaultdict(list)
    for _, view in leaks:
        by_contract[_seen(view).contract_no].append(view)
    return [_customer(views, until) for _, views in sorted(by_contract.items())]


def _customer(views: list[View], until: date) -> dict[str, Cell]:
    seen = _seen(views[0])
    return {
        "contract_no": seen.contract_no,
        "customer_no": seen.customer_no,
        "truth_id": seen.entity.truth_id,
        "kind": seen.entity.kind,
        "point": seen.point.number,
        "holder": seen.holder,
        "views": len(views),
        "views_while_running": sum(_case(view) == "running" for view in views),
        "persons": len({view.viewer.number for view in views}),
        "first": min(view.at for view in views).isoformat(sep=" "),
        "last": max(view.at for view in views).isoformat(sep=" "),
        "items": " ".join(sorted({item for view in views for item in view.screen.items})),
        "still_contracted": seen.covers(until),
    }


def _write_summary(
    path: Path, views: Sequence[View], leaks: Sequence[tuple[int, View]], found: Sequence[Mapping[str, Cell]]
) -> None:
    running = [row for row in found if row["views_while_running"]]
    summary = {
        "lines": len(views),
        "leaked_views": len(leaks),
        "leaked_views_while_running": sum(_case(view) == "running" for _, view in leaks),
        "contracts": len(found),
        "contracts_while_running": len(running),
        "persons_individual": len({row["truth_id"] for row in found if row["kind"] == "person"}),
        "viewers": len({view.viewer.number for _, view in leaks}),
        "blocked": sum(view.result == BLOCKED for view in views),
        "faulty_screens": sorted(row["screen"] for row in table("screens.csv") if row["faulty"] == "1"),
        "first_line": views[0].at.isoformat(sep=" "),
        "last_line": views[-1].at.isoformat(sep=" "),
    }
    path.write_text(json.dumps(summary, ensure_ascii=False, indent=1), encoding="utf-8")


def _cells(rows: Sequence[Mapping[str, Cell]]) -> Iterable[list[str]]:
    return ([cell_text(value) for value in row.values()] for row in rows)


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]], encoding: str) -> None:
    write_cells(header=header, rows=rows, path=path, encoding="cp932" if encoding == "cp932" else "utf-8")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _listed(items: str) -> str:
    return "[" + ", ".join(_quoted(item) for item in items.split()) + "]"
