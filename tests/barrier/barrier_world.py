"""A small world: two retailers (one an affiliate), a switch, three customers."""

from datetime import UTC, datetime

NOW = datetime(2026, 6, 1, 3, 0, tzinfo=UTC)
SEED = """
insert into registry.retailer (code, registration_no, name, affiliate)
  values ('00016', 'A0001', '甲電力', false), ('00026', 'A0002', '乙電力', true);
insert into registry.point (point, kind, voltage_class, site_no, address)
  values ('0600000000000000000001', 'demand', 'LV', 'S1', '大阪府架空市1-2-3'), ('0600000000000000000002', 'demand', 'LV', 'S2', '大阪府架空市4-5-6');
insert into registry.customer (customer_no, kind) values ('00000000000001', 'person'), ('00000000000002', 'person'), ('00000000000003', 'person');
insert into registry.contract (contract_no, point, holder, customer_no, application_type, valid) values
  ('C-0001', '0600000000000000000001', '00016', '00000000000001', '01', '[2019-01-01,2021-01-01)'),
  ('C-0002', '0600000000000000000001', '00026', '00000000000002', '05', '[2021-01-01,)'),
  ('C-0003', '0600000000000000000002', '00016', '00000000000003', '01', '[2020-01-01,)');
insert into registry.party (contract_no, point, holder, customer_kind, name, phone, name_key, phone_key, valid) values
  ('C-0001', '0600000000000000000001', '00016', 'person', '山田太郎', '0600000001', '山田太郎', '0600000001', '[2019-01-01,2021-01-01)'),
  ('C-0002', '0600000000000000000001', '00026', 'person', '佐藤花子', '0600000002', '佐藤花子', '0600000002', '[2021-01-01,)'),
  ('C-0003', '0600000000000000000002', '00016', 'person', '鈴木一郎', '0600000003', '鈴木一郎', '0600000003', '[2020-01-01,)');
insert into registry.place (contract_no, point, holder, voltage_class, address, valid) values
  ('C-0001', '0600000000000000000001', '00016', 'LV', '大阪府架空市1-2-3', '[2019-01-01,2021-01-01)'),
  ('C-0002', '0600000000000000000001', '00026', 'LV', '大阪府架空市1-2-3', '[2021-01-01,)'),
  ('C-0003', '0600000000000000000002', '00016', 'LV', '大阪府架空市4-5-6', '[2020-01-01,)');
"""
