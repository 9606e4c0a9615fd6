package dev.millrace.differential;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;

/** JSON as Jackson trees, where null and the text "null" are one. One mapper for all: it is thread-safe and costly to make. */
final class Json {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Json() {}

  static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  static ArrayNode list() {
    return MAPPER.createArrayNode();
  }

  /** A value in flight as a tree: what {@code count} makes is a {@code Long}. */
  static JsonNode node(Object value) {
    JsonNode node = value instanceof JsonNode tree ? tree : MAPPER.valueToTree(value);
    return node == null || node.isNull() ? null : node;
  }

  static String text(JsonNode node) {
    try {
      return MAPPER.writeValueAsString(node);
    } catch (JsonProcessingException error) {
      throw new IllegalStateException(error);
    }
  }

  static JsonNode parse(String text) {
    try {
      return node(MAPPER.readTree(text));
    } catch (JsonProcessingException error) {
      throw new IllegalArgumentException("not JSON: " + text, error);
    }
  }

  static JsonNode parse(byte[] bytes) {
    return bytes == null ? null : parse(new String(bytes, StandardCharsets.UTF_8));
  }
}
