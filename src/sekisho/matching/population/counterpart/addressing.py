"""How an address comes to stand in a file: each retailer's manner, and what its clerks leave out."""

from dataclasses import dataclass, replace

from .dice import Dice
from .places import House
from .shares import SHARE
from .spelling import FULL, Pen, in_script
from .words import TOWN_GLYPHS

DASHES = ("－", "-", "ー", "‐", "−", "―", "ｰ", "–")
ROADSIDE = ("先", "地先")
DIGITS = "〇一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class Manner:
    """A way to write addresses.

    lot: "long" 1丁目2番3号, "mid" 1丁目2-3, "short" 1-2-3, "kanji" 一丁目二番三号. room: "号室", "号", "" or "#".
    """

    prefecture: float
    lot: str
    wide: bool
    dash: str
    gap: str
    room: str
    oaza: bool
    joined_room: float


def manner(dice: Dice) -> Manner:
    """A manner as one firm might have settled on."""
    lot = "long" if dice.chance(0.25) else "mid" if dice.chance(0.40) else "short"
    wide = dice.chance(0.6)
    dash = "－" if wide and dice.chance(0.7) else "-" if dice.chance(0.75) else dice.pick(DASHES)
    return Manner(
        dice.pick((1.0, 1.0, 0.9, 0.0)), lot, wide, dash, dice.pick(("　", "　", " ", "")),
        dice.pick(("号室", "号", "", "", "号室")), dice.chance(0.4), dice.pick((0.0, 0.05, 0.15)),
    )  # fmt: skip


def deviating(manner_: Manner, dice: Dice) -> Manner:
    """The manner of a clerk who does it otherwise."""
    return replace(
        manner_, lot=dice.pick(("long", "mid", "short", "short", "kanji")), wide=dice.chance(0.5), dash=dice.pick(DASHES),
        room=dice.pick(("号室", "号", "", "#")), gap=dice.pick(("　", " ", "")), prefecture=dice.pick((1.0, 0.0)),
    )  # fmt: skip


def kanji_number(number: int) -> str:
    """12 as 十二, up to 9999."""
    text = ""
    for unit, name in ((1000, "千"), (100, "百"), (10, "十")):
        head, number = divmod(number, unit)
        if head:
            text += ("" if head == 1 else DIGITS[head]) + name
    return text + (DIGITS[number] if number else "")


