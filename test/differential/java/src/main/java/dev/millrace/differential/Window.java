package dev.millrace.differential;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.SlidingWindows;
import org.apache.kafka.streams.kstream.TimeWindows;

/** How a case cuts time, and whether each window is told of once it is closed, or at every update. */
record Window(JsonNode json, boolean onClose) {
  Keys keys() {
    return switch (type()) {
      case "session" -> Keys.SESSIONS;
      case "sliding" -> Keys.timeWindowed(number("difference"));
      default -> Keys.timeWindowed(number("size"));
    };
  }

  Object over(KGroupedStream<Object, Object> grouped) {
    EmitStrategy when = onClose ? EmitStrategy.onWindowClose() : EmitStrategy.onWindowUpdate();
    return switch (type()) {
      case "tumbling" -> grouped.windowedBy(timeWindows()).emitStrategy(when);
      case "hopping" ->
          grouped.windowedBy(timeWindows().advanceBy(millis("advance"))).emitStrategy(when);
      case "sliding" ->
          grouped
              .windowedBy(
                  SlidingWindows.ofTimeDifferenceAndGrace(millis("difference"), millis("grace")))
              .emitStrategy(when);
      case "session" ->
          grouped
              .windowedBy(SessionWindows.ofInactivityGapAndGrace(millis("gap"), millis("grace")))
              .emitStrategy(when);
      default -> throw new IllegalArgumentException("no window is called " + type());
    };
  }

  private TimeWindows timeWindows() {
    return TimeWindows.ofSizeAndGrace(millis("size"), millis("grace"));
  }

  private String type() {
    return json.get("type").textValue();
  }

  private Duration millis(String field) {
    return Duration.ofMillis(number(field));
  }

  private long number(String field) {
    return json.get(field).longValue();
  }
}
