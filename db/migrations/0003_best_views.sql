-- Whose value stands where several sources have one, per group of fields. This is configuration: rows may be changed, and
-- a source without a row comes after those that have one.
INSERT INTO "value_precedence" ("field_group", "source", "rank")
SELECT field_group, source, rank
FROM unnest(ARRAY['ohlc', 'volume', 'amount', 'pre_close', 'factor', 'suspension', 'st', 'valuation', 'list']) AS g(field_group),
	unnest(ARRAY['tushare', 'baostock', 'akshare']) WITH ORDINALITY AS o(source, rank);
--> statement-breakpoint
CREATE FUNCTION "within_tolerance"(a numeric, b numeric, absolute numeric, relative numeric) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN abs(a - b) <= greatest(absolute, relative * greatest(abs(a), abs(b)));
--> statement-breakpoint
-- The vote over one group of fields. A source that more than half of those with a value agree with, itself included, is
-- backed. The best of the backed ones is elected; where none is, the best of all, and the group is disputed.
--
-- `agree` has a line of n flags for each source; of a pair only the flag of the earlier one counts. Gives the place of the
-- elected source, negative when the group is disputed, null when no source has a value.
CREATE FUNCTION "elect_source"(sources text[], has boolean[], agree boolean[], precedence text[]) RETURNS integer
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
	n constant integer := cardinality(sources);
	voters constant integer := cardinality(array_positions(has, true));
	backing integer;
	backed boolean;
	place integer;
	best integer;
	best_backed boolean;
	best_place integer;
BEGIN
	FOR i IN 1..n LOOP
		CONTINUE WHEN NOT has[i];
		backing := 1;
		FOR j IN 1..n LOOP
			IF i <> j AND agree[(least(i, j) - 1) * n + greatest(i, j)] THEN
				backing := backing + 1;
			END IF;
		END LOOP;
		backed := backing * 2 > voters;
		place := coalesce(array_position(precedence, sources[i]), 1000);
		IF best IS NULL OR (backed AND NOT best_backed) OR (backed = best_backed AND place < best_place) THEN
			best := i;
			best_backed := backed;
			best_place := place;
		END IF;
	END LOOP;
	RETURN CASE WHEN best_backed THEN best ELSE -best END;
