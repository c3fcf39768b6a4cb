-- Some stocks were delisted and came back under their code. Where one source told the first life and another one the second, a
-- stock could end before it began, and every question about the days of its life was refused.
UPDATE "instrument" SET "delist_date" = NULL WHERE "delist_date" <= "list_date";
--> statement-breakpoint
ALTER TABLE "instrument" ADD CONSTRAINT "instrument_life" CHECK ("instrument"."delist_date" > "instrument"."list_date");
--> statement-breakpoint
-- As before, but for a delisting before the listing that the best list tells.
CREATE OR REPLACE VIEW "stock_best" AS
SELECT instrument_id,
	code,
	symbol,
	name,
	fullname,
	enname,
	cnspell,
	area,
	industry,
	market,
	exchange,
	curr_type,
	is_hs,
	list_status,
	list_date,
	CASE WHEN delist_date <= list_date THEN NULL ELSE delist_date END AS delist_date,
	(valuation).total_mv,
	(valuation).circ_mv,
	(valuation).pe,
	(valuation).pe_ttm,
	(valuation).pb,
	(valuation).ps,
	(valuation).source AS valuation_source,
	source,
	sources,
	updated_at
FROM (
	SELECT s.instrument_id,
		(array_agg(s.code ORDER BY c.code, l.rank, s.source))[1] AS code,
		(array_agg(s.symbol ORDER BY c.code, l.rank, s.source))[1] AS symbol,
		(array_agg(s.name ORDER BY c.code, l.rank, s.source) FILTER (WHERE s.name IS NOT NULL))[1] AS name,
		(array_agg(s.fullname ORDER BY c.code, l.rank, s.source) FILTER (WHERE s.fullname IS NOT NULL))[1] AS fullname,
		(array_agg(s.enname ORDER BY c.code, l.rank, s.source) FILTER (WHERE s.enname IS NOT NULL))[1] AS enname,
		(array_agg(s.cnspell ORDER BY c.code, l.rank, s.source) FILTER (WHERE s.cnspell IS NOT NULL))[1] AS cnspell,
		(array_agg(s.area ORDER BY c.code, l.rank, s.source) FILTER (WHERE s.area IS NOT NULL))[1] AS area,
		(array_agg(s.industry ORDER BY c.code, l.rank, s.source) FILTER (WHERE s.industry IS NOT NULL))[1] AS industry,
		(array_agg(s.market ORDER BY c.code, l.rank, s.source) FILTER (WHERE s.market IS NOT NULL))[1] AS market,
		(array_agg(s.exchange ORDER BY c.code, l.rank, s.source))[1] AS exchange,
		(array_agg(s.curr_type ORDER BY c.code, l.rank, s.source) FILTER (WHERE s.curr_type IS NOT NULL))[1] AS curr_type,
		(array_agg(s.is_hs ORDER BY c.code, l.rank, s.source) FILTER (WHERE s.is_hs IS NOT NULL))[1] AS is_hs,
		(array_agg(s.list_status ORDER BY c.code, l.rank, s.source) FILTER (WHERE s.list_status IS NOT NULL))[1] AS list_status,
		(array_agg(s.list_date ORDER BY c.code, l.rank, s.source) FILTER (WHERE s.list_date IS NOT NULL))[1] AS list_date,
		(array_agg(s.delist_date ORDER BY c.code, l.rank, s.source) FILTER (WHERE s.delist_date IS NOT NULL))[1] AS delist_date,
		(array_agg(s ORDER BY c.code, v.rank, s.source)
			FILTER (WHERE coalesce(s.total_mv, s.circ_mv, s.pe, s.pe_ttm, s.pb, s.ps) IS NOT NULL))[1] AS valuation,
		(array_agg(s.source ORDER BY c.code, l.rank, s.source))[1] AS source,
		array_agg(DISTINCT s.source) AS sources,
		max(s.updated_at) AS updated_at
	FROM stock_basic_info AS s
	LEFT JOIN instrument_code AS c ON c.code = s.symbol AND c.valid_to IS NULL
	LEFT JOIN value_precedence AS l ON l.field_group = 'list' AND l.source = s.source
	LEFT JOIN value_precedence AS v ON v.field_group = 'valuation' AND v.source = s.source
	GROUP BY s.instrument_id
) AS s;
