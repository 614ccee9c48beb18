"""Leak scoping (範囲調査): who exactly was seen, answered from the passages in seconds.

Why it exists: when a screen turns out to have shown what it should not, the utility must name the customers concerned, no
one too many and no one too few, and must not need months for it. The passages stand in the ledger; here they stand a second
time, as columns of integers sorted by reading company and point, so that one company's readings lie together and a question
reads little else. Whatever is readable (point numbers, persons, contract numbers) is apart from the integers and sealed.

`store`      the columns on disk: segments, sealed names, one manifest that says what counts
`history`    who held which point when, from the registry or a file
`question`   a faulty rule: audience, company, gates, items, time, and what would have been right
`search`     the answer: the readings, the customers, the totals; exact, by intervals
`platform`   brings the store up to the log's published checkpoint, every passage checked against its entry in the log
`foreign`    other systems' logs by a mapping file, searched alone, without the rest of the platform
`whatif`     a policy change replayed over the past; the reverse question of one customer
`rows`       which rows a narrower rule would still have shown
`unusual`    readings that somebody should look at: rules and simple statistics
`hours`      when which readers work
`findings`   what was found and decided, kept with the checkpoint that it rests on
"""
