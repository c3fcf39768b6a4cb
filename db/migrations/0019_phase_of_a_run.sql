-- What a run does at the moment, and since when it has worked without a pause: its rate is that of the time since then.
ALTER TABLE "sync_run" ADD COLUMN "phase" text;--> statement-breakpoint
ALTER TABLE "sync_run" ADD COLUMN "resumed_at" timestamp with time zone;
