"""Names as written in the utility's files, cleaned and taken apart: who is named, and what else stands in
the field.

A name field holds more than a name: 様, 方, 旧姓 in brackets, a second person after ・, a shop before the
owner. Each is
taken off and kept, so that the name itself can be compared. Work is done on distinct strings, column by
column.
"""

from __future__ import annotations

import polars as pl

from sekisho.matching import (
    companies,
    devices,
    everyday,
    foreign,
    kana,
    notes,
    rarely,
    several,
    variants,
    wordbook,
)
from sekisho.matching.lexicon import Lexicon
from sekisho.matching.wordbook import Wordbook

_SPACES = r"[\s\x{3000}\x{00A0}]+"
_WIDE_SPACE, _ODD_SPACE = "\u3000", r"[\s--[ ]]|  "
_HONORIFIC = r" ?(?:様|殿|御中|サマ|ドノ|オンチユウ|オンチュウ)$"
# (ヵ is how some keyboards write the bank's (カ.
_SMALL_MARK = r"(\()ヵ|ヵ(\))"
# 加藤 弘明宅, カトウ ヒロアキタク
_HOME = r"^([^ ]{2,} [^ ]{3,})タク$|^(.{1,6}[^住社])宅$"
_HOUSING = r"ジ[ユュ][ウー]タク$"
_WRAPPED = r"[()・、,&+/／]|方|内|サマ"
# ゆうげんがいしゃ はしもとこうぎょう
_FORM_IN_HIRAGANA = r"^[^\p{Han}]*(?:[かが]いしゃ|ほうじん|くみあい)[^\p{Han}]*$"
_BRACKET = r"\(([^)]*)\)?"
_FORMER = r"^(?:旧姓|旧|キユウセイ|キュウセイ)[ :]*"
_HOSTED = r"^(.{2,12}?)(?:(?:様方|様内|サマカタ|サマホウ) ?|方 )(.{2,})$"
_AT = r"^(\p{Han}{1,4})方([^ 様]{2,5} ?[^ 様]{1,4})$"
_HOST_AFTER = r"^(.{2,}?)[ ](.{2,12}?)(?:様方|様内|サマカタ|サマホウ)$"
_ROMAN = {numeral: str(number) for number, numeral in enumerate("ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ", start=1)}
_KANA_DASH = r"([ァ-ヺー])[-‐‑–—−]"
_REPRESENTATIVE = r"^(.{2,}?)[ (](?:代表者|代表取締役|代表|ダイヒヨウ|ダイヒョウ)[ :]?(.{2,}?)\)?$"
# Whoever has one of these leads a company, and is not its customer.
_OFFICER = (
    r"^(.{2,}?)[ (](?:代表取締役|取締役社長|代表社員|代表理事|理事長|組合長|ダイヒ[ヨョ]ウトリシマリヤク|リジチ[ヨョ]ウ)[社長:) ]*"
    r"(?:[^ )]{1,7} ?){0,2}\)?$"
)
_TITLED = r"取締|代表社員|理事|組合長|トリシマリヤク|リジチ"
# What stands before the keeper's name in brackets.
_TITLE = r"^(?:代表者|代表取締役|代表|店主|事業主|オーナー|ダイヒヨウシヤ|ダイヒヨウ|ダイヒョウシャ|ダイヒョウ|テンシユ|テンシュ)[ ::]*"
# Nobody keeps these: whoever is named beside them answers for them.
_NOBODYS = (
    r"(?:[^商]会|組合|神社|[^守]宮|寺|学校|役所|役場|カイ|クミアイ|ジンジヤ|ジンジャ|ガツコウ|ガッコウ)$"
)
_SHOP_FIRST = r"^([^ ]{3,}(?: [A-Z]+)*) ([^A-Z ].+)$"
_KANA_WORD = r"^[ぁ-ゖァ-ヺー]+$"
_TWO_NAMES = r"^([^ \d]{1,6}) ([^ \d]{1,5})$"
_PARTNERS = r"[・、,&+/／]"
_KANA_AND_SIGNS = r"^[^\p{Han}\p{Latin}々〆]*[ァ-ヺ][^\p{Han}\p{Latin}々〆]*$"
_BETWEEN = r"[・=＝]"
_ANY_KANA = r"[ぁ-ゖァ-ヺー]"
_HAN = r"[\p{Han}々〆ヶ]"
_LATIN_NAME = r"^[A-Z][A-Z .'-]+$"
_MANY_WORDS = r"[.,'-]| .* "
_LONG_END = r"^([^ ]+) [^ ]{4,}$"
_LONGEST_SURNAME = 4
_LONGEST_SURNAME_SOUND = 7
# A second person's name, in kana with a space.
_LONGEST_NAME = 14
# Where somebody works, not somebody: 函館競馬場, 指導監査課.
_WORKPLACE = r"^.{2,}[場課室部科局係署庁舎館院校所隊団]$"
PERSON, COMPANY, DEVICE = "person", "company", "device"
_NOTHING = pl.lit(None, dtype=pl.String)
_COLUMNS = (
    *("kind", "sure", "key", "written", "surname", "given", "full", "surname_sound", "given_sound"),
    *("former", "partner", "host", "shop", "words", "form", "guessed"),
)


