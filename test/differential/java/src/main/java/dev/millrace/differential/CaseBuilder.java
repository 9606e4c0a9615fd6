package dev.millrace.differential;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TopologyConfig;
import org.apache.kafka.streams.kstream.Branched;
import org.apache.kafka.streams.kstream.BranchedKStream;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.GlobalKTable;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.kstream.Suppressed;
import org.apache.kafka.streams.state.KeyValueStore;

/** Makes the topology of a case: each operation is one call, named as the case names it. */
final class CaseBuilder {
  private static final Serde<Object> JSON = new JsonSerde();
  /**
   * A store that keeps windows no longer than they are open forgets them before they are told of, if time moves on far
   * enough at once.
   */
  private static final Duration LONG_RETENTION = Duration.ofDays(1);

  private final StreamsBuilder builder;
  /** What each operation gives, by its name. */
  private final Map<String, Object> results = new HashMap<>();
  private final Map<String, Keys> keys = new HashMap<>();
  private final Map<String, Keys> outputs = new TreeMap<>();
  private final Map<String, Keys> stores = new TreeMap<>();
  /** Windows of which each is told of when it is closed; and the stores that they are kept in. */
  private final Set<String> closing = new HashSet<>();

  private CaseBuilder(StreamsConfig config) {
    builder = new StreamsBuilder(new TopologyConfig(config));
  }

  static BuiltCase build(JsonNode ops, StreamsConfig config) {
    CaseBuilder one = new CaseBuilder(config);
    for (JsonNode op : ops) one.add(new Op(op));
    return new BuiltCase(one.builder.build(), one.outputs, one.stores, one.closing);
  }

  private void add(Op op) {
    String kind = op.text("op");
    switch (kind) {
      case "stream" -> put(op, Keys.PLAIN, builder.stream(op.text("topic"), consumed(op)));
      case "table" ->
          put(
              op,
              Keys.PLAIN,
              builder.table(
                  op.text("topic"),
                  consumed(op),
                  op.has("history") ? versioned(op) : kept(op, Keys.PLAIN)));
      case "globalTable" ->
          put(
              op,
              Keys.PLAIN,
              builder.globalTable(op.text("topic"), consumed(op), kept(op, Keys.PLAIN)));
      case "to" -> to(op);
      case "split" -> split(op);
      case "groupByKey", "groupBy" -> put(op, Keys.PLAIN, grouped(op));
      case "windowedBy" -> windowedBy(op);
      case "count", "reduce", "aggregate" -> aggregate(op);
      case "toStream" -> put(op, keysOf(op), table(op.from()).toStream(op.named()));
      case "suppress" -> put(op, keysOf(op), table(op.from()).suppress(suppressed(op)));
      case "join", "joinTable", "joinGlobal", "joinTables", "joinForeign" ->
          put(op, keysOf(op), joined(op));
      default -> put(op, op.changesKey() ? Keys.PLAIN : keysOf(op), transformed(op));
    }
  }

  private void put(Op op, Keys keysOfResult, Object result) {
    results.put(op.name(), result);
    keys.put(op.name(), keysOfResult);
  }

  private Object transformed(Op op) {
    return results.get(op.from()) instanceof KTable ? tableTransformed(op) : streamTransformed(op);
  }

  private Object streamTransformed(Op op) {
    KStream<Object, Object> from = stream(op.from());
    return switch (op.text("op")) {
      case "filter" -> from.filter(Functions.predicate(op.text("where")), op.named());
      case "filterNot" -> from.filterNot(Functions.predicate(op.text("where")), op.named());
      case "mapValues" -> from.mapValues(Functions.mapper(op.text("value")), op.named());
      case "map" -> map(op, from);
      case "flatMap" -> flatMap(op, from);
      case "flatMapValues" -> {
        var expander = Functions.expander(op.text("expand"));
        yield from.flatMapValues((key, value) -> expander.expand(value), op.named());
      }
      case "selectKey" -> {
        var selector = Functions.selector(op.text("key"));
        yield from.<Object>selectKey((key, value) -> selector.keyOf(key, value), op.named());
      }
      case "merge" -> from.merge(stream(op.text("other")), op.named());
      case "repartition" ->
          from.repartition(
              Repartitioned.with(keysOf(op).serde(), JSON).withName(op.name()));
      case "toTable" -> from.toTable(op.named(), kept(op, keysOf(op)));
      default -> throw new IllegalArgumentException("a stream has no " + op.text("op"));
    };
  }

  private static KStream<Object, Object> map(Op op, KStream<Object, Object> from) {
    var selector = Functions.selector(op.text("key"));
    var mapper = Functions.mapper(op.text("value"));
    return from.map(
        (key, value) ->
            new KeyValue<Object, Object>(selector.keyOf(key, value), mapper.apply(key, value)),
        op.named());
  }

  private static KStream<Object, Object> flatMap(Op op, KStream<Object, Object> from) {
    var selector = Functions.selector(op.text("key"));
    var expander = Functions.expander(op.text("expand"));
    return from.flatMap(
        (key, value) -> {
          List<KeyValue<Object, Object>> made = new ArrayList<>();
          for (Object one : expander.expand(value)) {
            made.add(new KeyValue<>(selector.keyOf(key, one), one));
          }
          return made;
        },
        op.named());
  }

