package dev.millrace.differential;

import java.time.Duration;
import java.util.function.Function;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.kstream.GlobalKTable;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.Joined;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.KeyValueMapper;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.kstream.TableJoined;
import org.apache.kafka.streams.kstream.ValueJoiner;
import org.apache.kafka.streams.state.KeyValueStore;

/** The joins. The result of a join of tables is kept if {@code kept} is not null. */
final class Joins {
  private static final Serde<Object> JSON = new JsonSerde();

  private Joins() {}

  static KStream<Object, Object> ofStreams(
      Op op, KStream<Object, Object> left, KStream<Object, Object> right) {
    long before = op.number("before");
    long after = op.number("after");
    JoinWindows windows =
        JoinWindows.ofTimeDifferenceAndGrace(
                Duration.ofMillis(Math.max(before, after)), Duration.ofMillis(op.number("grace")))
            .before(Duration.ofMillis(before))
            .after(Duration.ofMillis(after));
    StreamJoined<Object, Object, Object> how =
        StreamJoined.with(Keys.PLAIN.serde(), JSON, JSON)
            .withName(op.name())
            .withStoreName(op.name());
    ValueJoiner<Object, Object, Object> joiner = joiner(op);
    return switch (op.text("kind")) {
      case "inner" -> left.join(right, joiner, windows, how);
      case "left" -> left.leftJoin(right, joiner, windows, how);
      default -> left.outerJoin(right, joiner, windows, how);
    };
  }

  static KStream<Object, Object> withTable(
      Op op, KStream<Object, Object> left, KTable<Object, Object> right) {
    Joined<Object, Object, Object> how = Joined.with(Keys.PLAIN.serde(), JSON, JSON, op.name());
    if (op.has("grace")) how = how.withGracePeriod(Duration.ofMillis(op.number("grace")));
    ValueJoiner<Object, Object, Object> joiner = joiner(op);
    return isLeft(op) ? left.leftJoin(right, joiner, how) : left.join(right, joiner, how);
  }

  static KStream<Object, Object> withGlobalTable(
      Op op, KStream<Object, Object> left, GlobalKTable<Object, Object> right) {
    var selector = Functions.selector(op.text("key"));
    KeyValueMapper<Object, Object, Object> keyOf = (key, value) -> selector.keyOf(key, value);
    ValueJoiner<Object, Object, Object> joiner = joiner(op);
    return isLeft(op)
        ? left.leftJoin(right, keyOf, joiner, op.named())
        : left.join(right, keyOf, joiner, op.named());
  }

  static KTable<Object, Object> ofTables(
      Op op,
      KTable<Object, Object> left,
      KTable<Object, Object> right,
      Materialized<Object, Object, KeyValueStore<Bytes, byte[]>> kept) {
    ValueJoiner<Object, Object, Object> joiner = joiner(op);
    return switch (op.text("kind")) {
      case "inner" ->
          kept == null
              ? left.join(right, joiner, op.named())
              : left.join(right, joiner, op.named(), kept);
      case "left" ->
          kept == null
              ? left.leftJoin(right, joiner, op.named())
              : left.leftJoin(right, joiner, op.named(), kept);
      default ->
          kept == null
              ? left.outerJoin(right, joiner, op.named())
              : left.outerJoin(right, joiner, op.named(), kept);
    };
  }

  static KTable<Object, Object> byForeignKey(
      Op op,
      KTable<Object, Object> left,
      KTable<Object, Object> right,
      Materialized<Object, Object, KeyValueStore<Bytes, byte[]>> kept) {
    var selector = Functions.selector(op.text("key"));
    Function<Object, Object> foreignKey = value -> selector.keyOf(null, value);
    TableJoined<Object, Object> how = TableJoined.as(op.name());
    ValueJoiner<Object, Object, Object> joiner = joiner(op);
    if (kept == null) {
      return isLeft(op)
          ? left.leftJoin(right, foreignKey, joiner, how)
          : left.join(right, foreignKey, joiner, how);
    }
    return isLeft(op)
        ? left.leftJoin(right, foreignKey, joiner, how, kept)
        : left.join(right, foreignKey, joiner, how, kept);
  }

  private static ValueJoiner<Object, Object, Object> joiner(Op op) {
    return Functions.joiner(op.text("joiner"));
  }

  private static boolean isLeft(Op op) {
    return op.text("kind").equals("left");
  }
}
