CREATE TABLE "frame_places" (
	"frame_id" text PRIMARY KEY NOT NULL,
	"x" double precision NOT NULL,
	"y" double precision NOT NULL
);
--> statement-breakpoint
CREATE TABLE "group_links" (
	"frame_id" text NOT NULL,
	"other_id" text NOT NULL,
	"linked_by" text NOT NULL,
	"linked_at" timestamp with time zone NOT NULL,
	CONSTRAINT "group_links_frame_id_other_id_pk" PRIMARY KEY("frame_id","other_id")
);
--> statement-breakpoint
CREATE TABLE "leak_checks" (
	"dataset_id" text PRIMARY KEY NOT NULL,
	"state" text NOT NULL,
	"progress" double precision,
	"requested_by" text NOT NULL,
	"requested_at" timestamp with time zone NOT NULL,
	"finished_at" timestamp with time zone,
	"found" jsonb,
	"compared" integer DEFAULT 0 NOT NULL,
	"error_message" text
);
--> statement-breakpoint
CREATE TABLE "leaks" (
	"dataset_id" text NOT NULL,
	"rank" integer NOT NULL,
	"kind" text NOT NULL,
	"test_frame_id" text NOT NULL,
	"train_frame_id" text NOT NULL,
	"similarity" double precision,
	CONSTRAINT "leaks_dataset_id_rank_pk" PRIMARY KEY("dataset_id","rank")
);
--> statement-breakpoint
CREATE TABLE "picture_sketches" (
	"image_sha256" text PRIMARY KEY NOT NULL,
	"sketch" "bytea"
);
--> statement-breakpoint
ALTER TABLE "frame_places" ADD CONSTRAINT "frame_places_frame_id_frames_id_fk" FOREIGN KEY ("frame_id") REFERENCES "public"."frames"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "group_links" ADD CONSTRAINT "group_links_frame_id_frames_id_fk" FOREIGN KEY ("frame_id") REFERENCES "public"."frames"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "group_links" ADD CONSTRAINT "group_links_other_id_frames_id_fk" FOREIGN KEY ("other_id") REFERENCES "public"."frames"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "leak_checks" ADD CONSTRAINT "leak_checks_dataset_id_dataset_versions_id_fk" FOREIGN KEY ("dataset_id") REFERENCES "public"."dataset_versions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "leaks" ADD CONSTRAINT "leaks_dataset_id_dataset_versions_id_fk" FOREIGN KEY ("dataset_id") REFERENCES "public"."dataset_versions"("id") ON DELETE no action ON UPDATE no action;