  private Object tableTransformed(Op op) {
    KTable<Object, Object> from = table(op.from());
    boolean isKept = op.flag("store");
    switch (op.text("op")) {
      case "filter":
        var wanted = Functions.predicate(op.text("where"));
        return isKept
            ? from.filter(wanted, op.named(), kept(op, keysOf(op)))
            : from.filter(wanted, op.named());
      case "filterNot":
        var unwanted = Functions.predicate(op.text("where"));
        return isKept
            ? from.filterNot(unwanted, op.named(), kept(op, keysOf(op)))
            : from.filterNot(unwanted, op.named());
      case "mapValues":
        var mapper = Functions.mapper(op.text("value"));
        return isKept
            ? from.mapValues(mapper, op.named(), kept(op, keysOf(op)))
            : from.mapValues(mapper, op.named());
      default:
        throw new IllegalArgumentException("a table has no " + op.text("op"));
    }
  }

  private void split(Op op) {
    BranchedKStream<Object, Object> split = stream(op.from()).split(Named.as(op.name() + "."));
    for (JsonNode branch : op.json().get("branches")) {
      split =
          split.branch(
              Functions.predicate(branch.get("where").textValue()),
              Branched.as(branch.get("name").textValue()));
    }
    Map<String, KStream<Object, Object>> branches =
        op.has("otherwise")
            ? split.defaultBranch(Branched.as(op.text("otherwise")))
            : split.noDefaultBranch();
    results.putAll(branches);
    for (String branch : branches.keySet()) keys.put(branch, keysOf(op));
  }

  private Object grouped(Op op) {
    Grouped<Object, Object> how = Grouped.with(op.name(), Keys.PLAIN.serde(), JSON);
    if (op.text("op").equals("groupByKey")) return stream(op.from()).groupByKey(how);
    var selector = Functions.selector(op.text("key"));
    if (results.get(op.from()) instanceof KTable) {
      return table(op.from())
          .groupBy(
              (key, value) -> new KeyValue<Object, Object>(selector.keyOf(key, value), value), how);
    }
    return stream(op.from()).<Object>groupBy((key, value) -> selector.keyOf(key, value), how);
  }

  @SuppressWarnings("unchecked")
  private void windowedBy(Op op) {
    var grouped = (KGroupedStream<Object, Object>) results.get(op.from());
    Window window = new Window(op.json().get("window"), op.has("emit"));
    if (op.has("emit")) closing.add(op.name());
    put(op, window.keys(), window.over(grouped));
  }

  private void aggregate(Op op) {
    boolean isClosing = closing.contains(op.from());
    if (isClosing) closing.add(op.name());
    stores.put(op.name(), keysOf(op));
    Aggregations aggregations = new Aggregations(op, isClosing ? LONG_RETENTION : null);
    put(op, keysOf(op), aggregations.of(results.get(op.from())));
  }

  private Object joined(Op op) {
    String other = op.text("other");
    return switch (op.text("op")) {
      case "join" -> Joins.ofStreams(op, stream(op.from()), stream(other));
      case "joinTable" -> Joins.withTable(op, stream(op.from()), table(other));
      case "joinGlobal" -> Joins.withGlobalTable(op, stream(op.from()), globalTable(other));
      case "joinTables" -> Joins.ofTables(op, table(op.from()), table(other), keptIfAsked(op));
      default -> Joins.byForeignKey(op, table(op.from()), table(other), keptIfAsked(op));
    };
  }

  private void to(Op op) {
    outputs.put(op.text("topic"), keysOf(op));
    Produced<Object, Object> how = Produced.with(keysOf(op).serde(), JSON);
    stream(op.from()).to(op.text("topic"), how.withName(op.name()));
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private static Suppressed<Object> suppressed(Op op) {
    if (op.text("until").equals("windowClose")) {
      var buffer = Suppressed.BufferConfig.unbounded().withLoggingDisabled();
      return (Suppressed) Suppressed.untilWindowCloses(buffer).withName(op.name());
    }
    Suppressed.BufferConfig buffer =
        op.has("maxRecords")
            ? Suppressed.BufferConfig.maxRecords(op.number("maxRecords"))
            : Suppressed.BufferConfig.unbounded();
    buffer = buffer.withLoggingDisabled();
    return Suppressed.untilTimeLimit(Duration.ofMillis(op.number("ms")), buffer)
        .withName(op.name());
  }

  private static Consumed<Object, Object> consumed(Op op) {
    return Consumed.with(Keys.PLAIN.serde(), JSON).withName(op.name());
  }

  /** Notes that the case names the store of the operation. */
  private Materialized<Object, Object, KeyValueStore<Bytes, byte[]>> kept(Op op, Keys keysOfStore) {
    stores.put(op.name(), keysOfStore);
    return Materialized.<Object, Object, KeyValueStore<Bytes, byte[]>>as(op.name())
        .withKeySerde(keysOfStore.serde())
        .withValueSerde(JSON)
        .withCachingDisabled();
  }

  private static Materialized<Object, Object, KeyValueStore<Bytes, byte[]>> versioned(Op op) {
    Duration history = Duration.ofMillis(op.number("history"));
    return Materialized.<Object, Object>as(
            org.apache.kafka.streams.state.Stores.persistentVersionedKeyValueStore(
                op.name(), history))
        .withKeySerde(Keys.PLAIN.serde())
        .withValueSerde(JSON);
  }

  private Materialized<Object, Object, KeyValueStore<Bytes, byte[]>> keptIfAsked(Op op) {
    return op.flag("store") ? kept(op, Keys.PLAIN) : null;
  }

  private Keys keysOf(Op op) {
    return keys.getOrDefault(op.from(), Keys.PLAIN);
  }

  @SuppressWarnings("unchecked")
  private KStream<Object, Object> stream(String name) {
    return (KStream<Object, Object>) results.get(name);
  }

  @SuppressWarnings("unchecked")
  private KTable<Object, Object> table(String name) {
    return (KTable<Object, Object>) results.get(name);
  }

  @SuppressWarnings("unchecked")
  private GlobalKTable<Object, Object> globalTable(String name) {
    return (GlobalKTable<Object, Object>) results.get(name);
  }
}
