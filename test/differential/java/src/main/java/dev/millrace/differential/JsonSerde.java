package dev.millrace.differential;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;

/** Values as compact JSON text; no value is no bytes. Public, for Kafka Streams makes the default serde by its class. */
public final class JsonSerde implements Serde<Object> {
  @Override
  public Serializer<Object> serializer() {
    return (topic, value) -> bytes(value);
  }

  @Override
  public Deserializer<Object> deserializer() {
    return (topic, bytes) -> Json.parse(bytes);
  }

  /** What {@code count} keeps: the same text, read as the number that it adds to. */
  static final class OfLongs implements Serde<Long> {
    @Override
    public Serializer<Long> serializer() {
      return (topic, value) -> bytes(value);
    }

    @Override
    public Deserializer<Long> deserializer() {
      return (topic, bytes) -> bytes == null ? null : Json.parse(bytes).longValue();
    }
  }

  private static byte[] bytes(Object value) {
    JsonNode node = Json.node(value);
    return node == null ? null : Json.text(node).getBytes(StandardCharsets.UTF_8);
  }
}