def parse(names: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """One row for each row of `names` (columns name, kana), in order.

    kind, sure (was the kind recognised or only assumed), key (equal for equal names), surname and given
    (kanji, folded),
    full (sound of the whole name or null), surname_sound, given_sound (null when the kana has no space),
    former, partner,
    host, shop, words, written ('kanji', 'kana', 'latin'), form (the legal form of a company, null where it is not
    certain), guessed (does nothing but the dictionaries say where the surname ends).
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
    cleaned = _without_shop(_unwrapped(_hosts_named(noted, lexicon)), lexicon)
    judged = _kinds(_split(several.told_apart(cleaned, lexicon), lexicon), wordbook.of(lexicon))
    keyed = [
        _device_keys(things),
        _legal_keys(others.filter("legal")),
        _person_keys(judged.filter(pl.col("kind") == PERSON)),
        _trade_keys(judged.filter(pl.col("kind") == COMPANY)),
    ]
    return pl.concat(keyed)


def _guessed() -> pl.Expr:
    """Whether nothing but the dictionaries says where the surname ends."""
    return ((pl.col("kind") == PERSON) & (pl.col("written") == "kanji")) & ~pl.col("main").str.contains(" ")


def _texts(names: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """row, text and column (the two fields), what the text sounds like where it has kana, and what the column says."""
    plain = rarely.where(
        pl.col("name").fill_null(""),
        variants.unusual(lexicon.variants),
        lambda few: _usual(few, lexicon),
        otherwise=_evenly_spaced,
    )
    called = notes.without_marks(plain).str.strip_chars(" ").str.replace(_HONORIFIC, "")
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


def _unwrapped(frame: pl.DataFrame) -> pl.DataFrame:
    """Takes brackets, hosts and partners off names."""
    wrapped = frame.select(pl.col("text").str.contains(_WRAPPED)).to_series()
    nothing = dict.fromkeys(("inside", "host", "partner"), _NOTHING)
    plain = frame.filter(~wrapped).with_columns(**nothing, main="text")
    return pl.concat([plain, _taken_apart(frame.filter(wrapped)).select(plain.columns)])


def _hosts_named(frame: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """岡本方佐藤栄喜 with its 様: 佐藤栄喜 lives at 岡本's. 緒方 and 土方 are surnames."""
    parts = frame.select(
        "row", host=pl.col("text").str.extract(_AT, 1), name=pl.col("text").str.extract(_AT, 2)
    )
    asked = parts.drop_nulls()
    book = wordbook.of(lexicon)
    surname = wordbook.among(asked["host"] + "方", book.people)
    hosted = asked.filter(wordbook.among(asked["host"], book.people) & ~surname)
    named = hosted.filter(pl.col("name").is_in(several.whole_names(hosted["name"], lexicon).implode()))
    rewritten = named.select("row", hosted=pl.concat_str("host", pl.lit("様方"), "name"))
    joined = frame.join(rewritten, on="row", how="left", maintain_order="left")
    return joined.with_columns(text=pl.coalesce("hosted", "text")).drop("hosted")


def _without_shop(frame: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """A sole proprietor is a person: 青葉商店 山田太郎 and 青葉商店 代表 山田太郎 name 山田太郎."""
    spaced = pl.col("main").str.contains(" ") | pl.col("inside").is_not_null()
    plain = frame.filter(~spaced).with_columns(shop=_NOTHING)
    return pl.concat([plain, _shops(frame.filter(spaced), lexicon).select(plain.columns)])


def _shops(frame: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    main = pl.col("main")
    parts = frame.with_columns(
        first=main.str.extract(_SHOP_FIRST, 1),
        rest=main.str.extract(_SHOP_FIRST, 2),
        head=main.str.extract(_REPRESENTATIVE, 1),
        owner=main.str.extract(_REPRESENTATIVE, 2),
    )
    trade_first = parts["first"].is_in(_trades(_no_surnames(parts["first"], lexicon)).implode())
    trades = _trades(pl.concat([parts["rest"].filter(trade_first.fill_null(False)), parts["inside"]]))
    parts = parts.with_columns(
        business=(
            trade_first
            & ~pl.col("rest").is_in(trades.implode())
            & ~(pl.col("rest").str.contains(_WORKPLACE) & (pl.col("rest").str.len_chars() > 3))
        ).fill_null(False),
        titled=pl.col("head").is_not_null(),
        inside_shop=pl.col("inside").is_in(trades.implode()).fill_null(False),
    )
    told = _kept(parts, lexicon)
    return told.with_columns(
        shop=pl.when("titled")
        .then("head")
        .when(pl.col("keeper").is_not_null())
        .then(main)
        .when("business")
        .then("first")
        .when("inside_shop")
        .then("inside"),
        main=pl.when("titled")
        .then("owner")
        .when(pl.col("keeper").is_not_null())
        .then("keeper")
        .when("business")
        .then("rest")
        .otherwise(main),
        inside=pl.when(~pl.col("inside_shop") & pl.col("keeper").is_null()).then("inside"),
    )


def _kept(parts: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """Adds keeper: who is named in brackets behind a business, 平田茂 of 居酒屋虹(平田茂); null for others."""
    asked = parts.filter(
        ~pl.col("titled"),
        pl.col("inside").is_not_null() & pl.col("host").is_null() & pl.col("partner").is_null(),
        ~pl.col("inside_shop") & ~pl.col("inside").str.contains(_FORMER),
        ~pl.col("main").str.contains(_NOBODYS),
    ).select("row", "main", keeper=pl.col("inside").str.replace(_TITLE, "").str.replace(_HONORIFIC, ""))
    named = asked.filter(pl.col("keeper").is_in(several.whole_names(asked["keeper"], lexicon).implode()))
    whole = several.whole_names(named["main"], lexicon)
    trades = _trades(named["main"])
    kept = named.filter(
        pl.col("main").is_in(trades.implode()) | ~_may_be_somebody(named["main"], whole, lexicon),
    )
    return parts.join(kept.select("row", "keeper"), on="row", how="left", maintain_order="left")


def _may_be_somebody(texts: pl.Series, whole: pl.Series, lexicon: Lexicon) -> pl.Series:
    """Whether each is a whole name or a surname, or has a word that is one: 山田(佐藤花子), ヤマダ ハナコ(サトウ ハナコ)."""
    words = texts.to_frame("text").with_columns(word=pl.col("text").str.split(" ").list.first())
    heard = words.with_columns(sound=kana.heard(pl.col("word")))
    book = wordbook.of(lexicon)
    written = wordbook.among(heard["word"], book.people)
    surname = written | wordbook.among(heard["sound"], book.people_heard)
    return surname | texts.is_in(whole.implode())


def _no_surnames(words: pl.Series, lexicon: Lexicon) -> pl.Series:
    """Those of the words that nobody bears: 小野寺 and ショウジ end like a business and are surnames."""
    each = words.alias("word").drop_nulls().unique().to_frame()
    asked = each.with_columns(sound=kana.heard(pl.col("word")))
    book = wordbook.of(lexicon)
    surname = wordbook.among(asked["word"], book.people) | wordbook.among(asked["sound"], book.people_heard)
    return each.filter(~surname).to_series()


def _trades(words: pl.Series) -> pl.Series:
    """Those of the words that name a business."""
    each = words.alias("word").drop_nulls().unique().to_frame()
    asked = each.with_columns(sound=kana.heard(pl.col("word")))
    return asked.filter(_is_trade(pl.col("word"), pl.col("sound")))["word"]


def _is_trade(text: pl.Expr, sound: pl.Expr) -> pl.Expr:
    """Whether a word names a business or one of its branches."""
    return (
        companies.is_traded(text)
        | text.str.contains(companies.BRANCH)
        | companies.trade_heard(sound)
        | sound.str.contains(companies.BRANCH_SOUND)
    )


def _taken_apart(frame: pl.DataFrame) -> pl.DataFrame:
    inside = pl.col("text").str.extract(_BRACKET)
    outside = pl.col("text").str.replace_all(_BRACKET, " ").str.replace_all(" +", " ").str.strip_chars(" ")
    opened = frame.with_columns(inside=inside, outside=outside)
    hosted = opened.with_columns(
        host=pl.coalesce(
            pl.col("outside").str.extract(_HOSTED, 1),
            pl.col("outside").str.extract(_HOST_AFTER, 2),
            pl.col("inside").str.extract(r"^(.+?)(?:様方|様内|サマカタ|サマホウ|方)$", 1),
        ),
        outside=pl.coalesce(
            pl.col("outside").str.extract(_HOSTED, 2),
            pl.col("outside").str.extract(_HOST_AFTER, 1),
            "outside",
        ),
    )
    # ジョン・スミス is one person; 山田太郎・花子 and ヤマダ タロウ・ハナコ are two; 国立精神・神経医療研究センター is none.
    other = pl.col("outside").str.extract(rf"{_PARTNERS} ?(.*)$")
    nobody = (other.str.len_chars() > _LONGEST_NAME) | companies.is_traded(other)
    couple = (
        ~nobody.fill_null(False)
        & pl.col("outside").str.contains(_PARTNERS)
        & (
            pl.col("outside").str.contains(_HAN)
            | pl.col("outside").str.contains(rf" .*{_PARTNERS}")
            | pl.col("outside").str.contains(r"[ぁ-ゖァ-ヺー] ?[、,&+/／] ?[ぁ-ゖァ-ヺ]")
        )
    )
    first = pl.col("outside").str.extract(rf"^(.*?) ?{_PARTNERS}")
    rest = pl.col("outside").str.extract(rf"{_PARTNERS} ?(.*)$")
    return hosted.with_columns(
        main=pl.when(couple & (first != ""))
        .then(first)
        .otherwise(pl.col("outside").str.replace_all(_PARTNERS, " ")),
        partner=pl.when(couple).then(rest),
    )


def _split(frame: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """Surname and given name: at the space if there is one, else where the dictionaries say."""
    main = pl.col("main")
    in_kana = pl.col("written") == "kana"
    as_said = (main == pl.col("said")) & ~main.str.contains(_BETWEEN)
    by_kana = rarely.given(
        pl.when(in_kana & ~pl.col("as_said")).then(main),
        lambda few: kana.heard(few.str.replace_all(_BETWEEN, " ")),
    )
    named = frame.with_columns(written=_script(main), as_said=as_said).with_columns(
        heard=pl.when(in_kana & pl.col("as_said"))
        .then(pl.coalesce("sound", main))
        .when(in_kana)
        .then(by_kana)
        .otherwise("spoken")
    )
    both = _split_kanji(named, lexicon)
    return _split_kana(both, lexicon)


def _script(main: pl.Expr) -> pl.Expr:
    """'kana', 'latin' or 'kanji'."""
    # ベルシステム24 and (エステイブイ) are kana; a person's name has neither digits nor signs.
    in_kana = main.str.contains(kana.ONLY_KANA) | main.str.contains(_KANA_AND_SIGNS)
    in_letters = main.str.contains(_LATIN_NAME)
    return (
        pl.when(in_kana)
        .then(pl.lit("kana"))
        .when(in_letters)
        .then(pl.lit("latin"))
        .otherwise(pl.lit("kanji"))
    )


def _split_kanji(frame: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """Adds surname, given and whether both are in the dictionaries."""
    kanji = frame.filter(pl.col("written") == "kanji")
    spaced = kanji.filter(pl.col("main").str.contains(" ")).select(
        "row", _part(0, "surname"), _part(1, "given"), solid=pl.lit(False)
    )
    solid = kanji.filter(~pl.col("main").str.contains(" ")).select("row", "main")
    # 山口 is nobody called 口, but a surname alone.
    surname = wordbook.among(solid["main"], wordbook.of(lexicon).only_surnames)
    cuts = [
        solid.filter(~surname, pl.col("main").str.len_chars() > width).select(
            "row",
            pl.col("main").str.slice(0, width).alias("surname"),
            pl.col("main").str.slice(width).alias("given"),
            solid=pl.lit(True),
        )
        for width in range(1, _LONGEST_SURNAME + 1)
    ]
    alone = solid.select("row", surname="main", given=pl.lit(""), solid=pl.lit(True))
    judged = pl.concat([spaced, *cuts, alone]).join(
        lexicon.written_surnames, left_on="surname", right_on="name", how="left"
    )
    judged = judged.join(lexicon.written_given, left_on="given", right_on="name", how="left")
    spoken_given = pl.col("given").str.contains(r"^(?:[ぁ-ゖ]{2,6}|[ァ-ヺー]{2,3})$")
    known_given = pl.col("votes").is_not_null() | spoken_given
    # A listed given name outweighs any surname: 小山内|薫, not 小山|内薫. Books that list hardly a surname too few
    # lack many a given name: 野崎|邦照, not 野崎邦|照.
    worth = (
        pl.col("people").log10().add(1.0).fill_null(-4.0)
        + pl.when(known_given).then(4.0).otherwise(-1.0)
        - (pl.col("given").str.len_chars().cast(pl.Float64) - 2).abs() * 0.7
        - (pl.col("surname").str.len_chars().cast(pl.Float64) - 2).abs() * 0.3
    )
    best = judged.with_columns(
        worth=worth,
        in_books=pl.col("people").is_not_null() & known_given,
        known=pl.col("people").is_not_null(),
        # 天ぷらいとう may be 天 ぷらいとう, and 和田牧場 somebody called 牧場: a trade is likelier.
        doubtful=pl.col("votes").is_null() | (pl.col("solid") & pl.col("given").is_in(companies.TRADES)),
    )
    best = best.sort("row", "worth", pl.col("surname").str.len_chars()).unique(
        "row", keep="last", maintain_order=True
    )
    told = best.select("row", "surname", "given", "in_books", "known", "doubtful")
    return frame.join(told, on="row", how="left")


def _part(place: int, name: str) -> pl.Expr:
    parts = pl.col("main").str.splitn(" ", 2).struct.field(f"field_{place}")
    return parts.str.replace_all(" ", "").alias(name)


def _split_kana(frame: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """Adds surname_sound, given_sound, heard_votes: at the space, else the likeliest cut whose parts are
    both known."""
    parts = pl.col("heard").str.splitn(" ", 2)
    surname_sound, given_sound = (
        parts.struct.field("field_0"),
        parts.struct.field("field_1").str.replace_all(" ", ""),
    )
    spaced = frame.with_columns(surname_sound=surname_sound, given_sound=given_sound)
    best = _kana_cuts(spaced.filter(pl.col("heard").is_not_null()), lexicon)
    joined = spaced.join(best, on="row", how="left")
    return joined.with_columns(
        surname_sound=pl.when(pl.col("given_sound").is_null())
        .then(pl.col("cut_surname"))
        .otherwise(pl.col("surname_sound")),
        given_sound=pl.coalesce("given_sound", "cut_given"),
        heard_votes=pl.col("cut_books").fill_null(0.0),
        full=pl.col("heard").str.replace_all(" ", ""),
    ).drop("cut_surname", "cut_given", "cut_books")


def _kana_cuts(frame: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    spaced = frame.filter(pl.col("given_sound").is_not_null()).select("row", "surname_sound", "given_sound")
    solid = frame.filter(pl.col("given_sound").is_null()).select("row", "heard")
    cuts = [
        solid.filter(pl.col("heard").str.len_chars() > width).select(
            "row",
            pl.col("heard").str.slice(0, width).alias("surname_sound"),
            pl.col("heard").str.slice(width).alias("given_sound"),
        )
        for width in range(1, _LONGEST_SURNAME_SOUND + 1)
    ]
    alone = solid.select("row", surname_sound="heard", given_sound=pl.lit(""))
    judged = pl.concat([spaced, *cuts, alone]).join(
        lexicon.spoken_surnames, left_on="surname_sound", right_on="sound", how="inner"
    )
    judged = judged.join(lexicon.spoken_given, left_on="given_sound", right_on="sound", how="left")
    worth = pl.col("people").log() + pl.col("votes").log().fill_null(-8.0)
    length = pl.col("surname_sound").str.len_chars()
    ranked = judged.with_columns(worth=worth).sort("row", "worth", length)
    ranked = ranked.unique("row", keep="last", maintain_order=True)
    return ranked.select(
        "row",
        cut_surname="surname_sound",
        cut_given="given_sound",
        cut_books=pl.col("votes").fill_null(0.0),
    )


def _kinds(frame: pl.DataFrame, book: Wordbook) -> pl.DataFrame:
    """Person or company: name dictionary, keyword, shape, the first that speaks decides; guessed (see `parse`)."""
    sounds, keyword, person = pl.col("full").fill_null(""), pl.col("keyword"), pl.col("person")
    kanji = pl.col("written") == "kanji"
    traded = companies.is_traded(pl.col("main")) | _trade_heard() | _ends_as_shops_do()
    in_books = kanji & pl.col("in_books").fill_null(False)
    # Whoever is told already needs no trade.
    open_kind = ~in_books | pl.col("doubtful")
    votes = pl.when(keyword).then(wordbook.COMMON_SOUND).otherwise(0.0)
    heard = (pl.col("heard_votes") > votes) & ~pl.col("branched") & ~(keyword & _ends_as_shops_do())
    listed = pl.when(kanji).then(in_books & ~(keyword & pl.col("doubtful"))).otherwise(heard)
    # An unlisted given name under a listed surname is still a person when it looks like one.
    likely = pl.col("known").fill_null(False) & (
        pl.col("given").str.contains(r"^(?:[\p{Han}ぁ-ゖァ-ヺー々]{1,3}|[ぁ-ゖ]{2,6})$")
        | pl.col("main").str.contains(r"^[^ ]+ [ァ-ヺー]{4,5}$")
    )
    shaped = (
        pl.when(kanji)
        .then(
            likely
            | pl.col("main").str.contains(rf"^{_HAN}{{1,5}} ?[\p{{Han}}ぁ-ゖ々]{{1,4}}$")
            | (pl.col("known").fill_null(False) & (pl.col("given") == ""))
        )
        .otherwise(
            pl.col("main").str.contains(" ")
            | (sounds.str.len_chars() <= 9)
            | pl.col("heard").str.contains(" ")
        )
    )
    kind = pl.when(person | pl.col("shaped")).then(pl.lit(PERSON)).otherwise(pl.lit(COMPANY))
    branched = frame.with_columns(branched=rarely.true_where(frame, _has_long_end(), _branched()))
    keywords = rarely.true_where(branched, open_kind, traded | pl.col("branched"))
    judged = branched.with_columns(keyword=keywords).with_columns(person=listed)
    apart = _foreign_apart(judged, book).with_columns(sure=person | keyword)
    shapes = rarely.true_where(apart, ~pl.col("sure"), shaped)
    return apart.with_columns(shaped=shapes).with_columns(kind=kind).with_columns(guessed=_guessed())


def _foreign_apart(frame: pl.DataFrame, book: Wordbook) -> pl.DataFrame:
    """カルロススミスレイエス with its spaces: of names from elsewhere no book says where the surname ends."""
    unknown = ~pl.col("keyword") & ~pl.col("person") & (pl.col("written") == "kana")
    solid = frame.filter(unknown, ~pl.col("heard").str.contains(" ")).select("row", "heard")
    found = [(row, name) for row, sound in solid.iter_rows() if (name := foreign.spaced(sound, book.foreign))]
    spaced = pl.DataFrame(found, schema={"row": frame.schema["row"], "apart": pl.String}, orient="row")
    words = pl.col("apart").str.splitn(" ", 2).struct
    parts = spaced.with_columns(
        first=words.field("field_0"), rest=words.field("field_1").str.replace_all(" ", "")
    )
    joined = frame.join(parts, on="row", how="left", maintain_order="left")
    return joined.with_columns(
        heard=pl.coalesce("apart", "heard"),
        surname_sound=pl.coalesce("first", "surname_sound"),
        given_sound=pl.coalesce("rest", "given_sound"),
    ).drop("apart", "first", "rest")


def _ends_as_shops_do() -> pl.Expr:
    """トケイテン and モリシカ: what ends so is nobody's name, unless books list more of it than the end."""
    alone = pl.col("given_sound").is_in(companies.SHOP_ENDS)
    ends = pl.col("heard").str.contains(companies.SHOP_SOUND)
    return (ends & ((pl.col("heard_votes") <= wordbook.LISTED) | alone)).fill_null(False)


def _trade_heard() -> pl.Expr:
    """A trade within one word: リュウ ビン carries no mail."""
    return companies.trade_heard(pl.col("heard")).fill_null(False)


def _has_long_end() -> pl.Expr:
    """Two words, of which the second may be a place of work."""
    return pl.col("heard").str.contains(_LONG_END)


def _branched() -> pl.Expr:
    """オカダセイカ ケンキュウジョ: a trade, then where it is carried on; nobody's given name."""
    trade = companies.trade_heard(pl.col("heard").str.extract(_LONG_END))
    return trade & pl.col("heard").str.contains(rf" {companies.BRANCH_SOUND}")


def _person_keys(people: pl.DataFrame) -> pl.DataFrame:
    """Word order does not matter in a foreign name."""
    latin = pl.when(pl.col("written") == "latin").then("main")
    spaced = rarely.given(latin, lambda few: few.str.replace_all(_BETWEEN, " "))
    former = pl.col("inside").str.replace(_FORMER, "")
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
    ).with_columns(kind=pl.lit(COMPANY), sure=pl.lit(True), written=_script(pl.col("bare")))
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
    """Class and number: 街路灯|1093."""
    text = pl.col("text")
    described = pl.concat_str(text, pl.lit(" "), pl.col("sound").fill_null("")).str.strip_chars_end(" ")
    number = devices.device_number(text).fill_null("")
    key = pl.concat_str(devices.device_class(described).fill_null(""), pl.lit("|"), number)
    named = things.with_columns(kind=pl.lit(DEVICE), sure=pl.lit(True), written=_script(text), key=key)
    heard = pl.when(pl.col("written") == "kana").then("sound").otherwise("spoken")
    return _columns(named.with_columns(full=heard.str.replace_all(rf"{_BETWEEN}| ", "")))


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
