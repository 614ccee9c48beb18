-- What a correction would write stands in columns of its own, one for each item, so that the policy decides about each: a colleague who is not
-- told a telephone number is not told it from a draft either. The draft as it came (`payload`) is the worker's alone.

-- The named values of a draft, wherever it carries them; null when it names none of them.
create function registry.picked(payload jsonb, variadic names text[]) returns jsonb language sql immutable
begin atomic
    select jsonb_object_agg(e.key, e.value)
      from (select payload as part union all select payload -> 'values' union all select payload -> 'party' union all select payload -> 'terms') p
     cross join lateral jsonb_each(case when jsonb_typeof(p.part) = 'object' then p.part else '{}' end) e
     where e.key = any (names);
end;

-- Which values a draft carries, by the names of their columns: whoever may not be told one still knows that there is one.
create function registry.value_names(payload jsonb) returns jsonb language sql immutable
begin atomic
    select coalesce(jsonb_agg(distinct e.key order by e.key), '[]')
      from (select payload -> 'values' as part union all select payload -> 'party' union all select payload -> 'terms') p
     cross join lateral jsonb_each(case when jsonb_typeof(p.part) = 'object' then p.part else '{}' end) e;
end;

alter table registry.change
    add column about                   jsonb not null default '{}',   -- day, table, names of values: what the draft speaks of
    add column new_name                text,
    add column new_name_kana           text,
    add column new_phone               text,
    add column new_slip_postal_code    text,
    add column new_slip_address        text,
    add column new_slip_name           text,
    add column new_customer_kind       jsonb,
    add column new_customer_no         jsonb,
    add column new_retailer            jsonb,
    add column new_application_type    jsonb,
    add column new_address             jsonb,
    add column new_supply_voltage      jsonb,
    add column new_menu                jsonb,
    add column new_equipment_capacity  jsonb,
    add column new_contract_capacity   jsonb,
    add column new_power_factor        jsonb,
    add column new_reading_schedule    jsonb,
    add column new_meter               jsonb,
    add column new_night_equipment     jsonb,
    add column new_surplus_type        jsonb,
    add column new_fixed_price_from    jsonb,
    add column new_purchase_price      jsonb,
    add column new_certified_equipment jsonb;

-- A draft that brings its columns filled keeps them.
create function registry.spread_change() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
declare p jsonb := new.payload;
begin
    if new.about <> '{}' then return new; end if;
    new.about := coalesce(registry.picked(p, 'since', 'day', 'table'), '{}') || jsonb_build_object('fields', registry.value_names(p));
    new.new_name := registry.picked(p, 'name') ->> 'name';
    new.new_name_kana := registry.picked(p, 'name_kana') ->> 'name_kana';
    new.new_phone := registry.picked(p, 'phone') ->> 'phone';
    new.new_slip_postal_code := registry.picked(p, 'slip_postal_code') ->> 'slip_postal_code';
    new.new_slip_address := registry.picked(p, 'slip_address') ->> 'slip_address';
    new.new_slip_name := registry.picked(p, 'slip_name') ->> 'slip_name';
    new.new_customer_kind := registry.picked(p, 'customer_kind');
    new.new_customer_no := registry.picked(p, 'contract_no', 'customer_no');
    new.new_retailer := registry.picked(p, 'holder');
    new.new_application_type := registry.picked(p, 'application_type');
    new.new_address := registry.picked(p, 'postal_code', 'address', 'building');
    new.new_supply_voltage := registry.picked(p, 'voltage_class', 'supply_voltage', 'supply_method');
    new.new_menu := registry.picked(p, 'menu_code');
    new.new_equipment_capacity := registry.picked(p, 'equipment_w');
    new.new_contract_capacity := registry.picked(p, 'contract_w', 'contract_ampere', 'decision_method', 'receiving_w');
    new.new_power_factor := registry.picked(p, 'power_factor');
    new.new_reading_schedule := registry.picked(p, 'reading_schedule');
    -- 「対象」 of a meter or a piece of equipment belongs to its item
    new.new_meter := registry.picked(p, variadic array['meter_no', 'meter_class', 'smart', 'multiplier']
                                       || case when p ->> 'table' = 'meter' then array['only'] else '{}' end);
    new.new_night_equipment := registry.picked(p, variadic array['description', 'capacity_w']
                                       || case when p ->> 'table' = 'equipment' then array['only'] else '{}' end);
    if p ->> 'table' = 'equipment' and p -> 'values' ? 'kind' then   -- the draft has a kind of its own, which is another word
        new.new_night_equipment := coalesce(new.new_night_equipment, '{}') || jsonb_build_object('kind', p -> 'values' -> 'kind');
    end if;
    new.new_surplus_type := registry.picked(p, 'surplus_type');
    new.new_fixed_price_from := registry.picked(p, 'fixed_price_from');
    new.new_purchase_price := registry.picked(p, 'purchase_price');
    new.new_certified_equipment := registry.picked(p, 'certified_equipment');
    return new;
end $$;
create trigger spread before insert or update on registry.change for each row execute function registry.spread_change();
update registry.change set about = '{}';
