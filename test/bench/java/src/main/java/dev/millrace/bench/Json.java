package dev.millrace.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/** JSON values as Jackson trees. One mapper for all: it is thread-safe and costly to make. */
final class Json {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Json() {}

  static Serde<JsonNode> serde() {
    return Serdes.serdeFrom((topic, node) -> write(node), (topic, bytes) -> read(bytes));
  }

  static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  /** The fields of {@code value} and one more. */
  static JsonNode with(JsonNode value, String field, JsonNode added) {
    ObjectNode result = object();
    result.setAll((ObjectNode) value);
    return result.set(field, added);
  }

  private static byte[] write(JsonNode node) {
    try {
      return node == null ? null : MAPPER.writeValueAsBytes(node);
    } catch (IOException error) {
      throw new SerializationException(error);
    }
  }

  private static JsonNode read(byte[] bytes) {
    try {
      return bytes == null ? null : MAPPER.readTree(bytes);
    } catch (IOException error) {
      throw new SerializationException(error);
    }
  }
}
