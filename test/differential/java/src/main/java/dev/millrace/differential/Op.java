package dev.millrace.differential;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Set;
import org.apache.kafka.streams.kstream.Named;

/** One operation of a case, as {@code case.ts} has it. */
record Op(JsonNode json) {
  private static final Set<String> CHANGING_KEYS = Set.of("map", "flatMap", "selectKey");

  String name() {
    return text("name");
  }

  Named named() {
    return Named.as(name());
  }

  /** The operation that it takes from; none for a source. */
  String from() {
    return textOr("from", "");
  }

  boolean changesKey() {
    return CHANGING_KEYS.contains(text("op"));
  }

  boolean has(String field) {
    return json.has(field);
  }

  boolean flag(String field) {
    return json.path(field).asBoolean(false);
  }

  String text(String field) {
    if (has(field)) return json.get(field).textValue();
    throw new IllegalArgumentException("the operation " + json + " has no " + field);
  }

  String textOr(String field, String otherwise) {
    return has(field) ? text(field) : otherwise;
  }

  long number(String field) {
    return json.get(field).longValue();
  }
}
