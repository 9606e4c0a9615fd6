package dev.millrace.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Branched;
import org.apache.kafka.streams.kstream.BranchedKStream;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;

/**
 * The jobs without state, as their user would write them. A key that a job does not read stays bytes, the cheapest serde there is.
 */
final class Topologies {
  private static final Serde<byte[]> BYTES = Serdes.ByteArray();
  private static final Serde<String> STRING = Serdes.String();
  private static final Serde<JsonNode> JSON = Json.serde();
  private static final List<String> REGIONS = List.of("north", "east", "south", "west");

  private Topologies() {}

  static void add(String name, StreamsBuilder builder, Topics topics) {
    String input = topics.input();
    switch (name) {
      case "pass-through" -> passThrough(builder, input, topics.output());
      case "filter" -> filter(builder, input, topics.output());
      case "projection" -> projection(builder, input, topics.output());
      case "map" -> map(builder, input, topics.output());
      case "branch" -> branch(builder, input, topics.outputs());
      case "rekey" -> rekey(builder, input, topics.output());
      default -> throw new IllegalArgumentException("unknown topology " + name);
    }
  }

  private static void passThrough(StreamsBuilder builder, String input, String output) {
    builder.stream(input, Consumed.with(BYTES, BYTES)).to(output, Produced.with(BYTES, BYTES));
  }

  private static void filter(StreamsBuilder builder, String input, String output) {
    json(builder, input)
        .filter((key, value) -> value.get("amount").asDouble() > 500)
        .to(output, Produced.with(BYTES, JSON));
  }

  private static void projection(StreamsBuilder builder, String input, String output) {
    json(builder, input).mapValues(Topologies::threeFields).to(output, Produced.with(BYTES, JSON));
  }

  private static JsonNode threeFields(JsonNode value) {
    ObjectNode result = Json.object();
    for (String field : List.of("id", "card", "amount")) result.set(field, value.get(field));
    return result;
  }

  private static void map(StreamsBuilder builder, String input, String output) {
    json(builder, input).mapValues(Topologies::withFee).to(output, Produced.with(BYTES, JSON));
  }

  private static JsonNode withFee(JsonNode value) {
    double amount = value.get("amount").asDouble();
    ObjectNode result = Json.object();
    result.set("id", value.get("id"));
    result.set("card", value.get("card"));
    return result.put("cents", amount * 100).put("fee", amount * 0.02);
  }

  private static void branch(StreamsBuilder builder, String input, List<String> outputs) {
    BranchedKStream<byte[], JsonNode> split = json(builder, input).split();
    for (int index = 0; index < REGIONS.size(); index++) {
      String region = REGIONS.get(index);
      String output = outputs.get(index);
      split =
          split.branch(
              (key, value) -> value.get("region").asText().equals(region),
              Branched.withConsumer(stream -> stream.to(output, Produced.with(BYTES, JSON))));
    }
  }

  private static void rekey(StreamsBuilder builder, String input, String output) {
    json(builder, input)
        .selectKey((key, value) -> value.get("card").asText())
        .repartition(Repartitioned.with(STRING, JSON).withName("by-card"))
        .to(output, Produced.with(STRING, JSON));
  }

  private static KStream<byte[], JsonNode> json(StreamsBuilder builder, String input) {
    return builder.stream(input, Consumed.with(BYTES, JSON));
  }
}
