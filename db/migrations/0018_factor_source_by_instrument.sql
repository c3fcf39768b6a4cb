-- Whose adjustment factors hold, found by instrument: the form before went through the coverage of all instruments even where
-- one was asked for.
CREATE OR REPLACE VIEW "factor_source" AS
SELECT DISTINCT ON (instrument_id) instrument_id, source, covered
FROM (
	SELECT i.id AS instrument_id,
		c.source,
		c.covered,
		c.covered @> range_agg(c.covered) OVER (PARTITION BY i.id) AS whole,
		(SELECT sum(upper(r) - lower(r)) FROM unnest(c.covered) AS r) AS days,
		v.rank
	FROM instrument AS i
	CROSS JOIN LATERAL (
		SELECT o.source, range_agg(o.ranges) * datemultirange(daterange(i.list_date, i.delist_date)) AS covered
		FROM coverage AS o
		WHERE o.dataset = 'adj_factor' AND o.instrument_id IN (0, i.id)
		GROUP BY o.source
	) AS c
	LEFT JOIN value_precedence AS v ON v.field_group = 'factor' AND v.source = c.source
	WHERE NOT isempty(c.covered)
		AND NOT (
			EXISTS (SELECT FROM coverage_hole AS h WHERE h.dataset = 'adj_factor' AND h.instrument_id = i.id AND h.source = c.source)
			AND NOT EXISTS (SELECT FROM adj_factor AS f WHERE f.instrument_id = i.id AND f.source = c.source)
		)
) AS candidates
ORDER BY instrument_id, whole DESC, CASE WHEN NOT whole THEN days END DESC, rank, source;