class AddressPenman:
    """Writes addresses."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice

    def written(self, house: House, room: str, how: Manner, *, since: int) -> tuple[str, list[str]]:
        """The address of a room ("" for the whole house) and what happened to it; `since`: the card's day."""
        marks: list[str] = []
        if self._dice.chance(SHARE["card_deviates"]):
            how = deviating(how, self._dice)
        lot = self._slip(house, marks)
        text = self._area(house, how, since, marks) + self._lot(house, lot, how)
        return text + self._inside(house, room, how, marks), marks

    def in_kana(self, house: House, room: str) -> str:
        """The address as the old host printed it: half-width kana, hyphens."""
        town = house.town
        chome = f"{house.chome}-" if house.chome else ""
        lot = f"{chome}{house.ban}" + (f"-{house.go}" if house.go else "")
        area = in_script(town.city_kana + town.kana, Pen("half_bank", ""))
        inside = " " + in_script(house.building_kana, Pen("half_bank", "")) if house.building else ""
        return f"{area} {lot}{inside}" + (f" {room}" if room else "")

    def _slip(self, house: House, marks: list[str]) -> tuple[int, int]:
        if not self._dice.chance(SHARE["address_slip"]):
            return house.ban, house.go
        marks.append("address_slip")
        return (
            (house.ban + 1, house.go)
            if self._dice.chance(0.5) or not house.go
            else (house.ban, house.go % 70 + 1)
        )

    def _area(self, house: House, how: Manner, since: int, marks: list[str]) -> str:
        town = house.town
        city, name = town.city, self._town_name(town.name, marks)
        if (
            town.merger
            and since < town.merger.day
            and (town.merger.recent or self._dice.chance(SHARE["old_municipality"]))
        ):
            marks.append("old_municipality")
            city = town.merger.old
        prefecture = town.prefecture if self._dice.chance(how.prefecture) else ""
        if not prefecture and "郡" in city[:-1] and self._dice.chance(0.2):
            city = city[city.find("郡") + 1 :]
        street = house.street if house.street and self._dice.chance(SHARE["street_names"]) else ""
        if street:
            marks.append("street_names")
        oaza = "大字" if how.oaza and town.oaza else ""
        koaza = (
            ("字" if self._dice.chance(0.7) else "") + house.koaza
            if house.koaza and self._dice.chance(0.75)
            else ""
        )
        return f"{prefecture}{city}{street}{oaza}{name}{koaza}"

    def _town_name(self, name: str, marks: list[str]) -> str:
        """ケ・ヶ・が, ノ・の・之 and old characters as the clerk likes them."""
        for standard, others in TOWN_GLYPHS:
            if standard in name and self._dice.chance(0.3):
                marks.append("town_glyph")
                return name.replace(standard, self._dice.pick(others))
        return name

    def _number(self, number: int, how: Manner) -> str:
        return str(number).translate(FULL) if how.wide else str(number)

    def _lot(self, house: House, lot: tuple[int, int], how: Manner) -> str:
        ban, go = lot
        if house.chome:
            return self._block_lot(house.chome, ban, go, how)
        return self._plain_lot(ban, go, how)

    def _block_lot(self, chome: int, ban: int, go: int, how: Manner) -> str:
        c, b, g = (self._number(n, how) for n in (chome, ban, go))
        if how.lot == "kanji":
            return f"{kanji_number(chome)}丁目{kanji_number(ban)}番{kanji_number(go)}号"
        if how.lot == "long":
            chome_written = kanji_number(chome) if self._dice.chance(0.3) else c
            return f"{chome_written}丁目{b}番{g}号"
        if how.lot == "mid":
            return f"{c}丁目{b}{how.dash}{g}"
        return how.dash.join((c, b, g))

    def _plain_lot(self, ban: int, go: int, how: Manner) -> str:
        b, g = self._number(ban, how), self._number(go, how)
        if how.lot == "kanji":
            return f"{kanji_number(ban)}番地" + (f"の{kanji_number(go)}" if go else "")
        if how.lot == "long":
            return f"{b}番地" + (f"の{g}" if go and self._dice.chance(0.5) else g if go else "")
        if how.lot == "mid" and not go:
            return f"{b}番地"
        return f"{b}{how.dash}{g}" if go else b

    def _inside(self, house: House, room: str, how: Manner, marks: list[str]) -> str:
        """Building and room, or what is left of them."""
        if not house.building:
            return self._beside(room, how)
        dice = self._dice
        if not room:
            return how.gap + house.building if dice.chance(0.75) else ""
        written = self._room(house, room, how)
        roll = dice.roll()
        if roll < SHARE["room_left_out"]:
            marks.append("roomless")
            return how.gap + house.building if dice.chance(0.6) else ""
        if roll < SHARE["room_left_out"] + SHARE["building_left_out"] or dice.chance(how.joined_room):
            marks.append("buildingless")
            bare = self._number(int(room), how) if room.isdigit() else room
            wing = f"{house.wing}{how.dash}" if house.wing else ""
            return f"{how.dash}{wing}{bare}" if dice.chance(0.7) else (how.gap or "　") + written
        name = house.building_kana if dice.chance(0.015) else house.building
        between = how.gap or ("　" if name[-1].isdigit() or name[-1].isascii() else "")
        return f"{how.gap}{name}{between}{written}"

    def _room(self, house: House, room: str, how: Manner) -> str:
        number = self._number(int(room), how) if room.isdigit() else room
        wing = house.wing
        if wing and room.isdigit():
            number = f"{wing}棟{number}" if wing.isdigit() else f"{wing}{how.dash}{number}"
        if not room.isdigit():
            return number
        return f"#{number}" if how.room == "#" else number + how.room

    def _beside(self, room: str, how: Manner) -> str:
        """What follows a lot without a building: a floor, somebody else's house (様方), the roadside (地先)."""
        if room in ROADSIDE:
            return room if self._dice.chance(0.75) else ""
        return (how.gap or "　") + self._floor(room) if room else ""

    def _floor(self, room: str) -> str:
        return room.replace("F", self._dice.pick(("F", "階", "Ｆ"))) if room.endswith("F") else room
