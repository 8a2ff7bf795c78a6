package io.winnow.features;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.CompressionType;
import org.rocksdb.FlushOptions;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Status;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * The RocksDB folder of an {@link EmbeddedOnlineStore}: state entries, and one entry with the
 * format, the features it was written for and the applied offset.
 *
 * <p>Thread-safe but for {@link #close()}, which the caller must not run beside another call.
 */
final class StateDatabase implements AutoCloseable {
  /** Changes with the meaning or layout of any entry. */
  static final int FORMAT = 2;

  private static final byte[] META_KEY = {StateEntries.META};
  private static final String DAMAGE_MARK = "DAMAGED";
  private static final long WRITE_BUFFER_BYTES = 32L << 20;
  private static final long BULK_BYTES = 4L << 20;

  private final Path folder;
  private final long planHash;
  private final LRUCache cache;
  private final Options options;
  private final WriteOptions writeOptions;
  private final RocksDB database;
  private volatile boolean closed;

  /** Receives stored entries. */
  @FunctionalInterface
  interface EntryVisitor {
    void visit(byte[] key, byte[] value);
  }

  /**
   * Opens a folder, which is created if it is absent.
   *
   * @throws WinnowException with {@code CORRUPT} if it is damaged, or not of this format and plan;
   *     {@code UNAVAILABLE} if another process uses it or the disk fails
   */
  StateDatabase(Path folder, long planHash, long blockCacheBytes) {
    this.folder = folder;
    this.planHash = planHash;
    RocksDB.loadLibrary();
    if (Files.exists(folder.resolve(DAMAGE_MARK))) {
      throw corrupt("damage was found in it before");
    }
    this.cache = new LRUCache(blockCacheBytes);
    this.writeOptions = new WriteOptions();
    this.options =
        new Options()
            .setCreateIfMissing(true)
            .setWriteBufferSize(WRITE_BUFFER_BYTES)
            .setCompressionType(CompressionType.LZ4_COMPRESSION)
            .setMaxBackgroundJobs(2)
            .setMaxOpenFiles(256)
            .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
            .setKeepLogFileNum(2)
            .setTableFormatConfig(new BlockBasedTableConfig().setBlockCache(cache));
    try {
      Files.createDirectories(folder);
      this.database = RocksDB.open(options, folder.toString());
    } catch (RocksDBException e) {
      writeOptions.close();
      options.close();
      cache.close();
      // RocksDB reports a missing table file as an I/O error too; only a held lock is no damage.
      if (String.valueOf(e.getMessage()).contains("LOCK")) {
        throw unavailable("is in use by another process", e);
      }
      throw corrupt(String.valueOf(e.getMessage()));
    } catch (IOException e) {
      throw unavailable("cannot be created", e);
    }
  }

  /**
   * The stored offset; 0 if nothing was stored yet.
   *
   * @throws WinnowException with {@code CORRUPT} if the entries are of another format or plan
   */
  long appliedOffset() {
    try (RocksIterator iterator = database.newIterator()) {
      iterator.seekToFirst();
      if (!iterator.isValid()) {
        iterator.status();
        return 0;
      }
      byte[] meta = database.get(META_KEY);
      if (meta == null) {
        throw corrupt("it has entries but no format");
      }
      ByteSource source = new ByteSource(meta);
      long format = source.varint();
      if (format != FORMAT) {
        throw corrupt("it has format " + format + " (expected: " + FORMAT + ")");
      }
      if (source.ordered64() != planHash) {
        throw corrupt("it was written for other features");
      }
      long offset = source.varint();
      source.end();
      return offset;
    } catch (RocksDBException e) {
      throw failure(e);
    }
  }

  /** Visits the state entries whose keys begin with a prefix, in unsigned order of the keys. */
  void scan(byte[] prefix, EntryVisitor visitor) {
    if (closed) {
      throw new WinnowException(ErrorCode.UNAVAILABLE, folder + ": the feature store is closed");
    }
    try (RocksIterator iterator = database.newIterator()) {
      for (iterator.seek(prefix); iterator.isValid(); iterator.next()) {
        byte[] key = iterator.key();
        if (key.length < prefix.length
            || !Arrays.equals(key, 0, prefix.length, prefix, 0, prefix.length)) {
          break;
        }
        if (!Arrays.equals(key, META_KEY)) {
          visitor.visit(key, iterator.value());
        }
      }
      iterator.status();
    } catch (RocksDBException e) {
      throw failure(e);
    }
  }

  /** Changes that are written together or not at all. */
  final class Batch implements StateEntries.Sink, AutoCloseable {
    private final WriteBatch batch = new WriteBatch();

    @Override
    public void put(byte[] key, byte[] value) {
      try {
        batch.put(key, value);
      } catch (RocksDBException e) {
        throw failure(e);
      }
    }

    @Override
    public void remove(byte[] key) {
      try {
        batch.delete(key);
      } catch (RocksDBException e) {
        throw failure(e);
      }
    }

    /** Writes the changes and the offset that they lead to. */
    void write(long appliedOffset) {
      put(
          META_KEY,
          new ByteSink().varint(FORMAT).ordered64(planHash).varint(appliedOffset).toBytes());
      try {
        database.write(writeOptions, batch);
      } catch (RocksDBException e) {
        throw failure(e);
      }
    }

    @Override
    public void close() {
      batch.close();
    }
  }

  /**
   * Writes much that is worthless until all of it is there: in batches of bounded size, without the
   * write-ahead log and without an offset. A folder that ends here has no format and is discarded
   * when it is opened. Not thread-safe; several may write different entries at once.
   */
  final class Bulk implements StateEntries.Sink, AutoCloseable {
    private final WriteBatch batch = new WriteBatch();
    private final WriteOptions unlogged = new WriteOptions().setDisableWAL(true);

    @Override
    public void put(byte[] key, byte[] value) {
      try {
        batch.put(key, value);
      } catch (RocksDBException e) {
        throw failure(e);
      }
      writeIfLarge();
    }

    @Override
    public void remove(byte[] key) {
      try {
        batch.delete(key);
      } catch (RocksDBException e) {
        throw failure(e);
      }
      writeIfLarge();
    }

    private void writeIfLarge() {
      if (batch.getDataSize() >= BULK_BYTES) {
        write();
      }
    }

    /** Writes what waits. */
    void write() {
      try {
        database.write(unlogged, batch);
      } catch (RocksDBException e) {
        throw failure(e);
      }
      batch.clear();
    }

    @Override
    public void close() {
      batch.close();
      unlogged.close();
    }
  }

  Bulk newBulk() {
    return new Bulk();
  }

  /** Forces what {@link Bulk}s wrote to the disk and makes it a state of this offset. */
  void completeBulk(long appliedOffset) {
    try (FlushOptions wait = new FlushOptions().setWaitForFlush(true);
        Batch last = newBatch()) {
      database.flush(wait);
      last.write(appliedOffset);
    } catch (RocksDBException e) {
      throw failure(e);
    }
  }

  Batch newBatch() {
    return new Batch();
  }

  /** Leaves a mark that makes the next opening discard the folder. */
  void markDamaged() {
    try {
      Files.writeString(folder.resolve(DAMAGE_MARK), "discarded at the next start\n");
    } catch (IOException e) {
      throw unavailable("cannot be written", e);
    }
  }

  /** A folder that does not hold what it should. */
  WinnowException corrupt(String what) {
    return new WinnowException(ErrorCode.CORRUPT, folder + ": " + what);
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    database.close();
    writeOptions.close();
    options.close();
    cache.close();
  }

  /** Deletes a folder and what is in it. */
  static void delete(Path folder) {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> paths = Files.walk(folder)) {
      List<Path> deepestFirst = paths.sorted(Comparator.reverseOrder()).toList();
      for (Path path : deepestFirst) {
        Files.delete(path);
      }
    } catch (IOException | UncheckedIOException e) {
      throw new WinnowException(ErrorCode.UNAVAILABLE, folder + ": cannot be deleted", e);
    }
  }

  private WinnowException failure(RocksDBException e) {
    Status status = e.getStatus();
    return status != null && status.getCode() == Status.Code.Corruption
        ? corrupt(String.valueOf(e.getMessage()))
        : unavailable("the disk failed: " + e.getMessage(), e);
  }

  private WinnowException unavailable(String what, Exception cause) {
    return new WinnowException(ErrorCode.UNAVAILABLE, folder + ": " + what, cause);
  }
}
