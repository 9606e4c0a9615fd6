package dev.millrace.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.Joined;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.WindowedSerdes.SessionWindowedSerde;
import org.apache.kafka.streams.kstream.WindowedSerdes.TimeWindowedSerde;

/**
 * The jobs with state. Where it is kept follows from {@code dsl.store.suppliers.class}; caches are as they are by default.
 */
final class StateTopologies {
  private static final Serde<byte[]> BYTES = Serdes.ByteArray();
  private static final Serde<Long> LONG = Serdes.Long();
  private static final Serde<JsonNode> JSON = Json.serde();

  private StateTopologies() {}

  static void add(String name, StreamsBuilder builder, Topics topics, boolean inMemory) {
    switch (name) {
      case "count" -> count(builder, topics);
      case "sum" -> sum(builder, topics);
      case "tumbling" -> inWindows(builder, topics, tumbling());
      case "hopping" -> inWindows(builder, topics, hopping());
      case "session" -> inSessions(builder, topics);
      case "stream-join" -> streamJoin(builder, topics);
      case "table-join" -> tableJoin(builder, topics);
      case "deduplicate" -> deduplicate(builder, topics, inMemory);
      default -> throw new IllegalArgumentException("unknown topology " + name);
    }
  }

  private static void count(StreamsBuilder builder, Topics topics) {
    byKey(builder, topics)
        .count(Materialized.with(BYTES, LONG))
        .toStream()
        .mapValues(StateTopologies::counted)
        .to(topics.output(), Produced.with(BYTES, JSON));
  }

  private static void sum(StreamsBuilder builder, Topics topics) {
    byKey(builder, topics)
        .aggregate(
            () -> 0.0,
            (key, value, total) -> total + value.get("amount").asDouble(),
            Materialized.with(BYTES, Serdes.Double()))
        .toStream()
        .mapValues(total -> (JsonNode) Json.object().put("total", total))
        .to(topics.output(), Produced.with(BYTES, JSON));
  }

  private static TimeWindows tumbling() {
    return TimeWindows.ofSizeWithNoGrace(Duration.ofSeconds(10));
  }

  private static TimeWindows hopping() {
    return TimeWindows.ofSizeWithNoGrace(Duration.ofHours(1)).advanceBy(Duration.ofMinutes(5));
  }

  private static void inWindows(StreamsBuilder builder, Topics topics, TimeWindows windows) {
    Serde<Windowed<byte[]>> keys = new TimeWindowedSerde<>(BYTES, windows.size());
    byKey(builder, topics)
        .windowedBy(windows)
        .count(Materialized.with(BYTES, LONG))
        .toStream()
        .mapValues(StateTopologies::counted)
        .to(topics.output(), Produced.with(keys, JSON));
  }

  private static void inSessions(StreamsBuilder builder, Topics topics) {
    SessionWindows sessions = SessionWindows.ofInactivityGapWithNoGrace(Duration.ofSeconds(2));
    byKey(builder, topics)
        .windowedBy(sessions)
        .count(Materialized.with(BYTES, LONG))
        .toStream()
        .mapValues(StateTopologies::counted)
        .to(topics.output(), Produced.with(new SessionWindowedSerde<>(BYTES), JSON));
  }

  private static void streamJoin(StreamsBuilder builder, Topics topics) {
    KStream<byte[], JsonNode> receipts =
        builder.stream(topics.beside(), Consumed.with(BYTES, JSON));
    payments(builder, topics)
        .join(
            receipts,
            (payment, receipt) -> Json.with(payment, "receipt", receipt),
            JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofMillis(500)),
            StreamJoined.with(BYTES, JSON, JSON))
        .to(topics.output(), Produced.with(BYTES, JSON));
  }

  private static void tableJoin(StreamsBuilder builder, Topics topics) {
    KTable<byte[], JsonNode> customers =
        builder.table(topics.beside(), Consumed.with(BYTES, JSON), Materialized.with(BYTES, JSON));
    payments(builder, topics)
        .join(
            customers,
            (payment, customer) -> Json.with(payment, "customer", customer),
            Joined.with(BYTES, JSON, JSON))
        .to(topics.output(), Produced.with(BYTES, JSON));
  }

  private static void deduplicate(StreamsBuilder builder, Topics topics, boolean inMemory) {
    payments(builder, topics)
        .processValues(new Deduplicate.Supplier(Duration.ofMinutes(1), inMemory))
        .to(topics.output(), Produced.with(BYTES, JSON));
  }

  private static KGroupedStream<byte[], JsonNode> byKey(StreamsBuilder builder, Topics topics) {
    return payments(builder, topics).groupByKey(Grouped.with(BYTES, JSON));
  }

  private static KStream<byte[], JsonNode> payments(StreamsBuilder builder, Topics topics) {
    return builder.stream(topics.input(), Consumed.with(BYTES, JSON));
  }

  /** A session that became part of another has no count any more. */
  private static JsonNode counted(Long count) {
    return count == null ? null : Json.object().put("payments", count);
  }
}
