package dev.millrace.differential;

import java.time.Duration;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KGroupedTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.SessionWindowedKStream;
import org.apache.kafka.streams.kstream.TimeWindowedKStream;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.WindowStore;

/** count, reduce and aggregate, over all that can be aggregated. */
final class Aggregations {
  private static final Serde<Object> JSON = new JsonSerde();
  private static final Serde<Long> LONGS = new JsonSerde.OfLongs();

  private final Op op;
  /** How long windows stay; the default if null. */
  private final Duration retention;

  Aggregations(Op op, Duration retention) {
    this.op = op;
    this.retention = retention;
  }

  @SuppressWarnings("unchecked")
  Object of(Object grouped) {
    if (grouped instanceof KGroupedStream) return of((KGroupedStream<Object, Object>) grouped);
    if (grouped instanceof KGroupedTable) return of((KGroupedTable<Object, Object>) grouped);
    if (grouped instanceof TimeWindowedKStream) {
      return of((TimeWindowedKStream<Object, Object>) grouped);
    }
    return of((SessionWindowedKStream<Object, Object>) grouped);
  }

  private Object of(KGroupedStream<Object, Object> grouped) {
    return switch (op.text("op")) {
      case "count" ->
          grouped.count(op.named(), this.<Long, KeyValueStore<Bytes, byte[]>>in(LONGS));
      case "reduce" ->
          grouped.reduce(
              Functions.reducer(op.text("add")),
              op.named(),
              this.<Object, KeyValueStore<Bytes, byte[]>>in(JSON));
      default ->
          grouped.aggregate(
              Functions.initializer(op.text("add")),
              Functions.aggregator(op.text("add")),
              op.named(),
              this.<Object, KeyValueStore<Bytes, byte[]>>in(JSON));
    };
  }

  private Object of(KGroupedTable<Object, Object> grouped) {
    return switch (op.text("op")) {
      case "count" ->
          grouped.count(op.named(), this.<Long, KeyValueStore<Bytes, byte[]>>in(LONGS));
      case "reduce" ->
          grouped.reduce(
              Functions.reducer(op.text("add")),
              Functions.reducer(op.text("subtract")),
              op.named(),
              this.<Object, KeyValueStore<Bytes, byte[]>>in(JSON));
      default ->
          grouped.aggregate(
              Functions.initializer(op.text("add")),
              Functions.aggregator(op.text("add")),
              Functions.aggregator(op.text("subtract")),
              op.named(),
              this.<Object, KeyValueStore<Bytes, byte[]>>in(JSON));
    };
  }

  private Object of(TimeWindowedKStream<Object, Object> windowed) {
    return switch (op.text("op")) {
      case "count" ->
          windowed.count(op.named(), this.<Long, WindowStore<Bytes, byte[]>>in(LONGS));
      case "reduce" ->
          windowed.reduce(
              Functions.reducer(op.text("add")),
              op.named(),
              this.<Object, WindowStore<Bytes, byte[]>>in(JSON));
      default ->
          windowed.aggregate(
              Functions.initializer(op.text("add")),
              Functions.aggregator(op.text("add")),
              op.named(),
              this.<Object, WindowStore<Bytes, byte[]>>in(JSON));
    };
  }

  private Object of(SessionWindowedKStream<Object, Object> windowed) {
    return switch (op.text("op")) {
      case "count" ->
          windowed.count(op.named(), this.<Long, SessionStore<Bytes, byte[]>>in(LONGS));
      case "reduce" ->
          windowed.reduce(
              Functions.reducer(op.text("add")),
              op.named(),
              this.<Object, SessionStore<Bytes, byte[]>>in(JSON));
      default ->
          windowed.aggregate(
              Functions.initializer(op.text("add")),
              Functions.aggregator(op.text("add")),
              Functions.merger(op.text("merge")),
              op.named(),
              this.<Object, SessionStore<Bytes, byte[]>>in(JSON));
    };
  }

  private <V, S extends StateStore> Materialized<Object, V, S> in(Serde<V> values) {
    Materialized<Object, V, S> store =
        Materialized.<Object, V, S>as(op.name())
            .withKeySerde(Keys.PLAIN.serde())
            .withValueSerde(values)
            .withCachingDisabled();
    return retention == null ? store : store.withRetention(retention);
  }
}
