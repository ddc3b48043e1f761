CREATE TABLE "audit_log" (
	"id" serial PRIMARY KEY NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"actor" text NOT NULL,
	"action" text NOT NULL,
	"subject" text NOT NULL,
	"detail" jsonb DEFAULT '{}'::jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "claim_tokens" (
	"secret_hash" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"created_by" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"used_at" timestamp with time zone,
	"csr_sha256" text,
	"device_id" text
);
--> statement-breakpoint
CREATE TABLE "classes" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"colour" text NOT NULL,
	"position" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "dataset_items" (
	"dataset_id" text NOT NULL,
	"frame_id" text NOT NULL,
	"label_revision" integer NOT NULL,
	"class_id" text NOT NULL,
	"group_key" text NOT NULL,
	"split" text NOT NULL,
	CONSTRAINT "dataset_items_dataset_id_frame_id_pk" PRIMARY KEY("dataset_id","frame_id")
);
--> statement-breakpoint
CREATE TABLE "dataset_versions" (
	"id" text PRIMARY KEY NOT NULL,
	"number" integer NOT NULL,
	"sha256" text NOT NULL,
	"frames" integer NOT NULL,
	"classes" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_by" text NOT NULL,
	CONSTRAINT "dataset_versions_number_unique" UNIQUE("number"),
	CONSTRAINT "dataset_versions_sha256_unique" UNIQUE("sha256")
);
--> statement-breakpoint
CREATE TABLE "device_events" (
	"id" text PRIMARY KEY NOT NULL,
	"device_id" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"received_at" timestamp with time zone DEFAULT now() NOT NULL,
	"severity" text NOT NULL,
	"code" text NOT NULL,
	"message" text NOT NULL,
	"camera_id" text
);
--> statement-breakpoint
CREATE TABLE "devices" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"enrolled_at" timestamp with time zone DEFAULT now() NOT NULL,
	"certificate_pem" text NOT NULL,
	"certificate_sha256" text NOT NULL,
	"certificate_expires_at" timestamp with time zone NOT NULL,
	"revoked_at" timestamp with time zone,
	"online" boolean DEFAULT false NOT NULL,
	"last_seen_at" timestamp with time zone,
	"reported" jsonb,
	"telemetry" jsonb,
	"desired_revision" integer DEFAULT 0 NOT NULL,
	"desired" jsonb,
	"last_frame_id" text,
	"last_frame_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "frames" (
	"id" text PRIMARY KEY NOT NULL,
	"device_id" text NOT NULL,
	"camera_id" text NOT NULL,
	"sequence" bigint NOT NULL,
	"captured_at" timestamp with time zone NOT NULL,
	"received_at" timestamp with time zone DEFAULT now() NOT NULL,
	"clock_suspect" boolean DEFAULT false NOT NULL,
	"width" integer NOT NULL,
	"height" integer NOT NULL,
	"image_type" text NOT NULL,
	"image_sha256" text NOT NULL,
	"bytes" integer NOT NULL,
	"reasons" jsonb NOT NULL,
	"decision" jsonb,
	"embedding_space" text,
	"embedding" "bytea",
	"group_key" text,
	"source" text,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"label_revision" integer DEFAULT 0 NOT NULL,
	"label_kind" text,
	"label_class_id" text
);
--> statement-breakpoint
CREATE TABLE "jobs" (
	"id" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"payload" jsonb NOT NULL,
	"state" text DEFAULT 'queued' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"lease_expires_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp with time zone,
	"error" text
);
--> statement-breakpoint
CREATE TABLE "labels" (
	"frame_id" text NOT NULL,
	"revision" integer NOT NULL,
	"kind" text NOT NULL,
	"class_id" text,
	"author" text NOT NULL,
	"source" text NOT NULL,
	"request_id" text NOT NULL,
	"duration_ms" integer,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "labels_frame_id_revision_pk" PRIMARY KEY("frame_id","revision")
);
--> statement-breakpoint
CREATE TABLE "model_aliases" (
	"alias" text PRIMARY KEY NOT NULL,
	"model_version_id" text NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "model_versions" (
	"id" text PRIMARY KEY NOT NULL,
	"number" integer NOT NULL,
	"manifest" jsonb NOT NULL,
	"manifest_json" text NOT NULL,
	"manifest_sha256" text NOT NULL,
	"bytes" bigint NOT NULL,
	"training_run_id" text,
	"head_sha256" text,
	"metrics" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "model_versions_number_unique" UNIQUE("number")
);
--> statement-breakpoint
CREATE TABLE "quarantine" (
	"id" serial PRIMARY KEY NOT NULL,
	"device_id" text NOT NULL,
	"topic" text NOT NULL,
	"code" text NOT NULL,
	"message" text NOT NULL,
	"payload" "bytea" NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "review_items" (
	"frame_id" text PRIMARY KEY NOT NULL,
	"state" text DEFAULT 'queued' NOT NULL,
	"priority" double precision NOT NULL,
	"reason" text NOT NULL,
	"enqueued_at" timestamp with time zone DEFAULT now() NOT NULL,
	"lease_user_id" text,
	"lease_expires_at" timestamp with time zone,
	"token" integer DEFAULT 0 NOT NULL,
	"skips" integer DEFAULT 0 NOT NULL,
	"prelabel_class_id" text,
	"prelabel_confidence" double precision
);
--> statement-breakpoint
CREATE TABLE "rollout_executions" (
	"rollout_id" text NOT NULL,
	"device_id" text NOT NULL,
	"group_index" integer NOT NULL,
	"state" text NOT NULL,
	"previous_model_version_id" text,
	"progress" double precision,
	"code" text,
	"message" text,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "rollout_executions_rollout_id_device_id_pk" PRIMARY KEY("rollout_id","device_id")
);
--> statement-breakpoint
CREATE TABLE "rollout_groups" (
	"rollout_id" text NOT NULL,
	"index" integer NOT NULL,
	"state" text NOT NULL,
	"soak_ends_at" timestamp with time zone,
	CONSTRAINT "rollout_groups_rollout_id_index_pk" PRIMARY KEY("rollout_id","index")
);
--> statement-breakpoint
CREATE TABLE "rollouts" (
	"id" text PRIMARY KEY NOT NULL,
	"number" serial NOT NULL,
	"state" text NOT NULL,
	"model_version_id" text NOT NULL,
	"previous_model_version_id" text,
	"release_counter" integer NOT NULL,
	"strategy" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_by" text NOT NULL,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	"reason" text,
	CONSTRAINT "rollouts_release_counter_unique" UNIQUE("release_counter")
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"token_hash" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "settings" (
	"key" text PRIMARY KEY NOT NULL,
	"value" jsonb NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sign_in_links" (
	"token_hash" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"used_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "training_runs" (
	"id" text PRIMARY KEY NOT NULL,
	"number" serial NOT NULL,
	"state" text NOT NULL,
	"dataset_id" text NOT NULL,
	"options" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_by" text NOT NULL,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	"progress" jsonb,
	"error_code" text,
	"error_message" text,
	"report" jsonb,
	"model_version_id" text
);
--> statement-breakpoint
CREATE TABLE "users" (
	"id" text PRIMARY KEY NOT NULL,
	"email" text NOT NULL,
	"name" text NOT NULL,
	"role" text NOT NULL,
	"password_hash" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"disabled_at" timestamp with time zone,
	CONSTRAINT "users_email_unique" UNIQUE("email")
);
--> statement-breakpoint
ALTER TABLE "dataset_items" ADD CONSTRAINT "dataset_items_dataset_id_dataset_versions_id_fk" FOREIGN KEY ("dataset_id") REFERENCES "public"."dataset_versions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "dataset_items" ADD CONSTRAINT "dataset_items_frame_id_frames_id_fk" FOREIGN KEY ("frame_id") REFERENCES "public"."frames"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "labels" ADD CONSTRAINT "labels_frame_id_frames_id_fk" FOREIGN KEY ("frame_id") REFERENCES "public"."frames"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "model_aliases" ADD CONSTRAINT "model_aliases_model_version_id_model_versions_id_fk" FOREIGN KEY ("model_version_id") REFERENCES "public"."model_versions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "review_items" ADD CONSTRAINT "review_items_frame_id_frames_id_fk" FOREIGN KEY ("frame_id") REFERENCES "public"."frames"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rollout_executions" ADD CONSTRAINT "rollout_executions_rollout_id_rollouts_id_fk" FOREIGN KEY ("rollout_id") REFERENCES "public"."rollouts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rollout_executions" ADD CONSTRAINT "rollout_executions_device_id_devices_id_fk" FOREIGN KEY ("device_id") REFERENCES "public"."devices"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rollout_groups" ADD CONSTRAINT "rollout_groups_rollout_id_rollouts_id_fk" FOREIGN KEY ("rollout_id") REFERENCES "public"."rollouts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rollouts" ADD CONSTRAINT "rollouts_model_version_id_model_versions_id_fk" FOREIGN KEY ("model_version_id") REFERENCES "public"."model_versions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sign_in_links" ADD CONSTRAINT "sign_in_links_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "training_runs" ADD CONSTRAINT "training_runs_dataset_id_dataset_versions_id_fk" FOREIGN KEY ("dataset_id") REFERENCES "public"."dataset_versions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "device_events_by_device" ON "device_events" USING btree ("device_id","received_at");--> statement-breakpoint
CREATE INDEX "frames_by_time" ON "frames" USING btree ("received_at","id");--> statement-breakpoint
CREATE INDEX "frames_by_device" ON "frames" USING btree ("device_id","received_at");--> statement-breakpoint
CREATE INDEX "frames_by_label" ON "frames" USING btree ("label_class_id");--> statement-breakpoint
CREATE INDEX "jobs_by_state" ON "jobs" USING btree ("state","created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "labels_by_request" ON "labels" USING btree ("request_id");--> statement-breakpoint
CREATE INDEX "labels_by_author" ON "labels" USING btree ("author","at");--> statement-breakpoint
CREATE INDEX "review_items_by_priority" ON "review_items" USING btree ("state","priority" DESC NULLS LAST,"frame_id");--> statement-breakpoint
CREATE INDEX "rollout_executions_by_device" ON "rollout_executions" USING btree ("device_id");