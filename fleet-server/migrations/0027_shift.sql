DROP INDEX "labels_by_request";--> statement-breakpoint
CREATE UNIQUE INDEX "labels_by_request" ON "labels" USING btree ("request_id" text_pattern_ops);