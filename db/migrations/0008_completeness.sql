-- What a transaction changed is found by its time, and lists of changes and differences go by it.
CREATE INDEX "revision_known_to" ON "revision" USING btree ("known_to");
