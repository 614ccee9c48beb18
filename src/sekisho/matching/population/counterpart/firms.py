"""Firms, associations, sole proprietors and devices: what they are called and how that is written."""

from dataclasses import dataclass

from .dice import Dice, Urn, urn
from .people import People, Person
from .places import Places, Town
from .shares import SHARE
from .spelling import FULL, HALF, LARGE, Pen, Penman, Written, in_script, slipped
from .words import (
    DEVICE_FIRMS,
    DEVICES,
    FIRM_FRONTS,
    FORMS,
    LETTERS,
    MANAGERS,
    PUBS,
    SECTORS,
    SOLE_TRADES,
)

SECTOR_URN = urn({
    "trade": 0.44, "shop": 0.24, "clinic": 0.08, "welfare": 0.05, "school": 0.03, "temple": 0.05, "civic": 0.11,
})  # fmt: skip
LOCAL = ("school", "temple", "civic")  # called after their town
CHAIN_SIZES = 0.9  # Zipf exponent: a few firms with hundreds of shops, many with two or three


@dataclass(slots=True, eq=False)
class Firm:
    """One legal person or business over all its addresses; readings in full-width katakana."""

    party: int
    form: str
    before: bool
    core: str
    kana: str
    number: str | None = None
    owner: Person | None = None
    old: tuple[str, str, str] | None = None
    renamed_on: int = 0

    def called(self, day: int) -> tuple[str, str, str]:
        """Form, name and reading on a day (ordinal)."""
        return self.old if self.old and day < self.renamed_on else (self.form, self.core, self.kana)


@dataclass(slots=True, eq=False)
class Device:
    """One lamp, signal or machine: its owner's name and what it is, with readings."""

    tag: str
    owner: tuple[str, str]
    what: tuple[str, str]
    serial: str = ""


def corporate_number(serial: int) -> str:
    """A number with a valid check digit in a series that no registry office has (99…)."""
    base = f"99{serial % 10**10:010d}"
    total = sum(int(c) * (1 if i % 2 == 0 else 2) for i, c in enumerate(reversed(base)))
    return f"{9 - total % 9}{base}"


