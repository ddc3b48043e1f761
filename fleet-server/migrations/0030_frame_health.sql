CREATE TABLE "frame_health" (
	"frame_id" text PRIMARY KEY NOT NULL,
	"brightness" double precision,
	"contrast" double precision,
	"sharpness" double precision,
	"finding" text
);
--> statement-breakpoint
ALTER TABLE "frame_health" ADD CONSTRAINT "frame_health_frame_id_frames_id_fk" FOREIGN KEY ("frame_id") REFERENCES "public"."frames"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "frame_health_by_finding" ON "frame_health" USING btree ("finding") WHERE "frame_health"."finding" is not null;