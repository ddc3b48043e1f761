DROP INDEX "review_items_by_priority";--> statement-breakpoint
CREATE INDEX "review_items_by_lessee" ON "review_items" USING btree ("lease_user_id") WHERE "review_items"."lease_user_id" is not null;--> statement-breakpoint
CREATE INDEX "review_items_by_priority" ON "review_items" USING btree ("state","priority" DESC NULLS FIRST,"frame_id");