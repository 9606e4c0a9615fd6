package dev.millrace.differential;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.WindowedSerdes;

/** What the keys of a stream, a table or a store are: texts, or texts with a window. */
record Keys(Kind kind, long windowSize) {
  enum Kind {
    PLAIN,
    TIME_WINDOWED,
    SESSIONS
  }

  static final Keys PLAIN = new Keys(Kind.PLAIN, 0);
  static final Keys SESSIONS = new Keys(Kind.SESSIONS, 0);

  static Keys timeWindowed(long size) {
    return new Keys(Kind.TIME_WINDOWED, size);
  }

  @SuppressWarnings("unchecked")
  Serde<Object> serde() {
    Serde<?> serde =
        switch (kind) {
          case PLAIN -> Serdes.String();
          case TIME_WINDOWED -> new WindowedSerdes.TimeWindowedSerde<>(Serdes.String(), windowSize);
          case SESSIONS -> new WindowedSerdes.SessionWindowedSerde<>(Serdes.String());
        };
    return (Serde<Object>) serde;
  }

  /** A key as the answer shows it. */
  static JsonNode shown(Object key) {
    if (key == null) return NullNode.instance;
    if (key instanceof Windowed<?> windowed) {
      return windowed(
          (String) windowed.key(), windowed.window().start(), windowed.window().end());
    }
    return new TextNode((String) key);
  }

  /** A key of a changelog, whose bytes are those of the store: they are not the ones that topics of the user have. */
  JsonNode ofStore(byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    return switch (kind) {
      case PLAIN -> new TextNode(text(bytes, bytes.length));
      case TIME_WINDOWED -> {
        int length = bytes.length - Long.BYTES - Integer.BYTES;
        long start = buffer.getLong(length);
        yield windowed(text(bytes, length), start, start + windowSize);
      }
      case SESSIONS -> {
        int length = bytes.length - 2 * Long.BYTES;
        yield windowed(
            text(bytes, length), buffer.getLong(length + Long.BYTES), buffer.getLong(length));
      }
    };
  }

  private static String text(byte[] bytes, int length) {
    return new String(bytes, 0, length, StandardCharsets.UTF_8);
  }

  private static JsonNode windowed(String key, long start, long end) {
    return Json.object().put("key", key).put("start", start).put("end", end);
  }
}
