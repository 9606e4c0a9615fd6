package dev.millrace.differential;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.state.ValueAndTimestamp;

/** What is in a store, by key. */
final class Stores {
  private Stores() {}

  static ArrayNode contents(TopologyTestDriver driver, String name) {
    List<ObjectNode> entries = new ArrayList<>();
    var keyValues = driver.getTimestampedKeyValueStore(name);
    var windows = driver.getTimestampedWindowStore(name);
    var sessions = driver.getSessionStore(name);
    if (keyValues != null) {
      try (var all = keyValues.all()) {
        all.forEachRemaining(entry -> entries.add(timestamped(entry.key, entry.value)));
      }
    } else if (windows != null) {
      try (var all = windows.all()) {
        all.forEachRemaining(entry -> entries.add(timestamped(entry.key, entry.value)));
      }
    } else if (sessions != null) {
      try (var all = sessions.fetch(null, null)) {
        all.forEachRemaining(
            entry ->
                entries.add(
                    // A session has no time of its own but its end.
                    CaseRunner.record(
                        Keys.shown(entry.key),
                        Json.node(entry.value),
                        entry.key.window().end())));
      }
    } else {
      throw new IllegalStateException("no store is called " + name);
    }
    entries.sort(Comparator.comparing(entry -> Json.text(entry.get("key"))));
    return Json.list().addAll(entries);
  }

  private static ObjectNode timestamped(Object key, ValueAndTimestamp<?> value) {
    JsonNode shown = Keys.shown(key);
    return CaseRunner.record(shown, Json.node(value.value()), value.timestamp());
  }
}
