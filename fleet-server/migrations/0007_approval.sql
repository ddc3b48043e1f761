ALTER TABLE "rollouts" ADD COLUMN "approved_by" text;--> statement-breakpoint
ALTER TABLE "rollouts" ADD COLUMN "approved_at" timestamp with time zone;