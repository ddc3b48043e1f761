ALTER TABLE "rollout_executions" ADD COLUMN "evidence" jsonb;--> statement-breakpoint
ALTER TABLE "rollout_groups" ADD COLUMN "quality" jsonb;--> statement-breakpoint
ALTER TABLE "rollouts" ADD COLUMN "reference" jsonb;