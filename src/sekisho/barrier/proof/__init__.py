"""The proof that the deployed barrier keeps what the intent promises, and nothing else leads to the data.

`deployed` reads the live catalog, `encoder` turns SQL into SMT with three-valued logic, `solvers` asks z3 and has cvc5 check it
again, `views` proves each view (obligation 1), `snapshot` compares with a freshly compiled database (2), `paths`, `bodies` and
`coverage` show that there is no other way (3). `certificate` says what was shown and what was not.
"""
