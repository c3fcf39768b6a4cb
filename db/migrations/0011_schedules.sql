-- Why a run failed, where a source was the reason: whoever started it decides by this whether to try again.
ALTER TABLE "sync_run" ADD COLUMN "error_class" text;--> statement-breakpoint
CREATE TABLE "lock_waiter" (
	"run_id" uuid PRIMARY KEY NOT NULL,
	"lock_key" text NOT NULL,
	"job" text NOT NULL,
	"since" timestamp with time zone DEFAULT now() NOT NULL,
	"until" timestamp with time zone NOT NULL,
	"warned_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "schedule_made" (
	"namespace" text NOT NULL,
	"id" text NOT NULL,
	"made_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "schedule_made_namespace_id_pk" PRIMARY KEY("namespace","id")
);
