import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.CompressionType;
import org.apache.kafka.common.record.MemoryRecords;
import org.apache.kafka.common.record.MutableRecordBatch;
import org.apache.kafka.common.record.Record;
import org.apache.kafka.common.record.SimpleRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Utils;

/**
 * Kafka's own clients behind a pipe: one JSON request a line on stdin, one JSON answer a line on stdout. A record is
 * {timestamp, key, value, headers: [[name, value]]} with base64 bytes or null; what was read also has its offset.
 */
public final class Strangers {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private final String bootstrapServers;
  private final Map<String, KafkaProducer<byte[], byte[]>> producers = new HashMap<>();

  private Strangers(String bootstrapServers) {
    this.bootstrapServers = bootstrapServers;
  }

  public static void main(String[] args) throws IOException {
    Strangers strangers = new Strangers(args[0]);
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      ObjectNode answer = NODES.objectNode();
      try {
        answer.set("answer", strangers.answer(JSON.readTree(line)));
      } catch (Exception | Error error) {
        answer.put("error", error.toString());
      }
      out.println(JSON.writeValueAsString(answer));
    }
    for (KafkaProducer<byte[], byte[]> producer : strangers.producers.values()) {
      producer.close(Duration.ZERO);
    }
  }

  private JsonNode answer(JsonNode request) throws Exception {
    switch (request.get("do").asText()) {
      case "encode":
        return encode(request);
      case "decode":
        return decode(request);
      case "begin":
        transactional(request).beginTransaction();
        return NODES.nullNode();
      case "send":
        return send(request);
      case "commit":
        transactional(request).commitTransaction();
        return NODES.nullNode();
      case "abort":
        transactional(request).abortTransaction();
        return NODES.nullNode();
      case "consume":
        return consume(request);
      case "texts":
        return texts(request);
      default:
        throw new IllegalArgumentException(request.toString());
    }
  }

  /** The bytes of one batch, without any broker. */
  private JsonNode encode(JsonNode request) {
    List<SimpleRecord> records = new ArrayList<>();
    for (JsonNode record : request.get("records")) {
      records.add(
          new SimpleRecord(
              record.get("timestamp").asLong(),
              bytes(record.get("key")),
              bytes(record.get("value")),
              headers(record.get("headers"))));
    }
    CompressionType type = CompressionType.forName(request.get("codec").asText());
    ByteBuffer batch =
        MemoryRecords.withRecords(
                Compression.of(type).build(), records.toArray(new SimpleRecord[0]))
            .buffer();
    return base64(batch);
  }

  /** For each of many byte strings: the records as a consumer with check.crcs would see them, or why it refuses. */
  private JsonNode decode(JsonNode request) {
    ArrayNode answers = NODES.arrayNode();
    for (JsonNode bytes : request.get("batches")) {
      try {
        answers.add(recordsOf(ByteBuffer.wrap(bytes(bytes))));
      } catch (Exception | Error error) {
        answers.add(error.toString());
      }
    }
    return answers;
  }

  private static ArrayNode recordsOf(ByteBuffer bytes) {
    ArrayNode records = NODES.arrayNode();
    for (MutableRecordBatch batch : MemoryRecords.readableRecords(bytes).batches()) {
      batch.ensureValid();
      for (Record record : batch) {
        record.ensureValid();
        ObjectNode node =
            recordNode(
                record.offset(), record.timestamp(), base64(record.key()), base64(record.value()));
        node.set("headers", headerNodes(record.headers()));
        records.add(node);
      }
    }
    return records;
  }

  private JsonNode send(JsonNode request) throws Exception {
    KafkaProducer<byte[], byte[]> producer =
        request.has("id") ? transactional(request) : plain(request.get("codec").asText());
    for (JsonNode record : request.get("records")) {
      ProducerRecord<byte[], byte[]> sent =
          new ProducerRecord<>(
              request.get("topic").asText(),
              0,
              record.get("timestamp").asLong(),
              bytes(record.get("key")),
              bytes(record.get("value")));
      for (Header header : headers(record.get("headers"))) {
        sent.headers().add(header);
      }
      producer.send(sent);
    }
    producer.flush();
    return NODES.nullNode();
  }

  private KafkaProducer<byte[], byte[]> plain(String codec) {
    return producers.computeIfAbsent(codec, key -> producer(Map.of("compression.type", codec)));
  }

  private KafkaProducer<byte[], byte[]> transactional(JsonNode request) {
    return producers.computeIfAbsent(
        "transactional " + request.get("id").asText(),
        key -> {
          KafkaProducer<byte[], byte[]> producer =
              producer(Map.of("transactional.id", request.get("id").asText()));
          producer.initTransactions();
          return producer;
        });
  }

  private KafkaProducer<byte[], byte[]> producer(Map<String, Object> settings) {
    Map<String, Object> config = new HashMap<>(settings);
    config.put("bootstrap.servers", bootstrapServers);
    config.put("linger.ms", 200);
    config.put("batch.size", 512 * 1024);
    return new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
  }

  private JsonNode consume(JsonNode request) {
    ArrayNode records = NODES.arrayNode();
    read(
        request,
        record -> {
          ObjectNode node =
              recordNode(
                  record.offset(), record.timestamp(), node(record.key()), node(record.value()));
          node.set("headers", headerNodes(record.headers().toArray()));
          records.add(node);
        });
    return records;
  }

  /** Keys and values alone, as text: many of them fit through the pipe. */
  private JsonNode texts(JsonNode request) {
    ArrayNode records = NODES.arrayNode();
    read(
        request, record -> records.addArray().add(text(record.key())).add(text(record.value())));
    return records;
  }

  /** One partition from an offset to its end, as it is now. */
  private void read(JsonNode request, Consumer<ConsumerRecord<byte[], byte[]>> take) {
    Map<String, Object> config = new HashMap<>();
    config.put("bootstrap.servers", bootstrapServers);
    config.put("isolation.level", request.get("isolation").asText());
    config.put("check.crcs", true);
    config.put("enable.auto.commit", false);
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      TopicPartition partition =
          new TopicPartition(request.get("topic").asText(), request.get("partition").asInt());
      consumer.assign(List.of(partition));
      consumer.seek(partition, request.get("from").asLong());
      long end = consumer.endOffsets(List.of(partition)).get(partition);
      while (consumer.position(partition) < end) {
        consumer.poll(Duration.ofMillis(100)).forEach(take);
      }
    }
  }

  private static ObjectNode recordNode(long offset, long timestamp, JsonNode key, JsonNode value) {
    ObjectNode node = NODES.objectNode();
    node.put("offset", offset);
    node.put("timestamp", timestamp);
    node.set("key", key);
    node.set("value", value);
    return node;
  }

  private static ArrayNode headerNodes(Header[] headers) {
    ArrayNode nodes = NODES.arrayNode();
    for (Header header : headers) {
      nodes.addArray().add(header.key()).add(node(header.value()));
    }
    return nodes;
  }

  private static Header[] headers(JsonNode nodes) {
    List<Header> headers = new ArrayList<>();
    for (JsonNode node : nodes) {
      headers.add(new RecordHeader(node.get(0).asText(), bytes(node.get(1))));
    }
    return headers.toArray(new Header[0]);
  }

  private static byte[] bytes(JsonNode node) {
    return node.isNull() ? null : Base64.getDecoder().decode(node.asText());
  }

  private static JsonNode node(byte[] bytes) {
    return bytes == null
        ? NODES.nullNode()
        : NODES.textNode(Base64.getEncoder().encodeToString(bytes));
  }

  private static JsonNode text(byte[] bytes) {
    return bytes == null
        ? NODES.nullNode()
        : NODES.textNode(new String(bytes, StandardCharsets.UTF_8));
  }

  private static JsonNode base64(ByteBuffer buffer) {
    return node(buffer == null ? null : Utils.toArray(buffer));
  }
}