class Firms:
    """Founds firms; keeps the chains whose shops stand all over the area."""

    def __init__(self, dice: Dice, people: People, places: Places, *, records: int) -> None:
        self._dice = dice
        self._people = people
        self._places = places
        chains = [
            self._founded(dice.pick(("shop", "shop", "trade", "welfare")))
            for _ in range(max(3, records // 900))
        ]
        self._chains = Urn(chains, [(rank + 1.0) ** -CHAIN_SIZES for rank in range(len(chains))])
        self._managers = [self._manager(front) for front in MANAGERS for _ in range(1 + records // 60_000)]

    def _manager(self, name: tuple[str, str]) -> Firm:
        town = self._places.town()
        return self._firm("株", town.name + name[0], town.kana + name[1])

    def manager(self) -> Firm:
        """A firm that manages rented flats."""
        return self._dice.pick(self._managers)

    def _firm(self, form: str, core: str, kana: str) -> Firm:
        dice = self._dice
        party = self._people.party()
        number = corporate_number(party) if form and dice.chance(SHARE["number_known"]) else None
        before = form not in ("協",) and dice.chance(0.62 if form in ("株", "有", "同") else 1.0)
        return Firm(party, form, before, core, kana, number)

    def _founded(self, sector: str) -> Firm:
        forms, tails = SECTORS[sector]
        front, kana = self._front(sector)
        tail, tail_kana = self._dice.pick(tails)
        if sector == "trade" and self._dice.chance(0.25):
            tail, tail_kana = "", ""
        return self._firm(urn(forms).draw(self._dice), front + tail, kana + tail_kana)

    def _front(self, sector: str) -> tuple[str, str]:
        dice = self._dice
        roll = dice.roll()
        if sector in LOCAL or roll < 0.14:
            town = self._places.town()
            return town.name, town.kana
        if roll < 0.44:
            name = self._people.stranger(woman=0.0)
            return (
                (name.family.spelling, name.family.kana) if name.origin == "japan" else dice.pick(FIRM_FRONTS)
            )
        if roll < 0.52:
            letters = "".join(dice.pick("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(dice.between(2, 3)))
            return letters.translate(FULL), "".join(LETTERS[c] for c in letters)
        front, kana = dice.pick(FIRM_FRONTS)
        if roll < 0.75:
            more, their = dice.pick(FIRM_FRONTS)
            return front + more, kana + their
        return front, kana

    def firm(self) -> tuple[Firm, tuple[str, str]]:
        """A firm at a site, and the name of its branch there ("" at its only site)."""
        dice = self._dice
        if dice.chance(SHARE["chain"]):
            return self._chains.draw(dice), ("?", "")
        if dice.chance(SHARE["sole"]):
            return self._sole(), ("", "")
        return self._founded(SECTOR_URN.draw(dice)), ("", "")

    def branch(self, town: Town) -> tuple[str, str]:
        """A branch named after its town or city."""
        dice = self._dice
        kinds = (
            ("店", "テン"),
            ("店", "テン"),
            ("営業所", "エイギョウショ"),
            ("支店", "シテン"),
            ("工場", "コウジョウ"),
            ("センター", "センター"),
        )
        kind, kana = dice.pick(kinds)
        return town.name + kind, town.kana + kana

    def _sole(self) -> Firm:
        """A sole proprietor: the trade name is the surname and the trade, or a fancy."""
        dice = self._dice
        owner = self._people.stranger(woman=0.3)
        while owner.origin != "japan":
            owner = self._people.stranger(woman=0.3)
        if dice.chance(0.4):
            core, kana = dice.pick(PUBS)
        else:
            trade, said = dice.pick(SOLE_TRADES)
            core, kana = owner.family.spelling + trade, owner.family.kana + said
        return Firm(self._people.party(), "", True, core, kana, owner=owner)

    def owned_by(self, person: Person) -> Firm:
        """The small company of somebody who lives in the same house."""
        trade, said = self._dice.pick(SECTORS["trade"][1])
        return self._firm(
            "有" if self._dice.chance(0.4) else "株",
            person.family.spelling + trade,
            person.family.kana + said,
        )

    def association(self, building: str, kana: str) -> Firm:
        """The owners' association of a block of flats."""
        tail, said = self._dice.pick(
            (("管理組合", "カンリクミアイ"), ("管理組合法人", "カンリクミアイホウジン"))
        )
        return self._firm("", building + tail, kana + said)

    def rename(self, firm: Firm, day: int) -> None:
        """Another form or another name from a day (ordinal) on; the firm stays the same."""
        if firm.old or firm.owner:
            return
        firm.old, firm.renamed_on = (firm.form, firm.core, firm.kana), day
        if firm.form == "有":
            firm.form = "株"
        else:
            tail = self._dice.pick(
                (("ホールディングス", "ホールディングス"), ("ジャパン", "ジャパン"), ("グループ", "グループ"))
            )
            firm.core, firm.kana = firm.core + tail[0], firm.kana + tail[1]

    def device(self, town: Town) -> Device:
        """A device of the town's."""
        tag, _, owner, what, kana = DEVICE_URN.draw(self._dice)
        return Device(tag, self._owner(owner, town), (what, kana))

    def _owner(self, owner: str, town: Town) -> tuple[str, str]:
        short, kana = town.city, town.city_kana
        cut = short.find("郡") + 1
        if owner == "firm":
            return self._dice.pick(DEVICE_FIRMS)
        if owner == "town":
            return town.name + "自治会", town.kana + "ジチカイ"
        if owner == "police":
            return town.prefecture + "警察本部", PREFECTURE_KANA.get(town.prefecture, "") + "ケイサツホンブ"
        office, said = self._dice.pick(
            (
                ("", ""),
                ("", ""),
                ("役所" if short[-1] in "市区" else "役場", "ヤクショ" if short[-1] in "市区" else "ヤクバ"),
            )
        )
        return short[cut:] + office, kana.removeprefix(PREFECTURE_KANA.get(town.prefecture, "")).split(
            "グン"
        )[-1] + said


DEVICE_URN = Urn(DEVICES, [device[1] for device in DEVICES])
PREFECTURE_KANA = {
    "大阪府": "オオサカフ", "兵庫県": "ヒョウゴケン", "京都府": "キョウトフ", "滋賀県": "シガケン", "奈良県": "ナラケン", "和歌山県": "ワカヤマケン",
    "福井県": "フクイケン", "三重県": "ミエケン",
}  # fmt: skip


class FirmPenman:
    """Writes the names of firms and devices."""

    def __init__(self, dice: Dice, penman: Penman) -> None:
        self._dice = dice
        self._penman = penman

    def firm(self, firm: Firm, branch: tuple[str, str], pen: Pen, day: int) -> Written:
        """The firm's name as this card has it."""
        if firm.owner:
            return self._sole(firm, firm.owner, pen, day)
        dice = self._dice
        form, core, kana = firm.called(day)
        marks: list[str] = []
        shown = form if not dice.chance(SHARE["form_omitted"]) else ""
        before = firm.before != dice.chance(SHARE["form_misplaced"])
        site = branch if branch[0] and dice.chance(SHARE["branch_written"]) else ("", "")
        if site[0]:
            marks.append("branch")
        said = self._said(form, kana, before=before) + site[1]
        if pen.script == "kanji":
            return Written(self._kanji(shown, core, site[0], pen, before=before), "kanji", said, marks)
        if dice.chance(SHARE["kana_slip"]):
            kana = slipped(kana, dice)
            marks.append("kana_slip")
        return Written(self._kana(shown, kana, site[1], pen, before=before), pen.script, said, marks)

    def _said(self, form: str, kana: str, *, before: bool) -> str:
        legal = FORMS[form][5] if form else ""
        return legal + kana if before else kana + legal

    def _kanji(self, form: str, core: str, site: str, pen: Pen, *, before: bool) -> str:
        dice = self._dice
        gap = "　" if dice.chance(0.25) else ""
        legal = FORMS[form][dice.pick((0, 0, 0, 1, 1, 2))] if form else ""
        if legal and dice.chance(0.25):
            legal = legal.replace("（", "(").replace("）", ")")
        if dice.chance(0.12):
            core = core.translate(HALF_WIDTH_LATIN)
        name = legal + gap + core if before else core + gap + legal
        return name + (pen.gap or ("　" if dice.chance(0.6) else "")) + site if site else name

    def _kana(self, form: str, kana: str, site: str, pen: Pen, *, before: bool) -> str:
        dice = self._dice
        if not form:
            legal = ""
        elif dice.chance(0.85):
            legal = FORMS[form][3 if before else 4]
            legal = legal if pen.script.startswith("half") else wide(legal)
        else:
            legal = in_script(FORMS[form][5], pen)
        text = in_script(kana, pen)
        name = legal + text if before else text + legal
        return (
            name + (" " if pen.script.startswith("half") else "　") + in_script(site, pen) if site else name
        )

    def _sole(self, firm: Firm, owner: Person, pen: Pen, day: int) -> Written:
        dice = self._dice
        roll = dice.roll()
        person = self._penman.person(owner, pen, day)
        trade = firm.core if pen.script == "kanji" else in_script(firm.kana, pen)
        if roll < SHARE["owner_only"]:
            return Written(person.text, person.script, person.kana, ["owner_only"])
        if roll < SHARE["owner_only"] + SHARE["owner_named"]:
            gap = (
                "　代表　"
                if pen.script == "kanji" and dice.chance(0.3)
                else "　"
                if pen.script in ("kanji", "full")
                else " "
            )
            return Written(
                trade + gap + person.text, pen.script, firm.kana + "　" + person.kana, ["owner_named"]
            )
        return Written(trade, pen.script, firm.kana, [])

    def device(self, device: Device, pen: Pen) -> Written:
        """The device's name: its owner and what it is, in either order."""
        dice = self._dice
        kana = device.owner[1] + device.what[1]
        first, second = (device.owner, device.what) if dice.chance(0.75) else (device.what, device.owner)
        if pen.script == "kanji":
            gap = dice.pick(("", "　", "　"))
            text = f"{first[0]}（{second[0]}）" if dice.chance(0.2) else first[0] + gap + second[0]
            return Written(text + device.serial, "kanji", kana, [])
        gap = " " if pen.script.startswith("half") else "　"
        return Written(
            in_script(first[1], pen) + gap + in_script(second[1], pen) + device.serial, pen.script, kana, []
        )


HALF_WIDTH_LATIN = {c: chr(c - 0xFEE0) for c in (*range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
WIDE = {
    ord(half): full
    for full, half in ((chr(k), v) for k, v in HALF.items())
    if len(half) == 1 and full not in "ヵヶヮ"
}


def wide(legal: str) -> str:
    """ｶ) as カ）."""
    for full, half in (("ド", "ﾄﾞ"), ("ガ", "ｶﾞ"), ("ザ", "ｻﾞ")):
        legal = legal.replace(half, full)
    return legal.translate(WIDE).translate(LARGE)
