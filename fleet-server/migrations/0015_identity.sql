ALTER TABLE "devices" ADD COLUMN "next_certificate_pem" text;--> statement-breakpoint
ALTER TABLE "devices" ADD COLUMN "next_certificate_sha256" text;--> statement-breakpoint
ALTER TABLE "devices" ADD COLUMN "next_certificate_expires_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "devices" ADD COLUMN "next_csr_sha256" text;--> statement-breakpoint
ALTER TABLE "devices" ADD COLUMN "quarantined_at" timestamp with time zone;