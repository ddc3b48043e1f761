CREATE TABLE "benchmarks" (
	"id" text PRIMARY KEY NOT NULL,
	"device_id" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"requested_by" text NOT NULL,
	"arch" text NOT NULL,
	"hardware" text NOT NULL,
	"agent_version" text NOT NULL,
	"model_version" text NOT NULL,
	"variant" text NOT NULL,
	"backend" text NOT NULL,
	"threads" integer NOT NULL,
	"width" integer NOT NULL,
	"height" integer NOT NULL,
	"inferences" integer NOT NULL,
	"per_second" double precision NOT NULL,
	"latency_ms" jsonb NOT NULL,
	"beside_load" boolean NOT NULL
);
--> statement-breakpoint
ALTER TABLE "devices" ADD COLUMN "settings_revision" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "devices" ADD COLUMN "settings_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "devices" ADD COLUMN "settings_by" text;--> statement-breakpoint
ALTER TABLE "benchmarks" ADD CONSTRAINT "benchmarks_device_id_devices_id_fk" FOREIGN KEY ("device_id") REFERENCES "public"."devices"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "benchmarks_by_device" ON "benchmarks" USING btree ("device_id","at");--> statement-breakpoint
CREATE INDEX "benchmarks_by_model" ON "benchmarks" USING btree ("model_version","hardware");