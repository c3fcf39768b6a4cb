CREATE TABLE "coverage" (
	"dataset" text NOT NULL,
	"instrument_id" integer NOT NULL,
	"source" text NOT NULL,
	"ranges" datemultirange NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "coverage_dataset_instrument_id_source_pk" PRIMARY KEY("dataset","instrument_id","source")
);
--> statement-breakpoint
CREATE TABLE "coverage_hole" (
	"dataset" text NOT NULL,
	"instrument_id" integer NOT NULL,
	"trade_date" date NOT NULL,
	"source" text NOT NULL,
	"reason" text NOT NULL,
	"first_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"answers" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "coverage_hole_dataset_instrument_id_trade_date_source_pk" PRIMARY KEY("dataset","instrument_id","trade_date","source")
);
--> statement-breakpoint
CREATE TABLE "day_gate" (
	"dataset" text NOT NULL,
	"trade_date" date NOT NULL,
	"expected" integer NOT NULL,
	"present" integer NOT NULL,
	"suspended" integer NOT NULL,
	"state" text NOT NULL,
	"reasons" jsonb NOT NULL,
	"checked_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "day_gate_dataset_trade_date_pk" PRIMARY KEY("dataset","trade_date")
);
--> statement-breakpoint
CREATE TABLE "adj_factor" (
	"instrument_id" integer NOT NULL,
	"trade_date" date NOT NULL,
	"source" text NOT NULL,
	"symbol" text NOT NULL,
	"factor" numeric(20, 8) NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"run_id" uuid,
	"data_type" text,
	CONSTRAINT "adj_factor_instrument_id_trade_date_source_pk" PRIMARY KEY("instrument_id","trade_date","source")
);
--> statement-breakpoint
CREATE TABLE "bars" (
	"instrument_id" integer NOT NULL,
	"trade_date" date NOT NULL,
	"period" text NOT NULL,
	"source" text NOT NULL,
	"symbol" text NOT NULL,
	"period_start" date,
	"is_final" boolean DEFAULT true NOT NULL,
	"open" numeric NOT NULL,
	"high" numeric NOT NULL,
	"low" numeric NOT NULL,
	"close" numeric NOT NULL,
	"pre_close" numeric,
	"change" numeric,
	"pct_chg" numeric,
	"volume" bigint NOT NULL,
	"amount" numeric(22, 4) NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"run_id" uuid,
	"data_type" text,
	CONSTRAINT "bars_instrument_id_trade_date_period_source_pk" PRIMARY KEY("instrument_id","trade_date","period","source")
) PARTITION BY RANGE ("trade_date");
--> statement-breakpoint
-- One partition a year: an index of a year fits in memory while a batch fills it, and a date touches one partition.
CREATE TABLE "bars_before_1996" PARTITION OF "bars" FOR VALUES FROM (MINVALUE) TO ('1996-01-01');
--> statement-breakpoint
DO $$
BEGIN
	FOR y IN 1996..2045 LOOP
		EXECUTE format('CREATE TABLE %I PARTITION OF bars FOR VALUES FROM (%L) TO (%L)', 'bars_' || y, make_date(y, 1, 1), make_date(y + 1, 1, 1));
	END LOOP;
