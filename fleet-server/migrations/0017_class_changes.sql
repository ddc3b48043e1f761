CREATE TABLE "class_changes" (
	"id" text PRIMARY KEY NOT NULL,
	"number" serial NOT NULL,
	"request_id" text NOT NULL,
	"kind" text NOT NULL,
	"class_id" text NOT NULL,
	"detail" jsonb NOT NULL,
	"undoes" text,
	"author" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "class_changes_request_id_unique" UNIQUE("request_id"),
	CONSTRAINT "class_changes_undoes_unique" UNIQUE("undoes")
);
--> statement-breakpoint
ALTER TABLE "classes" ADD COLUMN "retired_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "classes" ADD COLUMN "merged_into" text;--> statement-breakpoint
ALTER TABLE "classes" ADD COLUMN "former_names" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "class_changes" ADD CONSTRAINT "class_changes_class_id_classes_id_fk" FOREIGN KEY ("class_id") REFERENCES "public"."classes"("id") ON DELETE no action ON UPDATE no action;