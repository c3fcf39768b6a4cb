-- Fields of several versions as one: a later one wins, and what it leaves out stays.
CREATE AGGREGATE merged_items(jsonb) (SFUNC = jsonb_concat, STYPE = jsonb, INITCOND = '{}');
--> statement-breakpoint
-- The reports as they were known. There are two notions of that, and they may be combined:
--   known_on   by the market: versions that were published up to this day, by f_ann_date (ann_date where there is none).
--              Null: all of them.
--   seen_by    by this service: versions that it had brought up to this moment. A history that was loaded later holds what
--              nobody here knew then. Null: all of them.
-- One row per instrument, statement, period, type and source: the versions of the newest publication, twins of one day field
-- by field, those marked as updated first, then those that came last.
CREATE FUNCTION financial_as_of(known_on date, seen_by timestamp with time zone DEFAULT NULL)
RETURNS TABLE (
	instrument_id integer, symbol text, source text, statement text, period_end date, report_type text, comp_type text,
	ann_date date, f_ann_date date, update_flag text, items jsonb, versions integer, first_seen_at timestamp with time zone
) LANGUAGE sql STABLE AS $$
	SELECT n.instrument_id, (array_agg(n.symbol ORDER BY n.id DESC))[1], n.source, n.statement, n.period_end, n.report_type,
		(array_agg(n.comp_type ORDER BY n.flag DESC, n.id DESC))[1], min(n.ann_date), max(n.f_ann_date), max(n.update_flag),
		merged_items(n.items ORDER BY n.flag, n.id), count(*)::integer, max(n.first_seen_at)
	FROM (
		SELECT r.*, coalesce(r.update_flag, '') AS flag, coalesce(r.f_ann_date, r.ann_date, '0001-01-01') AS published,
			max(coalesce(r.f_ann_date, r.ann_date, '0001-01-01')) OVER (
				PARTITION BY r.instrument_id, r.statement, r.period_end, r.report_type, r.source) AS newest
		FROM financial_report AS r
		WHERE (known_on IS NULL OR coalesce(r.f_ann_date, r.ann_date) <= known_on)
			AND (seen_by IS NULL OR r.first_seen_at <= seen_by)
	) AS n
	WHERE n.published = n.newest
	GROUP BY n.instrument_id, n.source, n.statement, n.period_end, n.report_type
$$;
--> statement-breakpoint
CREATE VIEW financial_latest AS SELECT * FROM financial_as_of(NULL::date);
