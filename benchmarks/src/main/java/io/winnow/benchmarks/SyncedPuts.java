package io.winnow.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/** The event log's peer: RocksDB with a write-ahead log that is synced at each write. */
final class SyncedPuts implements LogBenchmark.Appender, AutoCloseable {
  /** About what an encoded click takes. */
  private static final int VALUE_BYTES = 48;

  private final Options options = new Options().setCreateIfMissing(true);
  private final WriteOptions synced = new WriteOptions().setSync(true);
  private final RocksDB database;

  SyncedPuts(Path folder) {
    RocksDB.loadLibrary();
    try {
      Files.createDirectories(folder);
      database = RocksDB.open(options, folder.toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (RocksDBException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void append(long firstEvent, int events) {
    try (WriteBatch batch = new WriteBatch()) {
      for (long number = firstEvent; number < firstEvent + events; number++) {
        byte[] key = ByteBuffer.allocate(Long.BYTES).putLong(number).array();
        batch.put(key, ByteBuffer.allocate(VALUE_BYTES).putLong(number).array());
      }
      database.write(synced, batch);
    } catch (RocksDBException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    database.close();
    synced.close();
    options.close();
  }
}
