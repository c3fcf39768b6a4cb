-- What somebody should hear of: written with what happened, sent later, kept for a month.
CREATE TABLE "notification" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
	"event" text NOT NULL,
	"dedup" text,
	"title" text NOT NULL,
	"text" text NOT NULL,
	"details" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"next_attempt_at" timestamp with time zone DEFAULT now() NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"sent_at" timestamp with time zone,
	"given_up_at" timestamp with time zone,
	"last_error" text
);
--> statement-breakpoint
CREATE UNIQUE INDEX "notification_dedup" ON "notification" USING btree ("dedup");
--> statement-breakpoint
CREATE INDEX "notification_open" ON "notification" USING btree ("next_attempt_at") WHERE sent_at is null and given_up_at is null;
