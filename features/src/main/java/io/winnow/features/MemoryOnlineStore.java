package io.winnow.features;

import io.winnow.core.AttributeValue;
import io.winnow.core.LogRecord;
import io.winnow.core.Problem;
import io.winnow.core.UserId;
import java.util.List;
import java.util.Map;

/** An {@link OnlineStore} that lives and dies with the process. */
final class MemoryOnlineStore implements OnlineStore {
  private final FeaturePlan plan;
  private volatile Generation now;

  /** A fold and the users that it keeps. */
  private record Generation(FeatureState state, UserTable.InMemory users) {
    static Generation empty(FeaturePlan plan) {
      UserTable.InMemory users = new UserTable.InMemory(plan);
      return new Generation(new FeatureState(plan, users), users);
    }
  }

  MemoryOnlineStore(FeaturePlan plan) {
    this.plan = plan;
    this.now = Generation.empty(plan);
  }

  @Override
  public Catalog catalog() {
    return now.state.catalog();
  }

  @Override
  public FeatureSchema schema() {
    return plan.schema();
  }

  @Override
  public long appliedOffset() {
    return now.state.appliedOffset();
  }

  @Override
  public UserHistory history(UserId user) {
    return now.state.history(user);
  }

  @Override
  public Map<String, AttributeValue> userAttributes(UserId user) {
    return now.state.userAttributes(user);
  }

  @Override
  public FeatureRows read(FeatureQuery query) {
    return now.state.read(query);
  }

  @Override
  public FeatureRows read(FeatureQuery query, FeatureSchema wanted) {
    return now.state.read(query, wanted);
  }

  @Override
  public List<Problem> missing(FeatureSchema wanted) {
    return now.state.missing(wanted);
  }

  @Override
  public PairRows read(PairQuery query) {
    return now.state.read(query);
  }

  @Override
  public PairRows read(PairQuery query, FeatureSchema schema) {
    return now.state.read(query, schema);
  }

  @Override
  public float[] itemCounts(int days, long timeMs) {
    return now.state.itemCounts(days, timeMs);
  }

  @Override
  public float itemCount(int item, int days, long timeMs) {
    return now.state.itemCount(item, days, timeMs);
  }

  @Override
  public int[] lastItems(UserId user, String feature, long timeMs) {
    return now.state.lastItems(user, feature, timeMs);
  }

  @Override
  public long droppedLate() {
    return now.state.droppedLate();
  }

  @Override
  public void apply(long[] offsets, List<LogRecord> records) {
    FeatureState state = now.state;
    state.apply(offsets, records);
    // Nobody stores it.
    state.markStored();
  }

  @Override
  public String stateDigest() {
    StateEntries.Sorted entries = new StateEntries.Sorted();
    Generation generation = now;
    generation.state.lock().readLock().lock();
    try {
      generation.state.writeAll(entries);
      generation.users.forEach((id, user) -> user.writeAll(UserState.prefix(id), entries));
    } finally {
      generation.state.lock().readLock().unlock();
    }
    return entries.digest();
  }

  @Override
  public void discard() {
    now = Generation.empty(plan);
  }

  @Override
  public void close() {}
}
