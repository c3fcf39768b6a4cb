CREATE TABLE "agreement" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "agreement_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"dataset" text NOT NULL,
	"instrument_id" integer NOT NULL,
	"trade_date" date NOT NULL,
	"field" text NOT NULL,
	"source_a" text NOT NULL,
	"value_a" numeric,
	"source_b" text NOT NULL,
	"value_b" numeric,
	"verdict" text NOT NULL,
	"run_id" uuid,
	"first_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_seen_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "value_precedence" (
	"field_group" text NOT NULL,
	"source" text NOT NULL,
	"rank" integer NOT NULL,
	CONSTRAINT "value_precedence_field_group_source_pk" PRIMARY KEY("field_group","source")
);
--> statement-breakpoint
CREATE TABLE "source_depth" (
	"source" text NOT NULL,
	"dataset" text NOT NULL,
	"by_date_from" date,
	"sampled_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "source_depth_source_dataset_pk" PRIMARY KEY("source","dataset")
);
--> statement-breakpoint
CREATE TABLE "source_health" (
	"source" text NOT NULL,
	"site" text NOT NULL,
	"failures" integer DEFAULT 0 NOT NULL,
	"resting_until" timestamp with time zone,
	"error_class" text,
	"reason" text,
	"probing_until" timestamp with time zone,
	"bans" integer DEFAULT 0 NOT NULL,
	"ban_year" integer,
	"error_rate" double precision DEFAULT 0 NOT NULL,
	"reject_rate" double precision DEFAULT 0 NOT NULL,
	"latency_ms" double precision,
	"last_success_at" timestamp with time zone,
	"last_failure_at" timestamp with time zone,
	CONSTRAINT "source_health_source_site_pk" PRIMARY KEY("source","site")
);
--> statement-breakpoint
CREATE TABLE "source_lease" (
	"name" text PRIMARY KEY NOT NULL,
	"holder" uuid NOT NULL,
	"until" timestamp with time zone NOT NULL,
	"wanted_until" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "source_setting" (
	"source" text PRIMARY KEY NOT NULL,
	"enabled" boolean,
	"priority" integer,
	"pinned" boolean DEFAULT false NOT NULL,
	"sealed_token" text,
	"calls_per_minute" integer,
	"min_interval_ms" integer,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sync_run_source" (
	"run_id" uuid NOT NULL,
	"source" text NOT NULL,
	"dataset" text NOT NULL,
	"inserted" bigint DEFAULT 0 NOT NULL,
	"updated" bigint DEFAULT 0 NOT NULL,
	"unchanged" bigint DEFAULT 0 NOT NULL,
	"rejected" bigint DEFAULT 0 NOT NULL,
	"calls" bigint DEFAULT 0 NOT NULL,
	"cells_done" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "sync_run_source_run_id_source_dataset_pk" PRIMARY KEY("run_id","source","dataset")
);
--> statement-breakpoint
DROP INDEX "sync_failure_open";--> statement-breakpoint
ALTER TABLE "bars" ADD COLUMN "is_st" boolean;--> statement-breakpoint
ALTER TABLE "sync_run_source" ADD CONSTRAINT "sync_run_source_run_id_sync_run_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."sync_run"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "agreement_key" ON "agreement" USING btree ("dataset","instrument_id","trade_date","field","source_a","source_b");--> statement-breakpoint
CREATE INDEX "agreement_date" ON "agreement" USING btree ("dataset","trade_date");--> statement-breakpoint
CREATE UNIQUE INDEX "sync_failure_open" ON "sync_failure" USING btree ("dataset","source","instrument_id","symbol","from_date","to_date") NULLS NOT DISTINCT WHERE resolved_at is null;