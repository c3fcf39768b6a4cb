ALTER TABLE "source_budget" ADD COLUMN "learned_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "source_lease" ADD COLUMN "label" text;--> statement-breakpoint
ALTER TABLE "sync_run" ADD COLUMN "plan" jsonb DEFAULT '{}'::jsonb NOT NULL;