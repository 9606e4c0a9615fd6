package dev.millrace.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.Set;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorSupplier;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowBytesStoreSupplier;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.state.WindowStoreIterator;

/**
 * Lets the first record of an {@code id} through, and another one once its time is further off than {@code within}. The DSL
 * has nothing for it: its users write a processor over a window store.
 */
final class Deduplicate implements FixedKeyProcessor<byte[], JsonNode, JsonNode> {
  private static final String STORE = "seen";

  private final long within;
  private FixedKeyProcessorContext<byte[], JsonNode> context;
  private WindowStore<Long, Long> seen;

  private Deduplicate(long within) {
    this.within = within;
  }

  @Override
  public void init(FixedKeyProcessorContext<byte[], JsonNode> context) {
    this.context = context;
    this.seen = context.getStateStore(STORE);
  }

  @Override
  public void process(FixedKeyRecord<byte[], JsonNode> record) {
    long id = record.value().get("id").asLong();
    long timestamp = record.timestamp();
    if (isKnown(id, timestamp)) return;
    seen.put(id, timestamp, timestamp);
    context.forward(record);
  }

  private boolean isKnown(long id, long timestamp) {
    try (WindowStoreIterator<Long> found = seen.fetch(id, timestamp - within, timestamp + within)) {
      return found.hasNext();
    }
  }

  record Supplier(Duration within, boolean inMemory)
      implements FixedKeyProcessorSupplier<byte[], JsonNode, JsonNode> {
    @Override
    public FixedKeyProcessor<byte[], JsonNode, JsonNode> get() {
      return new Deduplicate(within.toMillis());
    }

    @Override
    public Set<StoreBuilder<?>> stores() {
      return Set.of(Stores.windowStoreBuilder(bytes(), Serdes.Long(), Serdes.Long()));
    }

    private WindowBytesStoreSupplier bytes() {
      return inMemory
          ? Stores.inMemoryWindowStore(STORE, within, within, false)
          : Stores.persistentWindowStore(STORE, within, within, false);
    }
  }
}
