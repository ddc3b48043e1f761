CREATE TABLE "test_set_frames" (
	"test_set_id" text NOT NULL,
	"frame_id" text NOT NULL,
	CONSTRAINT "test_set_frames_test_set_id_frame_id_pk" PRIMARY KEY("test_set_id","frame_id")
);
--> statement-breakpoint
CREATE TABLE "test_sets" (
	"id" text PRIMARY KEY NOT NULL,
	"number" integer NOT NULL,
	"sha256" text NOT NULL,
	"frames" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_by" text NOT NULL,
	CONSTRAINT "test_sets_number_unique" UNIQUE("number"),
	CONSTRAINT "test_sets_sha256_unique" UNIQUE("sha256")
);
--> statement-breakpoint
ALTER TABLE "dataset_versions" ADD COLUMN "test_set_id" text;--> statement-breakpoint
ALTER TABLE "dataset_versions" ADD COLUMN "waiting" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "test_set_frames" ADD CONSTRAINT "test_set_frames_test_set_id_test_sets_id_fk" FOREIGN KEY ("test_set_id") REFERENCES "public"."test_sets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "test_set_frames" ADD CONSTRAINT "test_set_frames_frame_id_frames_id_fk" FOREIGN KEY ("frame_id") REFERENCES "public"."frames"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "dataset_versions" ADD CONSTRAINT "dataset_versions_test_set_id_test_sets_id_fk" FOREIGN KEY ("test_set_id") REFERENCES "public"."test_sets"("id") ON DELETE no action ON UPDATE no action;