package io.winnow.benchmarks.crash;

import io.winnow.core.LogRecord;
import io.winnow.core.UserId;
import io.winnow.features.EmbeddedConfig;
import io.winnow.features.FeatureReader.FeatureQuery;
import io.winnow.features.FeatureReader.FeatureRows;
import io.winnow.features.FeatureSchema;
import io.winnow.features.OnlineStore;
import io.winnow.features.OnlineStores;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The feature store as the state that a crash leaves half-way, compared by its digest and by the
 * feature values that requests would read.
 */
public final class FeatureStoreState implements DerivedState {
  /** Small, so that users are evicted and a crash mostly finds the store behind the log. */
  private static final EmbeddedConfig SIZES = new EmbeddedConfig(100, 500, 1 << 20);

  private final OnlineStore store;

  private FeatureStoreState(OnlineStore store) {
    this.store = store;
  }

  /** The store that serves, in a folder. */
  public static DerivedState embedded(Path folder) {
    return new FeatureStoreState(OnlineStores.embedded(CrashEvents.application(), folder, SIZES));
  }

  /** An empty store in memory, to replay into. */
  public static DerivedState inMemory() {
    return new FeatureStoreState(OnlineStores.inMemory(CrashEvents.application()));
  }

  @Override
  public long appliedOffset() {
    return store.appliedOffset();
  }

  @Override
  public void apply(long[] offsets, List<LogRecord> records) {
    store.apply(offsets, records);
  }

  @Override
  public Map<String, String> values() {
    Map<String, String> values = new TreeMap<>();
    values.put("digest", store.stateDigest());
    values.put("applied", Long.toString(store.appliedOffset()));
    List<String> names = FeatureSchema.of(CrashEvents.application()).names();
    int size = store.catalog().size();
    int[] items = size == 0 ? new int[0] : new int[] {0, size / 2, size - 1};
    for (int user = 0; user < CrashEvents.USERS; user++) {
      UserId id = CrashEvents.user(user);
      values.put(id + " history", Integer.toString(store.history(id).length()));
      FeatureRows rows =
          store.read(
              new FeatureQuery(id, items, Map.of(), CrashEvents.time(store.appliedOffset())));
      for (int at = 0; at < rows.values().length; at++) {
        values.put(
            "%s %d %s".formatted(id, items[at / names.size()], names.get(at % names.size())),
            Integer.toHexString(Float.floatToRawIntBits(rows.values()[at])));
      }
    }
    return values;
  }

  @Override
  public void close() {
    store.close();
  }
}
