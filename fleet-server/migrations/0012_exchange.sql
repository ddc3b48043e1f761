CREATE TABLE "box_revisions" (
	"frame_id" text NOT NULL,
	"revision" integer NOT NULL,
	"boxes" jsonb NOT NULL,
	"author" text NOT NULL,
	"source" text NOT NULL,
	"request_id" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "box_revisions_frame_id_revision_pk" PRIMARY KEY("frame_id","revision")
);
--> statement-breakpoint
CREATE TABLE "import_issues" (
	"import_id" text NOT NULL,
	"line" integer NOT NULL,
	"part" integer NOT NULL,
	"name" text NOT NULL,
	"code" text NOT NULL,
	"message" text NOT NULL,
	CONSTRAINT "import_issues_import_id_line_part_pk" PRIMARY KEY("import_id","line","part")
);
--> statement-breakpoint
CREATE TABLE "transfers" (
	"id" text PRIMARY KEY NOT NULL,
	"number" serial NOT NULL,
	"direction" text NOT NULL,
	"state" text NOT NULL,
	"format" text,
	"file_name" text NOT NULL,
	"bytes" bigint NOT NULL,
	"export_options" jsonb,
	"import_options" jsonb,
	"contents" jsonb,
	"progress" jsonb,
	"line" integer DEFAULT 0 NOT NULL,
	"counts" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_by" text NOT NULL,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	"expires_at" timestamp with time zone,
	"error_code" text,
	"error_message" text
);
--> statement-breakpoint
ALTER TABLE "dataset_items" ADD COLUMN "box_revision" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "frames" ADD COLUMN "import_id" text;--> statement-breakpoint
ALTER TABLE "frames" ADD COLUMN "box_revision" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "review_items" ADD COLUMN "given_class_id" text;--> statement-breakpoint
ALTER TABLE "box_revisions" ADD CONSTRAINT "box_revisions_frame_id_frames_id_fk" FOREIGN KEY ("frame_id") REFERENCES "public"."frames"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "import_issues" ADD CONSTRAINT "import_issues_import_id_transfers_id_fk" FOREIGN KEY ("import_id") REFERENCES "public"."transfers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "box_revisions_by_request" ON "box_revisions" USING btree ("request_id");--> statement-breakpoint
CREATE INDEX "frames_by_picture" ON "frames" USING btree ("image_sha256");--> statement-breakpoint
CREATE INDEX "frames_by_import" ON "frames" USING btree ("import_id");