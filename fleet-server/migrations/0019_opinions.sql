CREATE TABLE "run_answers" (
	"run_id" text NOT NULL,
	"frame_id" text NOT NULL,
	"basis" text NOT NULL,
	"class_id" text NOT NULL,
	"answer" text NOT NULL,
	"confidence" double precision NOT NULL,
	CONSTRAINT "run_answers_run_id_frame_id_pk" PRIMARY KEY("run_id","frame_id")
);
--> statement-breakpoint
ALTER TABLE "dataset_versions" ADD COLUMN "disputed" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "frames" ADD COLUMN "agreement" text;--> statement-breakpoint
ALTER TABLE "labels" ADD COLUMN "why" text;--> statement-breakpoint
ALTER TABLE "review_items" ADD COLUMN "asked" text DEFAULT 'order' NOT NULL;--> statement-breakpoint
ALTER TABLE "review_items" ADD COLUMN "available_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "run_answers" ADD CONSTRAINT "run_answers_run_id_training_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."training_runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run_answers" ADD CONSTRAINT "run_answers_frame_id_frames_id_fk" FOREIGN KEY ("frame_id") REFERENCES "public"."frames"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "frames_by_agreement" ON "frames" USING btree ("agreement");