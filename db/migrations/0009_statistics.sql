CREATE TABLE "bar_statistics" (
	"period" text NOT NULL,
	"source" text NOT NULL,
	"shard" integer NOT NULL,
	"bars" bigint NOT NULL,
	"latest_date" date,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "bar_statistics_period_source_shard_pk" PRIMARY KEY("period","source","shard")
);
--> statement-breakpoint
-- Counts all bars anew, for when rows were changed by hand. Transactions that write bars wait until it is done, reads go on.
CREATE FUNCTION "recount_bars"() RETURNS void LANGUAGE sql AS $$
	LOCK TABLE bars IN SHARE ROW EXCLUSIVE MODE;
	DELETE FROM bar_statistics;
	INSERT INTO bar_statistics (period, source, shard, bars, latest_date)
	SELECT period, source, 0, count(*), max(trade_date) FROM bars GROUP BY period, source;
$$;
--> statement-breakpoint
SELECT recount_bars();
--> statement-breakpoint
ALTER TABLE "sync_failure" ADD COLUMN "regions" jsonb;
--> statement-breakpoint
-- Batches that were given up left the dates of their region only. Those that are known still say what is to be brought.
UPDATE sync_failure f SET regions = (
	SELECT jsonb_agg(b.region ORDER BY b.seq) FROM sync_batch b
	WHERE b.run_id = f.run_id AND b.dataset = f.dataset AND b.state = 'failed'
		AND coalesce(b.region ->> 'from', b.region -> 'dates' ->> -1)::date IS NOT DISTINCT FROM f.from_date
		AND coalesce(b.region ->> 'to', b.region -> 'dates' ->> 0)::date IS NOT DISTINCT FROM f.to_date
)
WHERE f.instrument_id IS NULL AND f.symbol IS NULL AND f.resolved_at IS NULL;
