CREATE TABLE "label_book_versions" (
	"class_id" text NOT NULL,
	"version" integer NOT NULL,
	"definition" text NOT NULL,
	"examples" jsonb NOT NULL,
	"change" text NOT NULL,
	"author" text NOT NULL,
	"request_id" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "label_book_versions_class_id_version_pk" PRIMARY KEY("class_id","version"),
	CONSTRAINT "label_book_versions_request_id_unique" UNIQUE("request_id")
);
--> statement-breakpoint
ALTER TABLE "label_book_versions" ADD CONSTRAINT "label_book_versions_class_id_classes_id_fk" FOREIGN KEY ("class_id") REFERENCES "public"."classes"("id") ON DELETE no action ON UPDATE no action;