"""Names as written in the utility's files, cleaned and taken apart: who is named, and what else stands in
the field.

A name field holds more than a name: 様, 方, 旧姓 in brackets, a second person after ・, a shop before the owner. Each is
taken off and kept, so that the name itself can be compared. Work is done on distinct strings, column by column.
"""

from __future__ import annotations

import polars as pl

from sekisho.matching import (
    companies,
    devices,
    everyday,
    kana,
    keepers,
    kinds,
    notes,
    rarely,
    several,
    splitting,
    variants,
    wordbook,
    wrapping,
)
from sekisho.matching.kinds import COMPANY, DEVICE, PERSON
from sekisho.matching.lexicon import Lexicon

_SPACES = r"[\s\x{3000}\x{00A0}]+"
_WIDE_SPACE, _ODD_SPACE = "\u3000", r"[\s--[ ]]|  "
# (ヵ is how some keyboards write the bank's (カ.
_SMALL_MARK = r"(\()ヵ|ヵ(\))"
# 加藤 弘明宅, カトウ ヒロアキタク
_HOME = r"^([^ ]{2,} [^ ]{3,})タク$|^(.{1,6}[^住社])宅$"
_HOUSING = r"ジ[ユュ][ウー]タク$"
# ゆうげんがいしゃ はしもとこうぎょう
_FORM_IN_HIRAGANA = r"^[^\p{Han}]*(?:[かが]いしゃ|ほうじん|くみあい)[^\p{Han}]*$"
_ROMAN = {numeral: str(number) for number, numeral in enumerate("ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ", start=1)}
_KANA_DASH = r"([ァ-ヺー])[-‐‑–—−]"
# Whoever has one of these leads a company, and is not its customer.
_OFFICER = (
    r"^(.{2,}?)[ (](?:代表取締役|取締役社長|代表社員|代表理事|理事長|組合長|ダイヒ[ヨョ]ウトリシマリヤク|リジチ[ヨョ]ウ)[社長:) ]*"
    r"(?:[^ )]{1,7} ?){0,2}\)?$"
)
_TITLED = r"取締|代表社員|理事|組合長|トリシマリヤク|リジチ"
_KANA_WORD = r"^[ぁ-ゖァ-ヺー]+$"
_TWO_NAMES = r"^([^ \d]{1,6}) ([^ \d]{1,5})$"
_ANY_KANA = r"[ぁ-ゖァ-ヺー]"
_MANY_WORDS = r"[.,'-]| .* "
_NOTHING = pl.lit(None, dtype=pl.String)
_COLUMNS = (
    *("kind", "sure", "key", "written", "surname", "given", "full", "surname_sound", "given_sound"),
    *("former", "partner", "host", "shop", "words", "form", "guessed"),
)


