"""A handful of facts for tests of gates: one point held by one retailer, then by another, for two customers."""

from datetime import UTC, datetime

import psycopg

from sekisho.barrier.audiences import AUDIENCE
from sekisho.barrier.gateway import Gateway
from sekisho.barrier.ticket import Caller
from sekisho.settings import deploy
from sekisho.settings.home import Home

POINT = "0600000000000000000001"
FORMER, PRESENT = "00016", "00026"

FACTS = f"""
insert into registry.retailer (code, registration_no, name) values ('{FORMER}', 'A0001', '甲電力'), ('{PRESENT}', 'A0002', '乙電力');
insert into registry.point (point, kind, voltage_class, site_no, address) values ('{POINT}', 'demand', 'LV', 'S1', '架空市一丁目');
insert into registry.customer (customer_no, kind) values ('00000000000001', 'person'), ('00000000000002', 'person');
insert into registry.contract (contract_no, point, holder, customer_no, application_type, valid) values
  ('C-0001', '{POINT}', '{FORMER}', '00000000000001', '05', '[2019-01-01,2021-01-01)'),
  ('C-0002', '{POINT}', '{PRESENT}', '00000000000002', '05', '[2021-01-01,)');
insert into registry.party (contract_no, point, holder, customer_kind, name, phone, name_key, kana_key, phone_key, valid) values
  ('C-0001', '{POINT}', '{FORMER}', 'person', '山田太郎', '0600000001', '山田太郎', 'ヤマタタロウ', '0600000001', '[2019-01-01,2021-01-01)'),
  ('C-0002', '{POINT}', '{PRESENT}', 'person', '佐藤花子', '0600000002', '佐藤花子', 'サトウハナコ', '0600000002', '[2021-01-01,)');
insert into registry.place (contract_no, point, holder, voltage_class, address, valid) values
  ('C-0001', '{POINT}', '{FORMER}', 'LV', '架空市一丁目', '[2019-01-01,2021-01-01)'),
  ('C-0002', '{POINT}', '{PRESENT}', 'LV', '架空市一丁目', '[2021-01-01,)');
insert into barrier.permit (person, audience, company, purpose, valid, granted_by) values
  ('former', 'retailer', '{FORMER}', 'contract', '[2016-04-01,)', 'test'),
  ('present', 'retailer', '{PRESENT}', 'contract', '[2016-04-01,)', 'test'),
  ('clerk', 'operator', 'TD', 'switching', '[2016-04-01,)', 'test'),
  ('guard', 'security', 'TD', 'oversight', '[2016-04-01,)', 'test');
"""


def now() -> datetime:
    """The present moment: tickets last five minutes, a run of the tests longer."""
    return datetime.now(UTC)


def lay_out(conninfo: str) -> None:
    """Put the facts in."""
    with psycopg.connect(conninfo) as conn:
        conn.execute(FACTS)


def door(conninfo: str, home: Home, audience: str) -> Gateway:
    """The gateway of an audience's first login."""
    login = deploy.login_conninfo(conninfo, home, AUDIENCE[audience].logins[0])
    return Gateway(login, deploy.ticket_key(home, audience), application="test", max_connections=2)


def who(person: str) -> Caller:
    """One of the people above."""
    known = {
        "former": ("retailer", FORMER, "contract"),
        "present": ("retailer", PRESENT, "contract"),
        "clerk": ("operator", "TD", "switching"),
        "guard": ("security", "TD", "oversight"),
    }
    audience, company, purpose = known[person]
    return Caller(audience=audience, company=company, person=person, purpose=purpose)
