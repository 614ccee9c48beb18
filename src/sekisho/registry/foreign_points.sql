-- A retailer that asks for a point finds its own rows by point and holder at once. With the point alone, the rows of others would be read and
-- then passed over: a number that exists would take longer than one that does not.
do $$
declare t text;
begin
    foreach t in array array['party', 'place', 'terms', 'meter', 'equipment', 'generation'] loop
        execute format('create index on registry.%I (point, holder)', t);
        execute format('drop index registry.%I', t || '_point_idx');
    end loop;
    foreach t in array array['contract', 'party', 'place', 'terms', 'meter', 'equipment', 'generation'] loop
        execute format('create index on registry.%I (point, holder)', t || '_history');
        execute format('drop index registry.%I', t || '_history_point_idx');
    end loop;
end $$;
