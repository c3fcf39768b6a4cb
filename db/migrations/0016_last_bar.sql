-- The last bar of a stock before a date: its date, its close and its factor. A function, since a statement that needs it for few
-- of its rows would be planned over the partitions of all years each time.
create function last_bar_before(of_instrument int, of_source text, before date) returns text[]
language plpgsql stable as $$
begin
  return (
    select array[b.trade_date::text, b.close::text, f.factor::text]
    from bars b left join adj_factor f on f.instrument_id = b.instrument_id and f.trade_date = b.trade_date and f.source = b.source
    where b.instrument_id = of_instrument and b.source = of_source and b.period = 'daily' and b.trade_date < before
    order by b.trade_date desc limit 1
  );
end $$;
