-- Version 2: a topic that was deleted and made anew has another id, whoever makes it.
ALTER TABLE topic ADD COLUMN uid TEXT;
UPDATE topic SET uid = lower(hex(randomblob(16)));
CREATE TRIGGER topic_uid AFTER INSERT ON topic WHEN new.uid IS NULL BEGIN
  UPDATE topic SET uid = lower(hex(randomblob(16))) WHERE id = new.id;
END;
