-- Version 3: what a listener that is told in groups was told, and what is held for it.
CREATE TABLE alert_state (
  listener  TEXT NOT NULL,
  topic     TEXT NOT NULL,
  partition INTEGER NOT NULL,
  state     TEXT NOT NULL,
  PRIMARY KEY (listener, topic, partition)
) WITH (fillfactor = 50);
