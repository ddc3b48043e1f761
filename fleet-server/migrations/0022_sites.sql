CREATE TABLE "rollout_approvals" (
	"rollout_id" text NOT NULL,
	"role" text NOT NULL,
	"by" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	CONSTRAINT "rollout_approvals_rollout_id_role_pk" PRIMARY KEY("rollout_id","role")
);
--> statement-breakpoint
CREATE TABLE "sites" (
	"name" text PRIMARY KEY NOT NULL,
	"time_zone" text NOT NULL,
	"approvals" jsonb
);
--> statement-breakpoint
ALTER TABLE "rollout_approvals" ADD CONSTRAINT "rollout_approvals_rollout_id_rollouts_id_fk" FOREIGN KEY ("rollout_id") REFERENCES "public"."rollouts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
INSERT INTO "rollout_approvals" ("rollout_id", "role", "by", "at")
SELECT "id", 'admin', "approved_by", "approved_at" FROM "rollouts" WHERE "approved_by" IS NOT NULL AND "approved_at" IS NOT NULL;
