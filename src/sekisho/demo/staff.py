"""The utility's people with posts and transfers, contractors, and work orders."""

from collections.abc import Sequence
from datetime import date, timedelta

import jaconv

from sekisho.demo.accounts import accounts
from sekisho.demo.clerk import Contract, Row, Sheets
from sekisho.demo.dice import Dice, Urn, stream
from sekisho.demo.lists import lists, table
from sekisho.demo.names import NameBook, PersonName
from sekisho.demo.retailers import UTILITY_CODE

CONTRACTORS = [row["code"] for row in table("contractors.csv")]
STAFF_PER_THOUSAND_POINTS = 12
ORDERS_PER_THOUSAND_POINTS = 15


class Personnel:
    """Writes staff, postings, contractors and work orders into the sheets of the first part."""

    def __init__(self, *, seed: int, until: date, sheets: Sheets) -> None:
        self.dice = Dice(stream(seed=seed, name="staff"))
        self.until = until
        self.sheets = sheets
        self.names = NameBook(self.dice)
        self.posts = Urn([(row["post"], float(row["weight"])) for row in table("posts.csv")])
        self.taken: set[str] = set()

    def engage(self, contracts: Sequence[Contract], *, points: int) -> None:
        """Write everything; `points` is the size of the whole area, by which the staff grows slowly."""
        self._known_users()
        for _ in range(int(STAFF_PER_THOUSAND_POINTS * (points / 1000) ** 0.6) + 20):
            self._employee()
        self._contractors()
        self._work_orders([c for c in contracts if c.end is None], points)

    def _known_users(self) -> None:
        """Those who have accounts stand in the register like everybody else; retailers' people do not."""
        for user in accounts(until=self.until):
            self.taken.add(user.username)
            if user.company == UTILITY_CODE or user.company in CONTRACTORS:
                self._member(user.username, user.name, user.company)
                self._posting(user.username, user.post, user.valid_from, user.valid_until)
            if user.valid_until:
                self._posting(user.username, "葦原電力株式会社へ出向", user.valid_until, None)

    def _employee(self) -> None:
        """Somebody who joined after school and was transferred every few years."""
        born = self.until.year - self.dice.whole(23, 62)
        name = self.names.person(male=self.dice.chance(0.7), born=born)
        company = UTILITY_CODE if self.dice.chance(0.8) else self.dice.pick(CONTRACTORS)
        person = self._username(name)
        self._member(person, name.kanji, company)
        if company != UTILITY_CODE:
            start = self.dice.day(date(2018, 4, 1), self.until - timedelta(days=40))
            self._posting(person, "作業班", start, None)
            return
        start = date(max(born + 20, 2008), 4, 1)
        while True:
            end = date(start.year + self.dice.whole(2, 6), self.dice.pick((4, 7, 10)), 1)
            last = end >= self.until
            self._posting(person, self.dice.draw(self.posts), start, None if last else end)
            if last or self.dice.chance(0.05):
                return
            start = end

    def _username(self, name: PersonName) -> str:
        surname, given = (_romaji(kana) for kana in (name.surname_kana, name.given_kana))
        person = base = f"{given[:1]}.{surname}"
        number = 2
        while person in self.taken:
            person, number = f"{base}{number}", number + 1
        self.taken.add(person)
        return person

    def _member(self, person: str, name: str, company: str) -> None:
        self.sheets.add("staff", {"person": person, "name": name, "company": company})

    def _posting(self, person: str, post: str, start: date, end: date | None) -> None:
        row: Row = {"person": person, "post": post, "valid_from": start, "valid_to": end}
        self.sheets.add("postings", row)

    def _contractors(self) -> None:
        for row in table("contractors.csv"):
            self.sheets.add("contractors", {"code": row["code"], "name": row["name"]})

    def _work_orders(self, running: list[Contract], points: int) -> None:
        """Orders of the last months and the next weeks, one to a dozen points each."""
        tasks = next(line[1:] for line in lists("words.txt") if line[0] == "task")
        for number in range(1, max(8, ORDERS_PER_THOUSAND_POINTS * points // 1000) + 1):
            start = self.dice.day(self.until - timedelta(days=150), self.until + timedelta(days=20))
            order: Row = {
                "order_no": f"W-{start.year}-{number:05d}",
                "contractor": self.dice.pick(("K0001", "K0002", "K0004")),
                "task": self.dice.pick(tasks),
                "valid_from": start,
                "valid_to": start + timedelta(days=self.dice.whole(1, 30)),
            }
            size = self.dice.whole(1, 12)
            for point in sorted({self.dice.pick(running).point.number for _ in range(size)}):
                self.sheets.add("work_orders", {**order, "point": point})


def _romaji(kana: str) -> str:
    return "".join(c for c in jaconv.kana2alphabet(jaconv.kata2hira(kana)) if c.isascii() and c.isalpha())
