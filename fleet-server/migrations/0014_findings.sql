CREATE TABLE "frame_findings" (
	"frame_id" text PRIMARY KEY NOT NULL,
	"x" double precision NOT NULL,
	"y" double precision NOT NULL,
	"cluster" integer NOT NULL,
	"oddness" double precision NOT NULL,
	"suggested_class_id" text,
	"label_revision" integer NOT NULL,
	"suspicion" double precision,
	"outlier" double precision,
	"duplicate_of" text
);
--> statement-breakpoint
ALTER TABLE "frame_findings" ADD CONSTRAINT "frame_findings_frame_id_frames_id_fk" FOREIGN KEY ("frame_id") REFERENCES "public"."frames"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "frame_findings_by_cluster" ON "frame_findings" USING btree ("cluster","oddness");