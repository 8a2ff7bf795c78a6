package io.winnow.events;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.CompressionType;
import org.rocksdb.FlushOptions;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which event ids the log holds: a fold over it, kept in RocksDB.
 *
 * <p>It writes no log of its own: after a crash it is as old as its last flush, says so by {@link
 * #appliedOffset()}, which is written in the same batch as the ids, and the event log replays the
 * rest. If it is missing or damaged it starts empty and is rebuilt. Almost every look-up is for an
 * id that is new, and a Bloom filter answers it in memory.
 *
 * <p>Beside the ids it keeps the offsets that a log drops although it cannot help holding them: two
 * servers that write to one Kafka topic may both write an event. There are few of them.
 *
 * <p>One thread puts, any number look up; what they find is at least as new as the last {@link
 * #appliedOffset()} they saw.
 */
final class IdIndex implements Closeable {
  private static final Logger log = LoggerFactory.getLogger(IdIndex.class);

  /** Changes when the meaning of keys or values does, as with a new version of the codec. */
  private static final int FORMAT = 2;

  private static final byte[] APPLIED_KEY = {0};
  private static final byte DROPPED = 1;
  private static final int DROPPED_KEY_BYTES = 1 + Long.BYTES;
  private static final byte[] NOTHING = {};
  private static final int VALUE_BYTES = 2 * Long.BYTES;
  private static final String DAMAGED = "DAMAGED";

  static {
    RocksDB.loadLibrary();
  }

  /** An id that the log holds. */
  record Entry(long offset, long content) {
    private static Entry of(byte[] value) {
      ByteBuffer in = ByteBuffer.wrap(value);
      return new Entry(in.getLong(0), in.getLong(Long.BYTES));
    }
  }

  private final Path folder;
  private final Cache cache;
  private final BloomFilter filter;
  private final Options options;
  private final WriteOptions writeOptions;
  private final RocksDB database;

  /** Held by whoever uses the database, and alone by whoever closes it: native code crashes. */
  private final ReentrantReadWriteLock openLock = new ReentrantReadWriteLock();

  private volatile long appliedOffset;
  private boolean closed;

  private IdIndex(Path folder) throws RocksDBException {
    this.folder = folder;
    cache = new LRUCache(32L << 20);
    filter = new BloomFilter(10, false);
    options =
        new Options()
            .setCreateIfMissing(true)
            .setCompressionType(CompressionType.NO_COMPRESSION)
            .setWriteBufferSize(32L << 20)
            .setMemtablePrefixBloomSizeRatio(0.1)
            .setMemtableWholeKeyFiltering(true)
            .setMaxBackgroundJobs(2)
            .setMaxOpenFiles(512)
            .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
            .setKeepLogFileNum(2)
            .setTableFormatConfig(
                new BlockBasedTableConfig().setFilterPolicy(filter).setBlockCache(cache));
    writeOptions = new WriteOptions().setDisableWAL(true);
    try {
      database = RocksDB.open(options, folder.toString());
    } catch (RocksDBException e) {
      closeOptions();
      throw e;
    }
    try {
      appliedOffset = readAppliedOffset();
    } catch (RocksDBException e) {
      close();
      throw e;
    }
  }

  /**
   * Opens the index, or an empty one if it is missing, damaged or ahead of the log.
   *
   * @param endOffset of the log; an index that is ahead knows ids that the log has lost
   */
  static IdIndex open(Path folder, long endOffset) throws IOException {
    String why;
    if (Files.exists(folder.resolve(DAMAGED))) {
      why = "it was found damaged while in use";
    } else {
      try {
        Files.createDirectories(folder);
        IdIndex index = new IdIndex(folder);
        if (index.appliedOffset <= endOffset) {
          return index;
        }
        why = "it is at %d, ahead of the log at %d".formatted(index.appliedOffset, endOffset);
        index.close();
      } catch (RocksDBException e) {
        why = e.toString();
      }
    }
    log.warn("{}: the id index is rebuilt from the log: {}", folder, why);
    delete(folder);
    Files.createDirectories(folder);
    try {
      return new IdIndex(folder);
    } catch (RocksDBException e) {
      throw new IOException(folder + ": cannot make an id index", e);
    }
  }

  private long readAppliedOffset() throws RocksDBException {
    byte[] applied = database.get(APPLIED_KEY);
    if (applied == null) {
      return 0;
    }
    ByteBuffer in = ByteBuffer.wrap(applied);
    if (applied.length != Long.BYTES + Integer.BYTES || in.getInt(Long.BYTES) != FORMAT) {
      throw new RocksDBException("another format than " + FORMAT);
    }
    return in.getLong(0);
  }

  /** The offset of the first record that the index has not seen. */
  long appliedOffset() {
    return appliedOffset;
  }

  /** The event with an id, or null if the log has none. */
  @Nullable Entry find(EventIdentity identity) throws IOException {
    return use(() -> Optional.ofNullable(database.get(identity.key())).map(Entry::of)).orElse(null);
  }

  /** The dropped offsets in {@code [from, to)}, ascending. */
  List<Long> dropped(long from, long to) throws IOException {
    return use(() -> {
      List<Long> offsets = new ArrayList<>();
      byte[] end = droppedKey(to);
      try (RocksIterator keys = database.newIterator()) {
        keys.seek(droppedKey(from));
        while (keys.isValid() && Arrays.compareUnsigned(keys.key(), end) < 0) {
          if (keys.key().length == DROPPED_KEY_BYTES) {
            offsets.add(ByteBuffer.wrap(keys.key()).getLong(1));
          }
          keys.next();
        }
        keys.status();
      }
      return offsets;
    });
  }

  private static byte[] droppedKey(long offset) {
    return ByteBuffer.allocate(DROPPED_KEY_BYTES).put(DROPPED).putLong(offset).array();
  }

  /**
   * Takes in what the log holds up to an offset.
   *
   * @param identities of the events
   * @param offsets of the events
   * @param dropped offsets that replays leave out
   */
  void put(
      List<EventIdentity> identities, List<Long> offsets, List<Long> dropped, long newAppliedOffset)
      throws IOException {
    use(() -> {
      try (WriteBatch batch = new WriteBatch()) {
        for (int i = 0; i < identities.size(); i++) {
          EventIdentity identity = identities.get(i);
          ByteBuffer entry =
              ByteBuffer.allocate(VALUE_BYTES).putLong(offsets.get(i)).putLong(identity.content());
          batch.put(identity.key(), entry.array());
        }
        for (long offset : dropped) {
          batch.put(droppedKey(offset), NOTHING);
        }
        ByteBuffer applied =
            ByteBuffer.allocate(Long.BYTES + Integer.BYTES)
                .putLong(newAppliedOffset)
                .putInt(FORMAT);
        batch.put(APPLIED_KEY, applied.array());
        database.write(writeOptions, batch);
        appliedOffset = newAppliedOffset;
        return newAppliedOffset;
      }
    });
  }

  private interface Use<T> {
    T run() throws RocksDBException;
  }

  private <T> T use(Use<T> use) throws IOException {
    openLock.readLock().lock();
    try {
      if (closed) {
        throw new IOException(folder + ": the id index is closed");
      }
      return use.run();
    } catch (RocksDBException e) {
      throw damaged(e);
    } finally {
      openLock.readLock().unlock();
    }
  }

  /** Leaves a mark, so that the next opening does not trust the files that failed now. */
  private IOException damaged(RocksDBException cause) {
    try {
      Files.writeString(folder.resolve(DAMAGED), cause.toString());
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
    return new IOException(folder + ": the id index failed and is rebuilt on opening", cause);
  }

  @Override
  public void close() {
    openLock.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        closeDatabase();
      }
    } finally {
      openLock.writeLock().unlock();
    }
  }

  private void closeDatabase() {
    try (FlushOptions flush = new FlushOptions().setWaitForFlush(true)) {
      database.flush(flush);
    } catch (RocksDBException e) {
      log.warn("{}: not flushed; the next opening replays more of the log", folder, e);
    }
    database.close();
    closeOptions();
  }

  private void closeOptions() {
    writeOptions.close();
    options.close();
    filter.close();
    cache.close();
  }

  /** Removes an index that is closed. */
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
