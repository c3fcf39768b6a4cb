-- Weeks and months that a batch has left for a later call of its own. What its run does not come to is made at the run's end.
CREATE TABLE "derived_due" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
	"source" text NOT NULL,
	"from_date" date NOT NULL,
	"to_date" date NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
