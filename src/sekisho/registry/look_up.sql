-- Look-ups by the beginning of a name, a reading or an address: indexes in byte order, which serve a range whatever the database's own order is,
-- and whose plan does not need to know the value.
drop index registry.party_holder_name_key_idx, registry.party_name_key_idx, registry.party_kana_key_idx, registry.place_holder_address_key_idx;
create index on registry.party (name_key collate "C");
create index on registry.party (kana_key collate "C");
create index on registry.party (holder, name_key collate "C");
create index on registry.party (holder, kana_key collate "C", contract_no);
create index on registry.place (address_key collate "C");
create index on registry.place (holder, address_key collate "C");

-- Lists in the order of their beginning.
create index on registry.contract (holder, lower(valid), contract_no);
