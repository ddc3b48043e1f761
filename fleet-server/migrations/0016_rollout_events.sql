CREATE TABLE "rollout_events" (
	"id" serial PRIMARY KEY NOT NULL,
	"rollout_id" text NOT NULL,
	"group_index" integer,
	"from" text,
	"to" text NOT NULL,
	"by" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"reason" text
);
--> statement-breakpoint
ALTER TABLE "rollout_events" ADD CONSTRAINT "rollout_events_rollout_id_rollouts_id_fk" FOREIGN KEY ("rollout_id") REFERENCES "public"."rollouts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "rollout_events_by_rollout" ON "rollout_events" USING btree ("rollout_id");--> statement-breakpoint
INSERT INTO "rollout_events" ("rollout_id", "from", "to", "by", "at", "reason")
SELECT "rollouts"."id", "step"."from", "step"."to", "audit_log"."actor", "audit_log"."at", "audit_log"."detail"->>'reason'
FROM "audit_log"
JOIN (VALUES
	('rollout.create', NULL, 'ready'),
	('rollout.approve', 'awaiting_approval', 'ready'),
	('rollout.start', 'ready', 'running'),
	('rollout.pause', 'running', 'paused'),
	('rollout.resume', 'paused', 'running'),
	('rollout.finish', 'running', 'finished'),
	('rollout.abort', 'running', 'aborted'),
	('rollout.roll_back', 'finished', 'rolled_back')
) AS "step" ("action", "from", "to") ON "step"."action" = "audit_log"."action"
JOIN "rollouts" ON "rollouts"."id" = "audit_log"."subject"
ORDER BY "audit_log"."id";
