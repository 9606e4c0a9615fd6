package dev.millrace.differential;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.StreamSupport;
import org.apache.kafka.streams.kstream.Aggregator;
import org.apache.kafka.streams.kstream.Initializer;
import org.apache.kafka.streams.kstream.Merger;
import org.apache.kafka.streams.kstream.Predicate;
import org.apache.kafka.streams.kstream.Reducer;
import org.apache.kafka.streams.kstream.ValueJoiner;
import org.apache.kafka.streams.kstream.ValueMapperWithKey;
import org.apache.kafka.streams.kstream.Windowed;

/**
 * What a case's user functions do, the very same in {@code functions.ts}. Each is written {@code name:argument}; all are
 * total, and their results stay small however often they are applied.
 */
final class Functions {
  private static final int TEXT_LENGTH = 24;

  private Functions() {}

  interface KeySelector {
    String keyOf(Object key, Object value);
  }

  interface Expander {
    List<Object> expand(Object value);
  }

  static Predicate<Object, Object> predicate(String written) {
    Call call = Call.of(written);
    return switch (call.name) {
      case "all" -> (key, value) -> true;
      case "valueAbove" -> (key, value) -> number(value) > call.number();
      case "keyIs" -> (key, value) -> call.argument.equals(keyText(key));
      case "isNull" -> (key, value) -> Json.node(value) == null;
      default -> throw unknown("predicate", written);
    };
  }

  static ValueMapperWithKey<Object, Object, Object> mapper(String written) {
    Call call = Call.of(written);
    return switch (call.name) {
      case "same" -> (key, value) -> value;
      case "add" -> (key, value) -> whole(number(value) + call.number());
      case "mod" -> (key, value) -> whole(number(value) % call.number());
      case "wrap" -> (key, value) -> Json.object().set("v", Json.node(value));
      case "withKey" -> (key, value) -> pair(key == null ? null : new TextNode(keyText(key)), value);
      case "tag" -> (key, value) -> new TextNode(shortened(text(value) + call.argument));
      case "nullIf" -> (key, value) -> number(value) % call.number() == 0 ? null : value;
      default -> throw unknown("mapper", written);
    };
  }

  static Expander expander(String written) {
    Call call = Call.of(written);
    return switch (call.name) {
      case "repeat" -> value -> numbered(call.number(), value);
      case "upTo" -> value -> numbered(Math.abs(number(value)) % (call.number() + 1), value);
      default -> throw unknown("expander", written);
    };
  }

  static KeySelector selector(String written) {
    Call call = Call.of(written);
    return switch (call.name) {
      case "same" -> (key, value) -> keyText(key);
      case "constant" -> (key, value) -> call.argument;
      case "valueMod" -> (key, value) -> "k" + number(value) % call.number();
      case "field" -> (key, value) -> field(Json.node(value), call.argument);
      case "nullIf" -> (key, value) -> number(value) % call.number() == 0 ? null : keyText(key);
      default -> throw unknown("key selector", written);
    };
  }

  static ValueJoiner<Object, Object, Object> joiner(String written) {
    Call call = Call.of(written);
    return switch (call.name) {
      case "pair" -> (left, right) -> pair(left, right);
      case "sum" -> (left, right) -> whole(number(left) + number(right));
      case "nullIf" ->
          (left, right) ->
              (number(left) + number(right)) % call.number() == 0 ? null : pair(left, right);
      default -> throw unknown("joiner", written);
    };
  }

  static Reducer<Object> reducer(String written) {
    Call call = Call.of(written);
    return switch (call.name) {
      case "sum" -> (soFar, value) -> whole(number(soFar) + number(value));
      case "minus" -> (soFar, value) -> whole(number(soFar) - number(value));
      case "first" -> (soFar, value) -> soFar;
      case "last" -> (soFar, value) -> value;
      case "concat" -> (soFar, value) -> concatenated(soFar, "+", value);
      case "without" -> (soFar, value) -> concatenated(soFar, "-", value);
      case "nullIf" ->
          (soFar, value) -> {
            long sum = number(soFar) + number(value);
            return sum % call.number() == 0 ? null : whole(sum);
          };
      default -> throw unknown("reducer", written);
    };
  }

  /** Aggregators are reducers with a state to begin with, which may be of another type than the values. */
  static Aggregator<Object, Object, Object> aggregator(String written) {
    Reducer<Object> reducer = reducer(written);
    return (key, value, state) -> reducer.apply(state, value);
  }

  static Merger<Object, Object> merger(String written) {
    Reducer<Object> reducer = reducer(written);
    return (key, one, other) -> reducer.apply(one, other);
  }

  static Initializer<Object> initializer(String aggregator) {
    return switch (Call.of(aggregator).name) {
      case "concat", "without" -> () -> new TextNode("");
      default -> () -> IntNode.valueOf(0);
    };
  }

  /** A plain key as it is, a windowed one with where its window begins. */
  private static String keyText(Object key) {
    if (key instanceof Windowed<?> windowed) {
      return windowed.key() + "@" + windowed.window().start();
    }
    return (String) key;
  }

  /** Every value has one: of a text its length, of a list or an object the sum of what is in it. */
  private static long number(Object value) {
    JsonNode node = Json.node(value);
    if (node == null) return 0;
    if (node.isNumber()) return node.longValue();
    if (node.isTextual()) return node.textValue().length();
    return StreamSupport.stream(node.spliterator(), false).mapToLong(Functions::number).sum();
  }

  private static String text(Object value) {
    JsonNode node = Json.node(value);
    return node == null ? "null" : node.isTextual() ? node.textValue() : Json.text(node);
  }

  private static String field(JsonNode value, String name) {
    JsonNode field = value == null ? null : Json.node(value.get(name));
    return field == null ? null : text(field);
  }

  private static JsonNode pair(Object left, Object right) {
    ArrayNode pair = Json.list();
    return pair.add(Json.node(left)).add(Json.node(right));
  }

  private static List<Object> numbered(long count, Object value) {
    return LongStream.range(0, count).<Object>mapToObj(index -> pair(whole(index), value)).toList();
  }

  private static JsonNode concatenated(Object soFar, String sign, Object value) {
    return new TextNode(shortened(text(soFar) + sign + text(value)));
  }

  private static String shortened(String text) {
    return text.substring(Math.max(0, text.length() - TEXT_LENGTH));
  }

  private static JsonNode whole(long number) {
    return LongNode.valueOf(number);
  }

  private static IllegalArgumentException unknown(String what, String written) {
    return new IllegalArgumentException("no " + what + " is called " + written);
  }

  private record Call(String name, String argument) {
    static Call of(String written) {
      int colon = written.indexOf(':');
      return colon < 0
          ? new Call(written, "")
          : new Call(written.substring(0, colon), written.substring(colon + 1));
    }

    long number() {
      return Long.parseLong(argument);
    }
  }
}
