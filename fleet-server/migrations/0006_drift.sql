CREATE TABLE "drift_states" (
	"model_version_id" text NOT NULL,
	"device_id" text NOT NULL,
	"state" jsonb NOT NULL,
	"alarm_at" timestamp with time zone,
	"message" text,
	"settled" jsonb,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "drift_states_model_version_id_device_id_pk" PRIMARY KEY("model_version_id","device_id")
);
