CREATE TABLE "known_answers" (
	"frame_id" text PRIMARY KEY NOT NULL,
	"class_id" text NOT NULL,
	"marked_by" text NOT NULL,
	"marked_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "known_checks" (
	"author" text NOT NULL,
	"frame_id" text NOT NULL,
	"token" integer NOT NULL,
	"priority" double precision NOT NULL,
	"lease_expires_at" timestamp with time zone,
	"answered_at" timestamp with time zone,
	CONSTRAINT "known_checks_author_frame_id_pk" PRIMARY KEY("author","frame_id")
);
--> statement-breakpoint
ALTER TABLE "known_answers" ADD CONSTRAINT "known_answers_frame_id_frames_id_fk" FOREIGN KEY ("frame_id") REFERENCES "public"."frames"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "known_checks" ADD CONSTRAINT "known_checks_frame_id_frames_id_fk" FOREIGN KEY ("frame_id") REFERENCES "public"."frames"("id") ON DELETE no action ON UPDATE no action;