END $$;
--> statement-breakpoint
CREATE TABLE "bars_after_2045" PARTITION OF "bars" FOR VALUES FROM ('2046-01-01') TO (MAXVALUE);
--> statement-breakpoint
CREATE TABLE "instrument" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "instrument_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"kind" text DEFAULT 'stock' NOT NULL,
	"board" text NOT NULL,
	"exchange" text NOT NULL,
	"list_date" date,
	"delist_date" date,
	"stub" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "instrument_code" (
	"code" text PRIMARY KEY NOT NULL,
	"instrument_id" integer NOT NULL,
	"valid_from" date,
	"valid_to" date,
	"source" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "revision" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "revision_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"dataset" text NOT NULL,
	"instrument_id" integer NOT NULL,
	"trade_date" date NOT NULL,
	"source" text NOT NULL,
	"old" jsonb NOT NULL,
	"known_from" timestamp with time zone NOT NULL,
	"known_to" timestamp with time zone DEFAULT now() NOT NULL,
	"run_id" uuid
);
--> statement-breakpoint
CREATE TABLE "stock_basic_info" (
	"code" text NOT NULL,
	"source" text NOT NULL,
	"instrument_id" integer NOT NULL,
	"symbol" text NOT NULL,
	"name" text,
	"fullname" text,
	"enname" text,
	"cnspell" text,
	"area" text,
	"industry" text,
	"market" text,
	"exchange" text NOT NULL,
	"curr_type" text,
	"is_hs" text,
	"list_status" text,
	"list_date" date,
	"delist_date" date,
	"total_mv" numeric(22, 4),
	"circ_mv" numeric(22, 4),
	"pe" numeric,
	"pe_ttm" numeric,
	"pb" numeric,
	"ps" numeric,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"run_id" uuid,
	"data_type" text,
	CONSTRAINT "stock_basic_info_code_source_pk" PRIMARY KEY("code","source")
);
--> statement-breakpoint
CREATE TABLE "suspension" (
	"instrument_id" integer NOT NULL,
	"trade_date" date NOT NULL,
	"source" text NOT NULL,
	"suspend_type" text NOT NULL,
	"symbol" text NOT NULL,
	"suspend_timing" text,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"run_id" uuid,
	"data_type" text,
	CONSTRAINT "suspension_instrument_id_trade_date_source_suspend_type_pk" PRIMARY KEY("instrument_id","trade_date","source","suspend_type")
);
--> statement-breakpoint
CREATE TABLE "trade_calendar" (
	"exchange" text NOT NULL,
	"trade_date" date NOT NULL,
	"is_open" boolean NOT NULL,
	"previous_trade_date" date,
	"source" text NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"run_id" uuid,
	"data_type" text,
	CONSTRAINT "trade_calendar_exchange_trade_date_pk" PRIMARY KEY("exchange","trade_date")
);
--> statement-breakpoint
CREATE TABLE "quarantine" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "quarantine_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"run_id" uuid NOT NULL,
	"dataset" text NOT NULL,
	"source" text NOT NULL,
	"symbol" text,
	"trade_date" date,
	"reason" text NOT NULL,
	"raw" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "quarantine_raw_size" CHECK (length("quarantine"."raw") <= 4000)
);
--> statement-breakpoint
CREATE TABLE "source_budget" (
	"source" text NOT NULL,
	"account" text NOT NULL,
	"api" text NOT NULL,
	"next_slot" timestamp with time zone DEFAULT now() NOT NULL,
	"blocked_until" timestamp with time zone,
	"blocked_reason" text,
	"learned_per_minute" integer,
	"learned_per_hour" integer,
	"learned_per_day" integer,
	"hour" timestamp with time zone,
	"hour_calls" integer DEFAULT 0 NOT NULL,
	"day" date,
	"day_calls" integer DEFAULT 0 NOT NULL,
	"total_calls" bigint DEFAULT 0 NOT NULL,
	"denied_at" timestamp with time zone,
	"denied_message" text,
	CONSTRAINT "source_budget_source_account_api_pk" PRIMARY KEY("source","account","api")
);
--> statement-breakpoint
CREATE TABLE "sync_batch" (
	"run_id" uuid NOT NULL,
	"seq" integer NOT NULL,
	"source" text DEFAULT '*' NOT NULL,
	"stage" smallint NOT NULL,
	"dataset" text NOT NULL,
	"state" text DEFAULT 'pending' NOT NULL,
	"owner_epoch" integer NOT NULL,
	"region" jsonb NOT NULL,
	"instruments" integer[],
	"call_list" jsonb,
	"claimed_by" text,
	"cursor" integer DEFAULT 0 NOT NULL,
	"calls_planned" integer DEFAULT 0 NOT NULL,
	"parent_seq" integer,
	"error_class" text,
	"message" text,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	"inserted" bigint DEFAULT 0 NOT NULL,
	"updated" bigint DEFAULT 0 NOT NULL,
	"unchanged" bigint DEFAULT 0 NOT NULL,
	"rejected" bigint DEFAULT 0 NOT NULL,
	"calls" bigint DEFAULT 0 NOT NULL,
	"cells_total" bigint DEFAULT 0 NOT NULL,
	"cells_done" bigint DEFAULT 0 NOT NULL,
	"symbols_done" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "sync_batch_run_id_seq_source_pk" PRIMARY KEY("run_id","seq","source")
);
--> statement-breakpoint
CREATE TABLE "sync_failure" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "sync_failure_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"job" text NOT NULL,
	"dataset" text NOT NULL,
	"source" text NOT NULL,
	"instrument_id" integer,
	"symbol" text,
	"from_date" date,
	"to_date" date,
	"error_class" text NOT NULL,
	"message" text NOT NULL,
	"run_id" uuid NOT NULL,
	"retry_count" integer DEFAULT 0 NOT NULL,
	"max_retries" integer DEFAULT 3 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_attempt_at" timestamp with time zone DEFAULT now() NOT NULL,
	"resolved_at" timestamp with time zone,
	"resolved_by" text
);
--> statement-breakpoint
CREATE TABLE "sync_log" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "sync_log_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"run_id" uuid,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"level" text NOT NULL,
	"message" text NOT NULL,
	"details" jsonb
);
--> statement-breakpoint
CREATE TABLE "sync_run" (
	"id" uuid PRIMARY KEY NOT NULL,
	"job" text NOT NULL,
	"status" text NOT NULL,
	"params" jsonb NOT NULL,
	"lock_key" text NOT NULL,
	"owner_epoch" integer DEFAULT 1 NOT NULL,
	"workflow_id" text NOT NULL,
	"request_id" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"total" integer DEFAULT 0 NOT NULL,
	"last_trade_date" date,
	"message" text,
	"verification" jsonb,
	"inserted" bigint DEFAULT 0 NOT NULL,
	"updated" bigint DEFAULT 0 NOT NULL,
	"unchanged" bigint DEFAULT 0 NOT NULL,
	"rejected" bigint DEFAULT 0 NOT NULL,
	"calls" bigint DEFAULT 0 NOT NULL,
	"cells_total" bigint DEFAULT 0 NOT NULL,
	"cells_done" bigint DEFAULT 0 NOT NULL,
	"symbols_done" bigint DEFAULT 0 NOT NULL
);
--> statement-breakpoint
ALTER TABLE "instrument_code" ADD CONSTRAINT "instrument_code_instrument_id_instrument_id_fk" FOREIGN KEY ("instrument_id") REFERENCES "public"."instrument"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "stock_basic_info" ADD CONSTRAINT "stock_basic_info_instrument_id_instrument_id_fk" FOREIGN KEY ("instrument_id") REFERENCES "public"."instrument"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sync_batch" ADD CONSTRAINT "sync_batch_run_id_sync_run_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."sync_run"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "coverage_hole_date" ON "coverage_hole" USING btree ("dataset","trade_date");--> statement-breakpoint
CREATE INDEX "adj_factor_trade_date" ON "adj_factor" USING btree ("trade_date");--> statement-breakpoint
CREATE INDEX "bars_trade_date" ON "bars" USING btree ("trade_date");--> statement-breakpoint
CREATE INDEX "instrument_code_instrument" ON "instrument_code" USING btree ("instrument_id");--> statement-breakpoint
CREATE INDEX "revision_key" ON "revision" USING btree ("dataset","instrument_id","trade_date");--> statement-breakpoint
CREATE INDEX "stock_basic_info_symbol" ON "stock_basic_info" USING btree ("symbol");--> statement-breakpoint
CREATE INDEX "suspension_trade_date" ON "suspension" USING btree ("trade_date");--> statement-breakpoint
CREATE INDEX "quarantine_run" ON "quarantine" USING btree ("run_id");--> statement-breakpoint
CREATE INDEX "sync_batch_open" ON "sync_batch" USING btree ("run_id","stage") WHERE state in ('pending', 'running');--> statement-breakpoint
CREATE UNIQUE INDEX "sync_failure_open" ON "sync_failure" USING btree ("dataset","source","instrument_id","from_date","to_date") NULLS NOT DISTINCT WHERE resolved_at is null;--> statement-breakpoint
CREATE INDEX "sync_failure_run" ON "sync_failure" USING btree ("run_id");--> statement-breakpoint
CREATE INDEX "sync_log_run" ON "sync_log" USING btree ("run_id","id");--> statement-breakpoint
CREATE INDEX "sync_log_at" ON "sync_log" USING btree ("at");--> statement-breakpoint
CREATE UNIQUE INDEX "sync_run_lock" ON "sync_run" USING btree ("lock_key") WHERE status in ('pending', 'running');--> statement-breakpoint
CREATE INDEX "sync_run_created" ON "sync_run" USING btree ("created_at");