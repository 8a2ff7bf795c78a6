package io.winnow.features;

import io.winnow.core.AttributeValue;
import io.winnow.core.LogRecord;
import io.winnow.core.Problem;
import io.winnow.core.UserId;
import io.winnow.events.RecordSource;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * An {@link OnlineStore} whose inside can be replaced while it serves and takes events: by a store
 * that holds other features, computed beside it.
 *
 * <p>Each call goes to the store of that moment. Who makes several calls that belong together, as a
 * request does, takes a {@link #view()} once and reads that: it is one store from beginning to end,
 * and is closed only when nobody can reach the view any more, however late.
 *
 * <p>Thread-safe. Applying and switching exclude each other; readers wait for neither.
 */
public final class SwitchableOnlineStore implements OnlineStore {
  /** How many records a successor takes at once while it catches up. */
  private static final int BATCH = 1024;

  private final Cleaner cleaner = Cleaner.create();
  private final List<Closing> retired = new ArrayList<>(); // Guarded by this.
  private volatile View current;
  private boolean closed; // Guarded by this.

  /**
   * A store to begin with.
   *
   * @param schema the columns of {@link #schema()}; the store may hold more
   */
  public SwitchableOnlineStore(OnlineStore first, FeatureSchema schema) {
    this.current = new View(lease(first), schema);
  }

  /** The store of this moment, for as long as the view is kept. */
  @Override
  public FeatureReader view() {
    return current;
  }

  /**
   * Shows other columns of the same store, all of which it holds. Of the same columns the view
   * stays the same, so that what is bound to it need not be bound anew.
   */
  public synchronized void present(FeatureSchema schema) {
    if (!current.schema.equals(schema)) {
      current = new View(current.lease, schema);
    }
  }

  /**
   * A store that is to take over.
   *
   * @param next holds a prefix of what this store has applied; owned by this store from now on
   * @param schema the columns of {@link #schema()} from then on
   */
  public Successor successor(OnlineStore next, FeatureSchema schema) {
    return new Successor(new View(lease(next), schema));
  }

  /** A store that is being prepared. */
  public final class Successor {
    private final View next;

    private Successor(View next) {
      this.next = next;
    }

    /** What is read once it has taken over. */
    public FeatureReader view() {
      return next;
    }

    /** Takes in what the log holds; on the caller's thread, while the other store goes on. */
    public void catchUp(RecordSource log) {
      catchUp(log, log.endOffset());
    }

    private void catchUp(RecordSource log, long to) {
      OnlineStore store = next.lease.store;
      List<LogRecord> records = new ArrayList<>(BATCH);
      long[] offsets = new long[BATCH];
      log.replay(
          store.appliedOffset(),
          to,
          (offset, record) -> {
            offsets[records.size()] = offset;
            records.add(record);
            if (records.size() == BATCH) {
              store.apply(offsets.clone(), List.copyOf(records));
              records.clear();
            }
          });
      if (!records.isEmpty()) {
        store.apply(Arrays.copyOf(offsets, records.size()), List.copyOf(records));
      }
    }

    /**
     * Catches up and takes over, between two batches of the log: who was told that a record is
     * logged finds it in the new store.
     *
     * @param install run at the moment of the switch, while nothing is applied, such as to direct
     *     requests to this successor's view; it must be quick
     * @param gone run when the old store is closed
     */
    public void takeOver(RecordSource log, Runnable install, Runnable gone) {
      while (true) {
        catchUp(log);
        synchronized (SwitchableOnlineStore.this) {
          catchUp(log);
          // The log counts a batch as its own only behind this store: then there is another round.
          if (next.lease.store.appliedOffset() >= current.lease.store.appliedOffset()) {
            View old = current;
            current = next;
            retire(old, gone);
            install.run();
            return;
          }
        }
      }
    }

    /** Gives the store up. */
    public void abandon() {
      next.lease.closing.run();
    }
  }

  private void retire(View old, Runnable gone) {
    Closing closing = old.lease.closing;
    closing.gone = gone;
    retired.removeIf(Closing::isDone);
    retired.add(closing);
    cleaner.register(old.lease, closing);
  }

  private static Lease lease(OnlineStore store) {
    return new Lease(store, new Closing(store));
  }

  /** What every view of one store holds; when none is left, the store is not used any more. */
  private record Lease(OnlineStore store, Closing closing) {}

  /** Closes a store once. Knows no view of it, so that they can be forgotten. */
  private static final class Closing implements Runnable {
    private final OnlineStore store;
    private final AtomicBoolean done = new AtomicBoolean();
    private volatile Runnable gone = () -> {};

    Closing(OnlineStore store) {
      this.store = store;
    }

    boolean isDone() {
      return done.get();
    }

    @Override
    public void run() {
      if (done.compareAndSet(false, true)) {
        store.close();
        gone.run();
      }
    }
  }

  /** One store, with one choice of columns. */
  private static final class View implements FeatureReader {
    private final Lease lease;
    private final FeatureSchema schema;

    View(Lease lease, FeatureSchema schema) {
      this.lease = lease;
      this.schema = schema;
    }

    @Override
    public Catalog catalog() {
      return lease.store.catalog();
    }

    @Override
    public Optional<String> trouble() {
      return lease.store.trouble();
    }

    @Override
    public FeatureSchema schema() {
      return schema;
    }

    @Override
    public long appliedOffset() {
      return lease.store.appliedOffset();
    }

    @Override
    public UserHistory history(UserId user) {
      try {
        return lease.store.history(user);
      } finally {
        Reference.reachabilityFence(lease);
      }
    }

    @Override
    public Map<String, AttributeValue> userAttributes(UserId user) {
      try {
        return lease.store.userAttributes(user);
      } finally {
        Reference.reachabilityFence(lease);
      }
    }

    @Override
    public FeatureRows read(FeatureQuery query) {
      return read(query, schema);
    }

    @Override
    public FeatureRows read(FeatureQuery query, FeatureSchema wanted) {
      try {
        return lease.store.read(query, wanted);
      } finally {
        Reference.reachabilityFence(lease);
      }
    }

    @Override
    public PairRows read(PairQuery query) {
      return read(query, schema);
    }

    @Override
    public PairRows read(PairQuery query, FeatureSchema columns) {
      try {
        return lease.store.read(query, columns);
      } finally {
        Reference.reachabilityFence(lease);
      }
    }

    @Override
    public List<Problem> missing(FeatureSchema wanted) {
      return lease.store.missing(wanted);
    }

    @Override
    public float[] itemCounts(int days, long timeMs) {
      try {
        return lease.store.itemCounts(days, timeMs);
      } finally {
        Reference.reachabilityFence(lease);
      }
    }

    @Override
    public float itemCount(int item, int days, long timeMs) {
      try {
        return lease.store.itemCount(item, days, timeMs);
      } finally {
        Reference.reachabilityFence(lease);
      }
    }

    int[] lastItems(UserId user, String feature, long timeMs) {
      try {
        return lease.store.lastItems(user, feature, timeMs);
      } finally {
        Reference.reachabilityFence(lease);
      }
    }
  }

  @Override
  public synchronized void apply(long[] offsets, List<LogRecord> records) {
    OnlineStore store = current.lease.store;
    // A successor may have read further in the log than whoever feeds this store.
    long applied = store.appliedOffset();
    int first = 0;
    while (first < offsets.length && offsets[first] < applied) {
      first++;
    }
    if (first == 0) {
      store.apply(offsets, records);
    } else if (first < offsets.length) {
      store.apply(
          Arrays.copyOfRange(offsets, first, offsets.length),
          records.subList(first, records.size()));
    }
  }

  @Override
  public synchronized String stateDigest() {
    return current.lease.store.stateDigest();
  }

  @Override
  public synchronized void discard() {
    current.lease.store.discard();
  }

  /** Closes the store, and those that were replaced and are not closed yet. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      retired.forEach(Closing::run);
    } finally {
      current.lease.closing.run();
    }
  }

  @Override
  public Catalog catalog() {
    return current.catalog();
  }

  @Override
  public FeatureSchema schema() {
    return current.schema();
  }

  @Override
  public long appliedOffset() {
    return current.appliedOffset();
  }

  @Override
  public UserHistory history(UserId user) {
    return current.history(user);
  }

  @Override
  public Map<String, AttributeValue> userAttributes(UserId user) {
    return current.userAttributes(user);
  }

  @Override
  public FeatureRows read(FeatureQuery query) {
    return current.read(query);
  }

  @Override
  public FeatureRows read(FeatureQuery query, FeatureSchema wanted) {
    return current.read(query, wanted);
  }

  @Override
  public PairRows read(PairQuery query) {
    return current.read(query);
  }

  @Override
  public PairRows read(PairQuery query, FeatureSchema schema) {
    return current.read(query, schema);
  }

  @Override
  public List<Problem> missing(FeatureSchema wanted) {
    return current.missing(wanted);
  }

  @Override
  public float[] itemCounts(int days, long timeMs) {
    return current.itemCounts(days, timeMs);
  }

  @Override
  public float itemCount(int item, int days, long timeMs) {
    return current.itemCount(item, days, timeMs);
  }

  @Override
  public int[] lastItems(UserId user, String feature, long timeMs) {
    return current.lastItems(user, feature, timeMs);
  }

  @Override
  public long storedOffset() {
    return current.lease.store.storedOffset();
  }

  @Override
  public Optional<String> trouble() {
    return current.lease.store.trouble();
  }

  @Override
  public long droppedLate() {
    return current.lease.store.droppedLate();
  }
}
