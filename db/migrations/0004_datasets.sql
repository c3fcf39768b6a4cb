CREATE TABLE "daily_basic" (
	"instrument_id" integer NOT NULL,
	"trade_date" date NOT NULL,
	"source" text NOT NULL,
	"symbol" text NOT NULL,
	"close" numeric,
	"turnover_rate" numeric,
	"turnover_rate_f" numeric,
	"volume_ratio" numeric,
	"pe" numeric,
	"pe_ttm" numeric,
	"pe_dynamic" numeric,
	"pb" numeric,
	"ps" numeric,
	"ps_ttm" numeric,
	"pcf_ncf_ttm" numeric,
	"dv_ratio" numeric,
	"dv_ttm" numeric,
	"total_share" numeric,
	"float_share" numeric,
	"free_share" numeric,
	"total_mv" numeric(22, 4),
	"circ_mv" numeric(22, 4),
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"run_id" uuid,
	"data_type" text,
	CONSTRAINT "daily_basic_instrument_id_trade_date_source_pk" PRIMARY KEY("instrument_id","trade_date","source")
) PARTITION BY RANGE ("trade_date");
--> statement-breakpoint
-- One partition a year, as for bars.
CREATE TABLE "daily_basic_before_1996" PARTITION OF "daily_basic" FOR VALUES FROM (MINVALUE) TO ('1996-01-01');
--> statement-breakpoint
DO $$
BEGIN
	FOR y IN 1996..2045 LOOP
		EXECUTE format('CREATE TABLE %I PARTITION OF daily_basic FOR VALUES FROM (%L) TO (%L)', 'daily_basic_' || y, make_date(y, 1, 1), make_date(y + 1, 1, 1));
	END LOOP;
END $$;
--> statement-breakpoint
CREATE TABLE "daily_basic_after_2045" PARTITION OF "daily_basic" FOR VALUES FROM ('2046-01-01') TO (MAXVALUE);
--> statement-breakpoint
CREATE TABLE "disclosure" (
	"instrument_id" integer NOT NULL,
	"period_end" date NOT NULL,
	"source" text NOT NULL,
	"symbol" text NOT NULL,
	"ann_date" date,
	"pre_date" date,
	"actual_date" date,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"run_id" uuid,
	"data_type" text,
	CONSTRAINT "disclosure_instrument_id_period_end_source_pk" PRIMARY KEY("instrument_id","period_end","source")
);
--> statement-breakpoint
CREATE TABLE "financial_report" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "financial_report_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"instrument_id" integer NOT NULL,
	"source" text NOT NULL,
	"statement" text NOT NULL,
	"period_end" date NOT NULL,
	"report_type" text NOT NULL,
	"comp_type" text,
	"ann_date" date,
	"f_ann_date" date,
	"update_flag" text,
	"symbol" text NOT NULL,
	"items" jsonb NOT NULL,
	"content_hash" text NOT NULL,
	"first_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"run_id" uuid,
	"data_type" text,
	CONSTRAINT "financial_report_version" UNIQUE NULLS NOT DISTINCT("instrument_id","statement","period_end","source","report_type","comp_type","ann_date","f_ann_date","update_flag","content_hash")
);
--> statement-breakpoint
CREATE TABLE "index_bars" (
	"instrument_id" integer NOT NULL,
	"trade_date" date NOT NULL,
	"source" text NOT NULL,
	"symbol" text NOT NULL,
	"open" numeric,
	"high" numeric,
	"low" numeric,
	"close" numeric NOT NULL,
	"pre_close" numeric,
	"change" numeric,
	"pct_chg" numeric,
	"volume" numeric,
	"amount" numeric(22, 4),
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"run_id" uuid,
	"data_type" text,
	CONSTRAINT "index_bars_instrument_id_trade_date_source_pk" PRIMARY KEY("instrument_id","trade_date","source")
);
--> statement-breakpoint
CREATE TABLE "index_member" (
	"index_id" integer NOT NULL,
	"trade_date" date NOT NULL,
	"instrument_id" integer NOT NULL,
	"source" text NOT NULL,
	"index_symbol" text NOT NULL,
	"symbol" text NOT NULL,
	"weight" numeric,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"run_id" uuid,
	"data_type" text,
	CONSTRAINT "index_member_index_id_trade_date_instrument_id_source_pk" PRIMARY KEY("index_id","trade_date","instrument_id","source")
);
--> statement-breakpoint
CREATE TABLE "name_change" (
	"instrument_id" integer NOT NULL,
	"start_date" date NOT NULL,
	"name" text NOT NULL,
	"source" text NOT NULL,
	"symbol" text NOT NULL,
	"end_date" date,
	"ann_date" date,
	"reason" text,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"run_id" uuid,
	"data_type" text,
	CONSTRAINT "name_change_instrument_id_start_date_name_source_pk" PRIMARY KEY("instrument_id","start_date","name","source")
);
--> statement-breakpoint
ALTER TABLE "sync_run" ADD COLUMN "resolved_params" jsonb;--> statement-breakpoint
ALTER TABLE "coverage_hole" ADD COLUMN "accepted_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "coverage_hole" ADD COLUMN "accepted_by" text;--> statement-breakpoint
CREATE INDEX "daily_basic_trade_date" ON "daily_basic" USING btree ("trade_date");--> statement-breakpoint
CREATE INDEX "disclosure_actual_date" ON "disclosure" USING btree ("actual_date");--> statement-breakpoint
CREATE INDEX "financial_report_published" ON "financial_report" USING btree ("statement","f_ann_date");--> statement-breakpoint
CREATE INDEX "index_member_instrument" ON "index_member" USING btree ("instrument_id");