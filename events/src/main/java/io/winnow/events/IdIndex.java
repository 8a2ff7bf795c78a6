package io.winnow.events;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which event ids the log holds: a fold over it.
 *
 * <p>The newest ids are in a table in memory. When it is full, a new one takes its place, and a
 * thread beside sorts it into a file ({@link IdRun}); files are merged by another ({@link IdRuns}).
 * So memory is two tables, whatever the log's length, and the thread that appends neither sorts nor
 * waits for the disk, unless the table is full again before the last one is written. It is a
 * log-structured merge tree (O'Neil et al., 1996) for keys that are hashes, of which each comes
 * once and nearly each look-up fails. RocksDB, which is one for any keys, took several times the
 * processor time for it.
 *
 * <p>After a crash the index is as old as its last file, says so by {@link #appliedOffset()}, and
 * the event log replays the rest. If it is missing, damaged or of another format, it starts empty
 * and is rebuilt.
 *
 * <p>Beside the ids it keeps the offsets that a log drops although it cannot help holding them: two
 * servers that write to one Kafka topic may both write an event. There are few of them, and they
 * are kept in memory.
 *
 * <p>Thread-safe, for one thread that adds and commits and any number that look up.
 */
final class IdIndex implements Closeable {
  private static final Logger log = LoggerFactory.getLogger(IdIndex.class);

  /** So many records at most are replayed for want of ids that would fill a table. */
  private static final long REPLAYED_RECORDS_MAX = 4L << 20;

  private static final int PROBED_AT_ONCE = 256;
  private static final String DAMAGED = "DAMAGED";

  /** An id that the log holds. */
  record Entry(long offset, long content) {}

  private final Path folder;
  private final EventIdentity identity;
  private final int tableEntries;
  private final IdRuns runs;
  private final ExecutorService writer =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().name("event-id-writer").daemon().factory());

  private final int[] work = new int[2 * PROBED_AT_ONCE];

  /** Takes new ids. */
  private IdTable table = new IdTable();

  /** Is being written to a file, or null. */
  private @Nullable IdTable full;

  private @Nullable Future<@Nullable Void> writing;

  /** Size of the table when its ids were last known to be on disk. */
  private int committedSize;

  private volatile long appliedOffset;

  /** What the files contain, or will when {@link #writing} is done. */
  private long filedOffset;

  private final NavigableSet<Long> dropped;
  private boolean closed;

  private IdIndex(Path folder, IdManifest manifest, int tableEntries) throws IOException {
    this.folder = folder;
    this.tableEntries = tableEntries;
    this.identity = new EventIdentity(manifest.key().key0(), manifest.key().key1());
    this.runs = IdRuns.open(folder, manifest);
    this.appliedOffset = manifest.appliedOffset();
    this.filedOffset = appliedOffset;
    this.dropped = new TreeSet<>(manifest.dropped());
  }

  /**
   * Opens the index, or an empty one if it is missing, damaged or ahead of the log.
   *
   * @param endOffset of the log; an index that is ahead knows ids that the log has lost
   * @param tableEntries a table that has reached this size is followed by the next
   */
  static IdIndex open(Path folder, long endOffset, int tableEntries) throws IOException {
    Files.createDirectories(folder);
    String why = null;
    if (Files.exists(folder.resolve(DAMAGED))) {
      why = "it was found damaged while in use";
    } else if (IdManifest.exists(folder)) {
      try {
        IdManifest manifest = IdManifest.read(folder);
        if (manifest.appliedOffset() <= endOffset) {
          return new IdIndex(folder, manifest, tableEntries);
        }
        why = "it is at %d, ahead of the log at %d".formatted(manifest.appliedOffset(), endOffset);
      } catch (IOException e) {
        why = e.toString();
      }
    } else if (endOffset > 0) {
      why = "it is missing, or of an earlier release";
    }
    if (why != null) {
      log.warn("{}: the id index is rebuilt from the log: {}", folder, why);
    }
    delete(folder);
    Files.createDirectories(folder);
    SecureRandom random = new SecureRandom();
    IdManifest.Key key = new IdManifest.Key(random.nextLong(), random.nextLong());
    IdManifest manifest = new IdManifest(key, 0, 0, List.of(), List.of());
    manifest.write(folder);
    return new IdIndex(folder, manifest, tableEntries);
  }

  /** Computes the identities that this index knows; thread-safe. */
  EventIdentity identity() {
    return identity;
  }

  /** The offset of the first record that the index has not seen. */
  long appliedOffset() {
    return appliedOffset;
  }

  /**
   * Adds the ids of a call that are new. Each of them, and each record without id, takes the next
   * offset.
   *
   * @param identities {@link EventIdentity#LONGS} longs each; zeros for a record without id
   * @return the earlier entries of those that are not new, at their places; null if all are new
   */
  synchronized @Nullable Entry @Nullable [] addNew(long[] identities, int count, long firstOffset)
      throws IOException {
    @Nullable Entry[] earlier = findInFiles(identities, count);
    long offset = firstOffset;
    for (int i = 0; i < count; i++) {
      int at = EventIdentity.LONGS * i;
      if (earlier != null && earlier[i] != null) {
        continue;
      }
      Entry inMemory =
          EventIdentity.isEvent(identities, at) ? addIfAbsent(identities, at, offset) : null;
      if (inMemory == null) {
        offset++;
      } else {
        earlier = earlier == null ? new Entry[count] : earlier;
        earlier[i] = inMemory;
      }
    }
    return earlier;
  }

  /**
   * Adds ids with their offsets, as a replay finds them; of two equal ones, the first counts.
   *
   * @return the earlier entries of those that are not new, at their places; null if all are new
   */
  synchronized @Nullable Entry @Nullable [] replayed(long[] identities, long[] offsets, int count)
      throws IOException {
    @Nullable Entry[] earlier = findInFiles(identities, count);
    for (int i = 0; i < count; i++) {
      int at = EventIdentity.LONGS * i;
      if ((earlier != null && earlier[i] != null) || !EventIdentity.isEvent(identities, at)) {
        continue;
      }
      Entry inMemory = addIfAbsent(identities, at, offsets[i]);
      if (inMemory != null) {
        earlier = earlier == null ? new Entry[count] : earlier;
        earlier[i] = inMemory;
      }
    }
    return earlier;
  }

  /**
   * The event with an id, or null if the log has none.
   *
   * @param identities hold the id's at {@code at}
   */
  synchronized @Nullable Entry find(long[] identities, int at) throws IOException {
    @Nullable Entry[] inFiles =
        findInFiles(Arrays.copyOfRange(identities, at, at + EventIdentity.LONGS), 1);
    return inFiles == null ? findInMemory(identities[at], identities[at + 1]) : inFiles[0];
  }

  /** Remembers with the next {@link #commit} that replays leave an offset out. */
  synchronized void drop(long offset) {
    dropped.add(offset);
  }

  /** The dropped offsets in {@code [from, to)}, ascending. */
  synchronized List<Long> dropped(long from, long to) {
    return List.copyOf(dropped.subSet(from, to));
  }

  private void checkOpen() throws IOException {
    if (closed) {
      throw new IOException(folder + ": the id index is closed");
    }
  }

  /** What the files have of some ids, in their order; null if that is nothing. */
  private @Nullable Entry @Nullable [] findInFiles(long[] identities, int count)
      throws IOException {
    checkOpen();
    // Only here may a table become a file: not between looking at the files and at the tables.
    install(false);
    List<IdRun> current = currentRuns();
    if (current.isEmpty()) {
      return null;
    }
    boolean[] maybe = new boolean[count];
    @Nullable Entry[] found = null;
    for (IdRun run : current) {
      boolean any = false;
      for (int from = 0; from < count; from += PROBED_AT_ONCE) {
        any |= run.mayHold(identities, from, Math.min(PROBED_AT_ONCE, count - from), work, maybe);
      }
      for (int i = 0; any && i < count; i++) {
        if (maybe[i]) {
          maybe[i] = false;
          int at = EventIdentity.LONGS * i;
          Entry entry = find(run, identities[at], identities[at + 1]);
          if (entry != null) {
            found = found == null ? new Entry[count] : found;
            found[i] = entry;
          }
        }
      }
    }
    return found;
  }

  private List<IdRun> currentRuns() throws IOException {
    try {
      return runs.current();
    } catch (IOException e) {
      throw damaged(e);
    }
  }

  private @Nullable Entry find(IdRun run, long high, long low) throws IOException {
    try {
      return run.find(high, low);
    } catch (IOException e) {
      throw damaged(e);
    }
  }

  /** Adds an id that is in no file; null, or the entry that is in memory, which stays. */
  private @Nullable Entry addIfAbsent(long[] identities, int at, long offset) {
    long high = identities[at];
    long low = identities[at + 1];
    Entry earlier = full == null ? null : find(full, high, low);
    if (earlier != null) {
      return earlier;
    }
    int there = table.addIfAbsent(high, low, offset, identities[at + 2]);
    return there < 0 ? null : new Entry(table.offset(there), table.content(there));
  }

  private @Nullable Entry findInMemory(long high, long low) {
    Entry earlier = full == null ? null : find(full, high, low);
    return earlier != null ? earlier : find(table, high, low);
  }

  private static @Nullable Entry find(IdTable table, long high, long low) {
    int entry = table.find(high, low);
    return entry < 0 ? null : new Entry(table.offset(entry), table.content(entry));
  }

  /** Forgets what was added since the last {@link #commit}. */
  synchronized void rollBack() {
    table.shrink(committedSize);
  }

  /**
   * What was added is on disk now, and with it the log up to an offset; only from here on can it
   * get into a file.
   *
   * @throws IOException if the disk failed; the index is not to be used any more
   */
  synchronized void commit(long newAppliedOffset) throws IOException {
    appliedOffset = newAppliedOffset;
    committedSize = table.size();
    if (committedSize >= tableEntries || appliedOffset - filedOffset >= REPLAYED_RECORDS_MAX) {
      write();
    }
  }

  /** Hands the table to the thread that writes it. */
  private void write() throws IOException {
    install(true);
    IdTable written = table;
    long upTo = appliedOffset;
    full = written;
    table = new IdTable();
    committedSize = 0;
    filedOffset = upTo;
    List<Long> droppedUpTo = List.copyOf(dropped);
    writing =
        writer.submit(() -> {
          runs.add(written, upTo, droppedUpTo);
          return null;
        });
  }

  /** Lets go of a table that is in a file now. */
  private void install(boolean wait) throws IOException {
    Future<@Nullable Void> future = writing;
    if (future == null || (!wait && !future.isDone())) {
      return;
    }
    writing = null;
    try {
      Uninterruptibly.get(future::get);
    } catch (ExecutionException e) {
      throw new IOException(folder + ": ids cannot be written", e.getCause());
    }
    full = null;
  }

  /** Waits until what is being written and merged is; for tests. */
  synchronized void awaitFiles() throws IOException {
    install(true);
    runs.awaitMerged();
  }

  /** Leaves a mark, so that the next opening does not trust the files that failed now. */
  private IOException damaged(IOException cause) {
    try {
      Files.writeString(folder.resolve(DAMAGED), cause.toString());
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
    return new IOException(folder + ": the id index failed and is rebuilt on opening", cause);
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    rollBack();
    try {
      install(true);
      if (full == null && filedOffset < appliedOffset) {
        runs.add(table, appliedOffset, List.copyOf(dropped));
      }
    } catch (IOException e) {
      log.warn("{}: not all is written; the next opening replays more of the log", folder, e);
    }
    writer.close();
    runs.close();
  }

  /** Removes an index that is not open, if there is one. */
  static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
