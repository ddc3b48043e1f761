CREATE TABLE "architectures" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"licence" text NOT NULL,
	"backbone_sha256" text NOT NULL,
	"bytes" bigint NOT NULL,
	"source_sha256" text NOT NULL,
	"details" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_by" text NOT NULL
);