def parse(names: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """One row for each row of `names` (columns name, kana), in order.

    kind, sure (was the kind recognised or only assumed), key (equal for equal names), surname and given (kanji,
    folded), full (sound of the whole name or null), surname_sound, given_sound (null when the kana has no space),
    former, partner, host, shop, words, written ('kanji', 'kana', 'latin'), form (the legal form of a company, null
    where it is not certain), guessed (does nothing but the dictionaries say where the surname ends).
    """
    texts = _texts(names, lexicon)
    told = everyday.told(texts, lexicon)
    others = texts.filter(pl.repeat(True, texts.height, eager=True).scatter(told["row"], False))
    parted = pl.concat([_everyday(told), _by_rules(others, lexicon)])
    return parted.sort("row").drop("row")


def _everyday(told: pl.DataFrame) -> pl.DataFrame:
    """The columns of `parse` for names that are a surname and a given name and nothing else."""
    first, last, in_kana = pl.col("first"), pl.col("last"), pl.col("written") == "kana"
    whole, spoken = first + last, _in_order(first, last, first + " " + last)
    said = {
        "kind": pl.lit(PERSON),
        "sure": pl.lit(True),
        "key": whole,
        "written": pl.col("written"),
        "surname": pl.when(~in_kana).then(first),
        "given": pl.when(~in_kana).then(last),
        "full": pl.when(in_kana).then(whole),
        "surname_sound": pl.when(in_kana).then(first),
        "given_sound": pl.when(in_kana).then(last),
        "words": pl.when(in_kana).then(spoken),
    }
    return _columns(told.select("row", **said))


def _by_rules(texts: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """Devices and legal forms say so; everything else is taken apart before it is told who it is."""
    things, others = _recognised(texts, lexicon)
    noted = notes.without_notes(others.filter(~pl.col("legal")), lexicon)
    cleaned = keepers.without_shop(wrapping.unwrapped(wrapping.hosts_named(noted, lexicon)), lexicon)
    judged = kinds.told(splitting.split(several.told_apart(cleaned, lexicon), lexicon), wordbook.of(lexicon))
    keyed = [
        _device_keys(things),
        _legal_keys(others.filter("legal")),
        _person_keys(judged.filter(pl.col("kind") == PERSON)),
        _trade_keys(judged.filter(pl.col("kind") == COMPANY)),
    ]
    return pl.concat(keyed)


def _texts(names: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """row, text and column (the two fields), what the text sounds like where it has kana, and what the column says."""
    plain = rarely.where(
        pl.col("name").fill_null(""),
        variants.unusual(lexicon.variants),
        lambda few: _usual(few, lexicon),
        otherwise=_evenly_spaced,
    )
    called = notes.without_marks(plain).str.strip_chars(" ").str.replace(wrapping.HONORIFIC, "")
    homeless = rarely.where(called, _HOME, _homeless)
    formal = rarely.where(homeless, _FORM_IN_HIRAGANA, kana.katakana)
    spoken = rarely.given(pl.col("kana"), _spoken)
    return names.select(
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"),
        text=formal,
        spoken=rarely.unless_empty(spoken),
        column="kana",
    ).with_columns(sound=rarely.only(pl.col("text"), _ANY_KANA, kana.heard))


def _recognised(texts: pl.DataFrame, lexicon: Lexicon) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The devices, and the others with said (the text as it is), legal and the text without what the end of its field cut
    in two."""
    seen = texts.with_columns(device=devices.is_device(pl.col("text"), pl.col("sound")))
    told = _without_bearers(seen, lexicon)
    marked = rarely.where(pl.col("text"), companies.BARE_MARK, companies.with_mark)
    others = told.filter(~pl.col("device")).with_columns(said="text", text=marked)
    led = rarely.true_where(
        others, pl.col("text").str.contains(_TITLED), pl.col("text").str.contains(_OFFICER)
    )
    headed = rarely.where(pl.col("text"), _TITLED, lambda few: few.str.replace(_OFFICER, "${1}"))
    uncut = rarely.where(headed, companies.LONG_IN_KANA, companies.uncut)
    named = others.with_columns(text=uncut).with_columns(legal=companies.has_form(pl.col("text")) | led)
    return told.filter("device"), named


def _homeless(text: pl.Expr) -> pl.Expr:
    """カトウ ヒロアキタク without タク; カブシキガイシヤ オサダジユウタク is a company."""
    firm = companies.has_form(text) | text.str.contains(_HOUSING)
    return pl.when(firm).then(text).otherwise(text.str.replace(_HOME, "${1}${2}"))


def _without_bearers(seen: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """水門 太郎 is a person: 水門 is a surname, too."""
    given = pl.col("text").str.extract(_TWO_NAMES, 2)
    parts = (
        seen.filter("device")
        .select("row", surname=pl.col("text").str.extract(_TWO_NAMES, 1), given=given)
        .drop_nulls()
    )
    book = wordbook.of(lexicon)
    written = parts.filter(
        wordbook.among(parts["surname"], book.people) & wordbook.among(parts["given"], book.votes)
    )
    spoken = parts.filter(pl.col("surname").str.contains(_KANA_WORD)).with_columns(
        kana.heard(pl.col("surname", "given"))
    )
    spoken = spoken.filter(
        wordbook.among(spoken["surname"], book.people_heard)
        & wordbook.among(spoken["given"], book.votes_heard)
    )
    people = pl.concat([written["row"], spoken["row"]])
    return seen.with_columns(device=pl.col("device") & ~pl.col("row").is_in(people.implode()))


def _usual(text: pl.Expr, lexicon: Lexicon) -> pl.Expr:
    """In NFKC form and capitals, with one kind of space and of dash, and without variants."""
    # Ⅱ is a 2, and no two letters.
    counted = text.str.replace_many(_ROMAN)
    plain = _evenly_spaced(rarely.uppercase(counted.str.normalize("NFKC")))
    dashed = plain.str.replace_all(_KANA_DASH, "${1}ー")
    marked = rarely.where(dashed, _SMALL_MARK, lambda few: few.str.replace(_SMALL_MARK, "${1}カ${2}"))
    return variants.fold(marked, lexicon.variants)


def _evenly_spaced(text: pl.Expr) -> pl.Expr:
    narrow = text.str.replace_all(_WIDE_SPACE, " ", literal=True)
    return rarely.where(narrow, _ODD_SPACE, lambda few: few.str.replace_all(_SPACES, " "))


def _spoken(text: pl.Expr) -> pl.Expr:
    return kana.sound(_evenly_spaced(variants.visible(text)).str.strip_chars(" "))


def _person_keys(people: pl.DataFrame) -> pl.DataFrame:
    """Word order does not matter in a foreign name."""
    latin = pl.when(pl.col("written") == "latin").then("main")
    spaced = rarely.given(latin, lambda few: few.str.replace_all(splitting.BETWEEN, " "))
    former = pl.col("inside").str.replace(wrapping.FORMER, "")
    worded = people.with_columns(
        words=_sorted_words(pl.when(pl.col("written") == "kana").then("heard").otherwise(spaced)),
        former=pl.when(pl.col("host").is_null() & (former != "")).then(former),
    )
    key = (
        pl.when(pl.col("written") == "kana")
        .then("full")
        .when(pl.col("written") == "latin")
        .then("words")
        .otherwise(pl.col("main").str.replace_all(" ", ""))
    )
    return _columns(worded.with_columns(key=key))


def _legal_keys(firms: pl.DataFrame) -> pl.DataFrame:
    """Companies that say their legal form."""
    named = firms.with_columns(
        bare=companies.without_form(pl.col("text")), form=companies.legal_form(pl.col("text"))
    ).with_columns(kind=pl.lit(COMPANY), sure=pl.lit(True), written=splitting.script(pl.col("bare")))
    return _company_keys(named)


def _trade_keys(firms: pl.DataFrame) -> pl.DataFrame:
    """Companies that say what they do."""
    nobody = dict.fromkeys(("surname", "given", "form"), _NOTHING)
    return _company_keys(firms.with_columns(bare=companies.without_form(pl.col("text")), **nobody))


def _company_keys(firms: pl.DataFrame) -> pl.DataFrame:
    """The words of a company are its whole name (`bare` of its legal form), with the branch."""
    kana_name = pl.col("written") == "kana"
    spoken = firms.filter(kana_name).with_columns(full=kana.sound(pl.col("bare")))
    spoken = spoken.with_columns(
        full=companies.core_of_spoken(pl.col("full")), words=companies.whole_of(pl.col("full"))
    )
    written = firms.filter(~kana_name).with_columns(
        full=rarely.given(pl.col("column"), companies.core_of_column),
        words=companies.whole_of_bare(pl.col("bare")),
    )
    cores = companies.core_of_whole(pl.col("words"))
    return pl.concat([_columns(spoken.with_columns(key="full")), _columns(written.with_columns(key=cores))])


def _device_keys(things: pl.DataFrame) -> pl.DataFrame:
    """Class and number: 街路灯|1093; words are the owner's, where they are written in kanji."""
    text = pl.col("text")
    described = pl.concat_str(text, pl.lit(" "), pl.col("sound").fill_null("")).str.strip_chars_end(" ")
    number = devices.device_number(text).fill_null("")
    key = pl.concat_str(devices.device_class(described).fill_null(""), pl.lit(devices.UNNUMBERED), number)
    named = things.with_columns(
        kind=pl.lit(DEVICE), sure=pl.lit(True), written=splitting.script(text), key=key
    )
    heard = pl.when(pl.col("written") == "kana").then("sound").otherwise("spoken")
    owner = pl.when(pl.col("written") == "kanji").then(devices.owner(text))
    return _columns(
        named.with_columns(full=heard.str.replace_all(rf"{splitting.BETWEEN}| ", ""), words=owner)
    )


def _columns(keyed: pl.DataFrame) -> pl.DataFrame:
    """The columns of `parse`; null, or not guessed, where they are not known."""
    blank = dict.fromkeys(_COLUMNS, _NOTHING) | {"guessed": pl.lit(False)}
    return keyed.select(
        "row", **{column: pl.col(column) if column in keyed.columns else blank[column] for column in _COLUMNS}
    )


def _sorted_words(text: pl.Expr) -> pl.Expr:
    """SMITH, JOHN and JOHN SMITH alike."""
    return rarely.where(text, _MANY_WORDS, _all_sorted, otherwise=_two_sorted).str.strip_chars(" ")


def _all_sorted(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all(r"[.,'-]", " ").str.split(" ").list.sort().list.join(" ")


def _two_sorted(text: pl.Expr) -> pl.Expr:
    """The same for one word or two, without lists, which are sorted slowly."""
    words = text.str.splitn(" ", 2).struct
    first, second = words.field("field_0"), words.field("field_1")
    return _in_order(first, second, text)


def _in_order(first: pl.Expr, second: pl.Expr, both: pl.Expr) -> pl.Expr:
    turned = pl.concat_str(second, first, separator=" ")
    return pl.when(second < first).then(turned).otherwise(both)
