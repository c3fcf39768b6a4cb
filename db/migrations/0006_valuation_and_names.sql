-- The session that the valuation in a stock list is of: an older one never takes the place of a younger one.
ALTER TABLE "stock_basic_info" ADD COLUMN "valuation_date" date;
--> statement-breakpoint
-- One row for each instrument and session: each group of fields from the best source that has it. Fields of a group are of
-- one source; groups are what one source may have and another not. Ratios stand alone where a source is silent on companies
-- that lost money and another one shows them as negative. Nothing is averaged, and ratios of this year's profit annualised
-- (pe_dynamic) are never taken for trailing ones.
--
-- Ask for instruments and dates by value, as of bars_best.
CREATE VIEW "daily_basic_best" AS
SELECT instrument_id,
	symbol,
	trade_date,
	(turnover).turnover_rate,
	(turnover).turnover_rate_f,
	(turnover).volume_ratio,
	(annual).pe,
	pe_ttm[1] AS pe_ttm,
	pe_dynamic[1] AS pe_dynamic,
	pb[1] AS pb,
	(annual).ps,
	ps_ttm[1] AS ps_ttm,
	pcf_ncf_ttm[1] AS pcf_ncf_ttm,
	(annual).dv_ratio,
	(annual).dv_ttm,
	(shares).total_share,
	(shares).float_share,
	(shares).free_share,
	(worth).total_mv,
	(worth).circ_mv,
	(turnover).source AS turnover_source,
	(annual).source AS annual_source,
	pe_ttm_source[1] AS pe_ttm_source,
	pe_dynamic_source[1] AS pe_dynamic_source,
	pb_source[1] AS pb_source,
	ps_ttm_source[1] AS ps_ttm_source,
	pcf_ncf_ttm_source[1] AS pcf_ncf_ttm_source,
	(shares).source AS shares_source,
	(worth).source AS worth_source,
	sources,
	updated_at
FROM (
	SELECT d.instrument_id,
		d.trade_date,
		(array_agg(d.symbol ORDER BY v.rank, d.source))[1] AS symbol,
		(array_agg(d ORDER BY v.rank, d.source)
			FILTER (WHERE coalesce(d.turnover_rate, d.turnover_rate_f, d.volume_ratio) IS NOT NULL))[1] AS turnover,
		(array_agg(d ORDER BY v.rank, d.source)
			FILTER (WHERE coalesce(d.pe, d.ps, d.dv_ratio, d.dv_ttm) IS NOT NULL))[1] AS annual,
		array_agg(d.pe_ttm ORDER BY v.rank, d.source) FILTER (WHERE d.pe_ttm IS NOT NULL) AS pe_ttm,
		array_agg(d.source ORDER BY v.rank, d.source) FILTER (WHERE d.pe_ttm IS NOT NULL) AS pe_ttm_source,
		array_agg(d.pe_dynamic ORDER BY v.rank, d.source) FILTER (WHERE d.pe_dynamic IS NOT NULL) AS pe_dynamic,
		array_agg(d.source ORDER BY v.rank, d.source) FILTER (WHERE d.pe_dynamic IS NOT NULL) AS pe_dynamic_source,
		array_agg(d.pb ORDER BY v.rank, d.source) FILTER (WHERE d.pb IS NOT NULL) AS pb,
		array_agg(d.source ORDER BY v.rank, d.source) FILTER (WHERE d.pb IS NOT NULL) AS pb_source,
		array_agg(d.ps_ttm ORDER BY v.rank, d.source) FILTER (WHERE d.ps_ttm IS NOT NULL) AS ps_ttm,
		array_agg(d.source ORDER BY v.rank, d.source) FILTER (WHERE d.ps_ttm IS NOT NULL) AS ps_ttm_source,
		array_agg(d.pcf_ncf_ttm ORDER BY v.rank, d.source) FILTER (WHERE d.pcf_ncf_ttm IS NOT NULL) AS pcf_ncf_ttm,
		array_agg(d.source ORDER BY v.rank, d.source) FILTER (WHERE d.pcf_ncf_ttm IS NOT NULL) AS pcf_ncf_ttm_source,
		(array_agg(d ORDER BY v.rank, d.source)
			FILTER (WHERE coalesce(d.total_share, d.float_share, d.free_share) IS NOT NULL))[1] AS shares,
		(array_agg(d ORDER BY v.rank, d.source)
			FILTER (WHERE coalesce(d.total_mv, d.circ_mv) IS NOT NULL))[1] AS worth,
		array_agg(d.source ORDER BY d.source) AS sources,
		max(d.updated_at) AS updated_at
	FROM daily_basic AS d
	LEFT JOIN value_precedence AS v ON v.field_group = 'valuation' AND v.source = d.source
	GROUP BY d.instrument_id, d.trade_date
) AS d;
--> statement-breakpoint
-- What a name says of its stock: special treatment (ST, *ST; with S before the share reform; with XD, XR, DR on ex-dates) or
-- that its listing ends. Null: nothing.
CREATE FUNCTION "standing_of_name"(name text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE
		WHEN name ~ '退' THEN 'delisting'
		WHEN name ~ '^(XD|XR|DR|N)?G?(S\*|\*S|S|\*)?ST' THEN 'st'
	END;
--> statement-breakpoint
-- When stocks were under special treatment, or about to be delisted, as each source knows it; both days included, null: to
-- this day. By names a spell lasts until the next name begins. By the flags on bars it lasts until the first bar without
-- one, inside what the source's bars cover: beyond it nobody knows.
--
-- Ask for instruments by value.
CREATE VIEW "st_interval" AS
SELECT instrument_id,
	kind,
	lower(spell) AS from_date,
	upper(spell) - 1 AS to_date,
	source,
	basis
FROM (
	SELECT n.instrument_id, n.kind, n.source, 'name' AS basis,
		unnest(range_agg(n.named) * datemultirange(daterange(NULL, i.delist_date))) AS spell
	FROM (
		SELECT instrument_id,
			source,
			standing_of_name(name) AS kind,
			-- Two names of one day: the spell of the first is empty.
			daterange(start_date, coalesce(
				lead(start_date) OVER (PARTITION BY instrument_id, source ORDER BY start_date, end_date, name),
				greatest(end_date, start_date) + CASE WHEN end_date IS NOT NULL THEN 1 END
			)) AS named
		FROM name_change
	) AS n
	JOIN instrument AS i ON i.id = n.instrument_id
	WHERE n.kind IS NOT NULL
	GROUP BY n.instrument_id, n.kind, n.source, i.delist_date
	UNION ALL
	SELECT f.instrument_id, 'st', f.source, 'bars',
		unnest(range_agg(f.flagged) * (
			SELECT range_agg(c.ranges) FROM coverage AS c
			WHERE c.dataset = 'bars' AND c.source = f.source AND c.instrument_id IN (f.instrument_id, 0)
		))
	FROM (
		SELECT instrument_id,
			source,
			is_st,
			daterange(trade_date, lead(trade_date) OVER (PARTITION BY instrument_id, source ORDER BY trade_date)) AS flagged
		FROM bars
		WHERE period = 'daily' AND is_st IS NOT NULL
	) AS f
	WHERE f.is_st
	GROUP BY f.instrument_id, f.source
) AS s;
