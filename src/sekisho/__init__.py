"""Sekisho (関所): the customer-information platform behind a proved barrier."""
