package dev.millrace.differential;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;

/** Gives the records of a case to its topology, one at a time, and notes what each makes of it. */
final class CaseRunner {
  private static final String APPLICATION_ID = "case";
  /** Not a record's fault but the topology's. */
  private static final int BEFORE_ALL_INPUTS = -1;

  private final Properties properties;

  CaseRunner(Path stateDir) {
    properties = new Properties();
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, APPLICATION_ID);
    properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:9092");
    properties.put(StreamsConfig.STATE_DIR_CONFIG, stateDir.toString());
    properties.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
    properties.put(
        StreamsConfig.DSL_STORE_SUPPLIERS_CLASS_CONFIG,
        StoresInMemory.class);
    properties.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
    properties.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, JsonSerde.class);
    // Both let the wall clock decide when results are given; without them only the records do.
    properties.put(
        StreamsConfig.InternalConfig.EMIT_INTERVAL_MS_KSTREAMS_OUTER_JOIN_SPURIOUS_RESULTS_FIX, 0L);
    properties.put(
        StreamsConfig.InternalConfig.EMIT_INTERVAL_MS_KSTREAMS_WINDOWED_AGGREGATION, 0L);
  }

  /** The answer, as {@code outcome.ts} has it. Whatever goes wrong with the case is part of it. */
  ObjectNode run(JsonNode wanted) {
    ObjectNode answer = Json.object();
    ArrayNode steps = answer.putArray("steps");
    try {
      BuiltCase built = CaseBuilder.build(wanted.get("ops"), new StreamsConfig(properties));
      TopologyTestDriver driver = new TopologyTestDriver(built.topology(), properties);
      try {
        pipe(wanted.get("inputs"), driver, built, steps);
        sum(driver, built, answer);
      } finally {
        close(driver);
      }
    } catch (Throwable error) {
      int at = steps.isEmpty() ? BEFORE_ALL_INPUTS : steps.size() - 1;
      answer.putObject("error").put("at", at).put("message", whole(error));
    }
    return answer;
  }

  private static void pipe(
      JsonNode inputs, TopologyTestDriver driver, BuiltCase built, ArrayNode steps) {
    for (JsonNode input : inputs) {
      ObjectNode step = steps.addObject();
      ObjectNode outputs = step.putObject("outputs");
      ObjectNode changelogs = step.putObject("changelogs");
      var topic =
          driver.createInputTopic(
              input.get("topic").textValue(), new StringSerializer(), new JsonSerde().serializer());
      long timestamp = input.get("ts").longValue();
      topic.pipeInput(input.get("key").textValue(), Json.node(input.get("value")), timestamp);
      takeOutputs(driver, built, outputs);
      takeChangelogs(driver, built, changelogs);
    }
  }

  private static void takeOutputs(
      TopologyTestDriver driver, BuiltCase built, ObjectNode outputs) {
    for (Map.Entry<String, Keys> output : built.outputs().entrySet()) {
      Deserializer<Object> keys = output.getValue().serde().deserializer();
      ArrayNode taken = Json.list();
      for (var one : records(driver, output.getKey(), keys)) {
        taken.add(record(Keys.shown(one.key()), Json.parse(one.value()), one.timestamp()));
      }
      if (!taken.isEmpty()) outputs.set(output.getKey(), taken);
    }
  }

  private static void takeChangelogs(
      TopologyTestDriver driver, BuiltCase built, ObjectNode changelogs) {
    for (Map.Entry<String, Keys> store : built.stores().entrySet()) {
      String topic = APPLICATION_ID + "-" + store.getKey() + "-changelog";
      if (!driver.producedTopicNames().contains(topic)) continue;
      ArrayNode taken = Json.list();
      for (var one : records(driver, topic, new ByteArrayDeserializer())) {
        JsonNode key = store.getValue().ofStore(one.key());
        taken.add(record(key, Json.parse(one.value()), one.timestamp()));
      }
      if (!taken.isEmpty()) changelogs.set(store.getKey(), taken);
    }
  }

  private static <K> Iterable<TestRecord<K, byte[]>> records(
      TopologyTestDriver driver, String topic, Deserializer<K> keys) {
    return driver.createOutputTopic(topic, keys, new ByteArrayDeserializer()).readRecordsToList();
  }

  /** What is left at the end of all. */
  private static void sum(TopologyTestDriver driver, BuiltCase built, ObjectNode answer) {
    Map<String, JsonNode> stores = new TreeMap<>();
    for (String name : built.stores().keySet()) {
      if (!built.lasting().contains(name)) stores.put(name, Stores.contents(driver, name));
    }
    answer.putObject("stores").setAll(stores);
    ArrayNode repartitions = answer.putArray("repartitions");
    String prefix = APPLICATION_ID + "-";
    for (String topic : new TreeSet<>(driver.producedTopicNames())) {
      if (topic.endsWith("-repartition")) repartitions.add(topic.substring(prefix.length()));
    }
    double dropped =
        driver.metrics().values().stream()
            .filter(metric -> metric.metricName().name().equals("dropped-records-total"))
            .map(Metric::metricValue)
            .mapToDouble(value -> (Double) value)
            .sum();
    answer.put("dropped", (long) dropped);
  }

  static ObjectNode record(JsonNode key, JsonNode value, long timestamp) {
    ObjectNode record = Json.object();
    record.set("key", key);
    record.set("value", value);
    return record.put("ts", timestamp);
  }

  private static void close(TopologyTestDriver driver) {
    try {
      driver.close();
    } catch (RuntimeException ignored) {
      // A task that has failed says so again; the case has its answer by then.
    }
  }

  private static String whole(Throwable error) {
    StringBuilder text = new StringBuilder(error.toString());
    for (Throwable cause = error.getCause(); cause != null; cause = cause.getCause()) {
      text.append("; because ").append(cause);
    }
    return text.toString();
  }
}