END
$$;
--> statement-breakpoint
-- Which source's value stands in each group of fields of one bar that two or more sources have. The arrays hold their
-- values, ordered by the name of the source; the last five are the precedences. Gives places for ohlc, volume, amount,
-- pre_close, pct_chg and is_st, then a bit (1, 2, 4 …) for each of these that is disputed.
--
-- The tolerances are those of market/tolerances.ts. `after_hours`: the bar is one of those whose volume some sources count
-- with, some without the trade after hours (at the close, since 2026-07-06; Tushare leaves it out).
CREATE FUNCTION "pick_bar_sources"(
	sources text[], open numeric[], high numeric[], low numeric[], close numeric[], volume bigint[], amount numeric[],
	pre_close numeric[], pct_chg numeric[], is_st boolean[], after_hours boolean,
	by_ohlc text[], by_volume text[], by_amount text[], by_pre_close text[], by_st text[]
) RETURNS integer[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
	n constant integer := cardinality(sources);
	source text;
	i integer;
	j integer;
	k integer;
	cell integer;
	lots integer;
	t integer;
	o integer;
	agree_ohlc boolean[];
	agree_volume boolean[];
	agree_amount boolean[];
	agree_pre_close boolean[];
	agree_pct_chg boolean[];
	agree_st boolean[];
	no_agreement boolean[];
	everyone boolean[];
	elected integer[];
	disputed integer := 0;
BEGIN
	-- Nearly always: up to three sources, one order for all groups, and the best source agrees with another one, which
	-- makes two of three.
	IF n <= 3 AND by_ohlc = by_volume AND by_ohlc = by_amount AND by_ohlc = by_pre_close AND by_ohlc = by_st THEN
		FOREACH source IN ARRAY by_ohlc LOOP
			i := array_position(sources, source);
			EXIT WHEN i IS NOT NULL;
		END LOOP;
		j := i % n + 1;
		k := CASE n WHEN 3 THEN j % n + 1 ELSE j END;
		IF round(open[i], 2) = round(open[j], 2) AND round(high[i], 2) = round(high[j], 2)
			AND round(low[i], 2) = round(low[j], 2) AND round(close[i], 2) = round(close[j], 2)
			AND within_tolerance(volume[i], volume[j], CASE WHEN 'akshare' IN (sources[i], sources[j]) THEN 100 ELSE 1 END, 0.0000001)
			AND within_tolerance(amount[i], amount[j], 1000, 0.00001)
			AND pre_close[i] IS NOT NULL AND (abs(pre_close[i] - pre_close[j]) <= 0.01
				OR abs(pre_close[i] - pre_close[k]) <= 0.01 OR coalesce(pre_close[j], pre_close[k]) IS NULL)
			AND pct_chg[i] IS NOT NULL AND (abs(pct_chg[i] - pct_chg[j]) <= 0.01
				OR abs(pct_chg[i] - pct_chg[k]) <= 0.01 OR coalesce(pct_chg[j], pct_chg[k]) IS NULL)
			AND cardinality(array_positions(is_st, true)) * cardinality(array_positions(is_st, false)) = 0
		THEN
			-- Those that know of special treatment say the same: the first of them by precedence is named, else any.
			FOREACH source IN ARRAY by_st LOOP
				k := array_position(sources, source);
				EXIT WHEN is_st[k] IS NOT NULL;
			END LOOP;
			FOR place IN 1..n LOOP
				EXIT WHEN is_st[k] IS NOT NULL;
				k := place;
			END LOOP;
			RETURN ARRAY[i, i, i, i, i, k, 0];
		END IF;
	END IF;

	no_agreement := array_fill(false, ARRAY[n * n]);
	everyone := array_fill(true, ARRAY[n]);
	agree_ohlc := no_agreement;
	agree_volume := no_agreement;
	agree_amount := no_agreement;
	agree_pre_close := no_agreement;
	agree_pct_chg := no_agreement;
	agree_st := no_agreement;
	FOR i IN 1..n - 1 LOOP
		FOR j IN i + 1..n LOOP
			cell := (i - 1) * n + j;
			lots := CASE WHEN 'akshare' IN (sources[i], sources[j]) THEN 100 ELSE 1 END;
			agree_ohlc[cell] := round(open[i], 2) = round(open[j], 2) AND round(high[i], 2) = round(high[j], 2)
				AND round(low[i], 2) = round(low[j], 2) AND round(close[i], 2) = round(close[j], 2);
			agree_volume[cell] := within_tolerance(volume[i], volume[j], lots, 0.0000001);
			agree_amount[cell] := within_tolerance(amount[i], amount[j], 1000, 0.00001);
			agree_pre_close[cell] := abs(pre_close[i] - pre_close[j]) <= 0.01;
			agree_pct_chg[cell] := abs(pct_chg[i] - pct_chg[j]) <= 0.01;
			agree_st[cell] := is_st[i] = is_st[j];
			IF after_hours AND 'tushare' IN (sources[i], sources[j]) THEN
				t := CASE sources[i] WHEN 'tushare' THEN i ELSE j END;
				o := i + j - t;
				IF volume[o] > volume[t] AND abs(amount[o] - amount[t] - (volume[o] - volume[t]) * close[t])
					<= greatest(1000, 0.00001 * amount[o]) + lots * close[t]
				THEN
					agree_volume[cell] := true;
					agree_amount[cell] := true;
				END IF;
			END IF;
		END LOOP;
	END LOOP;
	elected := ARRAY[
		elect_source(sources, everyone, agree_ohlc, by_ohlc),
		elect_source(sources, everyone, agree_volume, by_volume),
		elect_source(sources, everyone, agree_amount, by_amount),
		elect_source(sources, ARRAY(SELECT v IS NOT NULL FROM unnest(pre_close) AS v), agree_pre_close, by_pre_close),
		elect_source(sources, ARRAY(SELECT v IS NOT NULL FROM unnest(pct_chg) AS v), agree_pct_chg, by_pre_close),
		elect_source(sources, ARRAY(SELECT v IS NOT NULL FROM unnest(is_st) AS v), agree_st, by_st)
	];
	FOR g IN 1..6 LOOP
		IF elected[g] < 0 THEN
			disputed := disputed | (1 << (g - 1));
			elected[g] := -elected[g];
		END IF;
	END LOOP;
	RETURN array_append(elected, disputed);
END
$$;
--> statement-breakpoint
-- One row for each instrument, date and period. Ask for instruments, dates and periods by value: those reach the keys and
-- partitions of the table, while any other condition, or a join, reads all of it. `change` follows from close and pre_close.
CREATE VIEW "bars_best" AS
WITH precedence AS MATERIALIZED (
	SELECT array_agg(source ORDER BY rank, source) FILTER (WHERE field_group = 'ohlc') AS ohlc,
		array_agg(source ORDER BY rank, source) FILTER (WHERE field_group = 'volume') AS volume,
		array_agg(source ORDER BY rank, source) FILTER (WHERE field_group = 'amount') AS amount,
		array_agg(source ORDER BY rank, source) FILTER (WHERE field_group = 'pre_close') AS pre_close,
		array_agg(source ORDER BY rank, source) FILTER (WHERE field_group = 'st') AS st
	FROM value_precedence
)
SELECT instrument_id,
	symbol[pick[1]] AS symbol,
	period,
	trade_date,
	period_start[pick[1]] AS period_start,
	is_final[pick[1]] AS is_final,
	open[pick[1]] AS open,
	high[pick[1]] AS high,
	low[pick[1]] AS low,
	close[pick[1]] AS close,
	pre_close[pick[4]] AS pre_close,
	coalesce(close[pick[1]] - pre_close[pick[4]], change[pick[5]]) AS change,
	pct_chg[pick[5]] AS pct_chg,
	volume[pick[2]] AS volume,
	amount[pick[3]] AS amount,
	is_st[pick[6]] AS is_st,
	sources[pick[1]] AS ohlc_source,
	sources[pick[2]] AS volume_source,
	sources[pick[3]] AS amount_source,
	CASE WHEN pre_close[pick[4]] IS NOT NULL THEN sources[pick[4]] END AS pre_close_source,
	CASE WHEN pct_chg[pick[5]] IS NOT NULL THEN sources[pick[5]] END AS pct_chg_source,
	CASE WHEN is_st[pick[6]] IS NOT NULL THEN sources[pick[6]] END AS st_source,
	sources,
	pick[7] > 0 AS disputed,
	CASE pick[7]
		WHEN 0 THEN '{}'
		ELSE ARRAY(
			SELECT name
			FROM unnest(ARRAY['ohlc', 'volume', 'amount', 'pre_close', 'pct_chg', 'is_st']) WITH ORDINALITY AS g(name, place)
			WHERE pick[7] & (1 << (place::integer - 1)) > 0
			ORDER BY place
		)
	END AS disputed_groups,
	updated_at
FROM (
	-- Arrays of values, and not rows as values: those cost three times as much.
	SELECT instrument_id,
		period,
		trade_date,
		array_agg(source ORDER BY source) AS sources,
		array_agg(symbol ORDER BY source) AS symbol,
		array_agg(period_start ORDER BY source) AS period_start,
		array_agg(is_final ORDER BY source) AS is_final,
		array_agg(open ORDER BY source) AS open,
		array_agg(high ORDER BY source) AS high,
		array_agg(low ORDER BY source) AS low,
		array_agg(close ORDER BY source) AS close,
		array_agg(pre_close ORDER BY source) AS pre_close,
		array_agg(change ORDER BY source) AS change,
		array_agg(pct_chg ORDER BY source) AS pct_chg,
		array_agg(volume ORDER BY source) AS volume,
		array_agg(amount ORDER BY source) AS amount,
		array_agg(is_st ORDER BY source) AS is_st,
		max(updated_at) AS updated_at,
		CASE count(*)
			WHEN 1 THEN ARRAY[1, 1, 1, 1, 1, 1, 0]
			ELSE pick_bar_sources(
				array_agg(source ORDER BY source), array_agg(open ORDER BY source), array_agg(high ORDER BY source),
				array_agg(low ORDER BY source), array_agg(close ORDER BY source), array_agg(volume ORDER BY source),
				array_agg(amount ORDER BY source), array_agg(pre_close ORDER BY source), array_agg(pct_chg ORDER BY source),
				array_agg(is_st ORDER BY source),
				trade_date >= '2026-07-06' AND period = 'daily' AND (array_agg(symbol ORDER BY source))[1] NOT LIKE '%.BJ',
				(SELECT ohlc FROM precedence), (SELECT volume FROM precedence), (SELECT amount FROM precedence),
				(SELECT pre_close FROM precedence), (SELECT st FROM precedence)
			)
		END AS pick
	FROM bars
	GROUP BY instrument_id, period, trade_date
) AS b;
--> statement-breakpoint
-- Whose adjustment factors hold for an instrument: two sources' scales never mix, so it is one for its whole life. The best
-- by precedence of those that cover all that any source covers of that life; where none does, the one that covers most.
-- Holes do not count, since a factor holds until the next one; but a source that was asked and has nothing is not chosen.
CREATE VIEW "factor_source" AS
SELECT DISTINCT ON (instrument_id) instrument_id, source, covered
FROM (
	SELECT c.instrument_id,
		c.source,
		c.covered,
		c.covered @> range_agg(c.covered) OVER (PARTITION BY c.instrument_id) AS whole,
		(SELECT sum(upper(r) - lower(r)) FROM unnest(c.covered) AS r) AS days,
		v.rank
	FROM (
		SELECT i.id AS instrument_id, c.source, range_agg(c.ranges) * datemultirange(daterange(i.list_date, i.delist_date)) AS covered
		FROM (
			SELECT instrument_id, source, ranges FROM coverage WHERE dataset = 'adj_factor' AND instrument_id <> 0
			UNION ALL
			SELECT i.id, c.source, c.ranges FROM coverage AS c CROSS JOIN instrument AS i WHERE c.dataset = 'adj_factor' AND c.instrument_id = 0
		) AS c
		JOIN instrument AS i ON i.id = c.instrument_id
		GROUP BY i.id, c.source
	) AS c
	LEFT JOIN value_precedence AS v ON v.field_group = 'factor' AND v.source = c.source
	WHERE NOT isempty(c.covered)
		AND NOT (
			EXISTS (SELECT FROM coverage_hole AS h WHERE h.dataset = 'adj_factor' AND h.instrument_id = c.instrument_id AND h.source = c.source)
			AND NOT EXISTS (SELECT FROM adj_factor AS f WHERE f.instrument_id = c.instrument_id AND f.source = c.source)
		)
) AS candidates
ORDER BY instrument_id, whole DESC, CASE WHEN NOT whole THEN days END DESC, rank, source;
--> statement-breakpoint
-- Adjustment factors of one source for each instrument. A factor holds until the next one, as far as `factor_source` covers.
CREATE VIEW "factors_best" AS
SELECT f.instrument_id, f.symbol, f.trade_date, f.factor, f.source, f.updated_at
FROM adj_factor AS f
JOIN factor_source AS s ON s.instrument_id = f.instrument_id AND s.source = f.source;
--> statement-breakpoint
-- One row for each stock: what the best list says, gaps filled from the next. The newest code comes before older ones.
-- Valuation is of one day and one source: it is taken whole.
CREATE VIEW "stock_best" AS
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
	delist_date,
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
--> statement-breakpoint
-- Every suspension that any source names. Disputed: another source has a bar with volume of that day, or knows of a part of
-- the day only.
CREATE VIEW "suspension_best" AS
SELECT s.instrument_id,
	s.trade_date,
	s.suspend_type,
	s.symbol,
	s.suspend_timing,
	s.source,
	s.sources,
	s.suspend_type = 'S' AND (s.kinds > 1 OR s.suspend_timing IS NULL AND EXISTS (
		SELECT FROM bars AS b
		WHERE b.instrument_id = s.instrument_id AND b.trade_date = s.trade_date AND b.period = 'daily' AND b.volume > 0
			AND b.source <> ALL (s.sources)
	)) AS disputed,
	s.updated_at
FROM (
	SELECT s.instrument_id,
		s.trade_date,
		s.suspend_type,
		(array_agg(s.symbol ORDER BY v.rank, s.source))[1] AS symbol,
		(array_agg(s.suspend_timing ORDER BY v.rank, s.source))[1] AS suspend_timing,
		(array_agg(s.source ORDER BY v.rank, s.source))[1] AS source,
		array_agg(s.source ORDER BY v.rank, s.source) AS sources,
		count(DISTINCT s.suspend_timing IS NULL) AS kinds,
		max(s.updated_at) AS updated_at
	FROM suspension AS s
	LEFT JOIN value_precedence AS v ON v.field_group = 'suspension' AND v.source = s.source
	GROUP BY s.instrument_id, s.trade_date, s.suspend_type
) AS s;
