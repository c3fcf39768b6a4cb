-- From when to when a stock was in an index, as far as the lists of one source tell. It left on the day before the first list
-- without it; it is in it still (`to_date` is null) where the newest list has it.
CREATE VIEW "index_member_interval" AS
WITH lists AS (
	SELECT index_id, source, trade_date, row_number() OVER w AS place, lead(trade_date) OVER w AS next_date
	FROM (SELECT DISTINCT index_id, source, trade_date FROM index_member) d
	WINDOW w AS (PARTITION BY index_id, source ORDER BY trade_date)
), listed AS (
	-- Lists that follow each other have places without a gap.
	SELECT m.*, l.next_date, l.place - row_number() OVER (PARTITION BY m.index_id, m.source, m.instrument_id ORDER BY m.trade_date) AS stay
	FROM index_member m JOIN lists l USING (index_id, source, trade_date)
)
SELECT index_id, instrument_id, source, min(index_symbol) AS index_symbol, (array_agg(symbol ORDER BY trade_date DESC))[1] AS symbol,
	min(trade_date) AS from_date, (array_agg(next_date ORDER BY trade_date DESC))[1] - 1 AS to_date,
	(array_agg(weight ORDER BY trade_date DESC))[1] AS weight
FROM listed
GROUP BY index_id, instrument_id, source, stay;
