"""託送業務: the utility's own staff, who may ask about any point, but only for a purpose, and never without a record.

Purpose first: it decides by what may be searched, which items the card has, and which of them are masked. A masked item is shown one
contract at a time by its own gate (「表示」). Corrections of the past are drafted by one person and decided by another.
"""
