package dev.millrace.differential;

import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.BuiltInDslStoreSuppliers;
import org.apache.kafka.streams.state.DslWindowParams;
import org.apache.kafka.streams.state.WindowBytesStoreSupplier;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.state.internals.InMemoryWindowStore;

/**
 * Stores in memory, which are far faster than those on disk, and do as those do, which are the default: to the windows of a
 * join a record without value says nothing, not even its time.
 */
public final class StoresInMemory extends BuiltInDslStoreSuppliers.InMemoryDslStoreSuppliers {
  @Override
  public WindowBytesStoreSupplier windowStore(DslWindowParams params) {
    WindowBytesStoreSupplier supplier = super.windowStore(params);
    return params.retainDuplicates() ? new OfJoins(supplier) : supplier;
  }

  private record OfJoins(WindowBytesStoreSupplier like) implements WindowBytesStoreSupplier {
    @Override
    public WindowStore<Bytes, byte[]> get() {
      return new InMemoryWindowStore(name(), retentionPeriod(), windowSize(), true, metricsScope()) {
        @Override
        public void put(Bytes key, byte[] value, long start) {
          if (value != null) super.put(key, value, start);
        }
      };
    }

    @Override
    public String name() {
      return like.name();
    }

    @Override
    public String metricsScope() {
      return like.metricsScope();
    }

    @Override
    public long segmentIntervalMs() {
      return like.segmentIntervalMs();
    }

    @Override
    public long windowSize() {
      return like.windowSize();
    }

    @Override
    public boolean retainDuplicates() {
      return true;
    }

    @Override
    public long retentionPeriod() {
      return like.retentionPeriod();
    }
  }
}
