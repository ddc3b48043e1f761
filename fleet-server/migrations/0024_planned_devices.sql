ALTER TABLE "claim_tokens" ADD COLUMN "site" text;--> statement-breakpoint
ALTER TABLE "claim_tokens" ADD COLUMN "tags" jsonb DEFAULT '[]'::jsonb NOT NULL;