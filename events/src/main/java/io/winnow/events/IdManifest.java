package io.winnow.events;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * What an id index on disk consists of. Written beside the old one and renamed, so that a crash
 * leaves the one or the other.
 *
 * @param key of the hashes: they tell nothing under another
 * @param appliedOffset up to which the files contain the log
 * @param nextNumber no file has this number or a higher one
 * @param runs numbers of the files
 * @param dropped offsets that replays leave out
 */
record IdManifest(
    Key key, long appliedOffset, long nextNumber, List<Long> runs, List<Long> dropped) {
  private static final String NAME = "manifest";
  private static final String NEW_NAME = "manifest.new";

  private static final long MAGIC = 0x0A4D_584E_4E4957L;

  /** Changes when the meaning of keys or values does, as with a new version of the codec. */
  private static final int FORMAT = 3;

  /** All but the lists' elements. */
  private static final int FIXED_BYTES = 5 * Long.BYTES + 4 * Integer.BYTES;

  /** The secret of {@link EventIdentity}. */
  record Key(long key0, long key1) {
    @Override
    public String toString() {
      return "secret";
    }
  }

  IdManifest {
    runs = List.copyOf(runs);
    dropped = List.copyOf(dropped);
  }

  IdManifest with(List<Long> newRuns, long newAppliedOffset, List<Long> newDropped) {
    return new IdManifest(key, newAppliedOffset, nextNumber, newRuns, newDropped);
  }

  IdManifest withNextNumber() {
    return new IdManifest(key, appliedOffset, nextNumber + 1, runs, dropped);
  }

  static boolean exists(Path folder) {
    return Files.exists(folder.resolve(NAME));
  }

  /**
   * Reads a folder's manifest.
   *
   * @throws IOException if it cannot be read, is damaged or of another format
   */
  static IdManifest read(Path folder) throws IOException {
    Path path = folder.resolve(NAME);
    ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
    try {
      int body = in.limit() - Integer.BYTES;
      CRC32C crc = new CRC32C();
      crc.update(in.array(), 0, Math.max(0, body));
      if (body < 0 || in.getInt(body) != (int) crc.getValue() || in.getLong() != MAGIC) {
        throw new IOException(path + ": damaged");
      }
      int format = in.getInt();
      if (format != FORMAT) {
        throw new IOException(path + ": format " + format + " (expected: " + FORMAT + ")");
      }
      Key key = new Key(in.getLong(), in.getLong());
      long appliedOffset = in.getLong();
      long nextNumber = in.getLong();
      List<Long> runs = longs(in);
      return new IdManifest(key, appliedOffset, nextNumber, runs, longs(in));
    } catch (BufferUnderflowException e) {
      throw new IOException(path + ": ends early", e);
    }
  }

  private static List<Long> longs(ByteBuffer in) {
    List<Long> longs = new ArrayList<>();
    for (int left = in.getInt(); left > 0; left--) {
      longs.add(in.getLong());
    }
    return longs;
  }

  /** Puts this in the place of the folder's manifest, and returns when it is on the medium. */
  void write(Path folder) throws IOException {
    ByteBuffer out =
        ByteBuffer.allocate(FIXED_BYTES + (runs.size() + dropped.size()) * Long.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    out.putLong(MAGIC).putInt(FORMAT).putLong(key.key0()).putLong(key.key1());
    out.putLong(appliedOffset).putLong(nextNumber).putInt(runs.size());
    runs.forEach(out::putLong);
    out.putInt(dropped.size());
    dropped.forEach(out::putLong);
    CRC32C crc = new CRC32C();
    crc.update(out.array(), 0, out.position());
    out.putInt((int) crc.getValue()).flip();
    Path written = folder.resolve(NEW_NAME);
    try (FileChannel channel =
        FileChannel.open(
            written,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      while (out.hasRemaining()) {
        channel.write(out);
      }
      channel.force(true);
    }
    Files.move(written, folder.resolve(NAME), StandardCopyOption.ATOMIC_MOVE);
    LogFile.forceFolder(folder);
  }

  /** Deletes what a crash left in the folder: all but the manifest and the files given. */
  void deleteOthers(Path folder, List<Path> kept) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        if (!kept.contains(file) && !file.equals(folder.resolve(NAME))) {
          Files.delete(file);
        }
      }
    }
  }
}
