package io.winnow.events;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * An immutable file of event ids, sorted by their hashes and mapped into memory.
 *
 * <pre>
 * header        magic long | version int | bucket bits int | entries long
 *               | CRC32C of the buckets int | of the fingerprints int | of the block checksums int
 *               | of the header up to here int
 * entries       key high long | key low long | offset long | content long, ascending by unsigned key
 * checksums     CRC32C int of each block of {@value #BLOCK_ENTRIES} entries
 * buckets       first entry int, of each value of the key's highest bits; then the number of entries
 * fingerprints  short of each entry: bits of the key that are no part of the bucket; then zeros as
 *               of {@value #PROBED} entries
 * </pre>
 *
 * <p>All little-endian. Keys are hashes, so the buckets fill evenly, with 2 to 4 entries. For an id
 * that is not here, two touches of memory, at its bucket and at the fingerprints from there, say so
 * but in one of eight thousand cases, and only then is an entry read. That costs three to four
 * bytes of page cache an id, which the operating system takes back if it must; a Bloom filter as
 * sure would cost about as much and would not say where the entry is.
 *
 * <p>Buckets, fingerprints and block checksums are checked when the file is opened, a block of
 * entries whenever one of them is read. Many threads may read; none may after {@link #close}.
 */
final class IdRun implements Closeable {
  static final int BLOCK_ENTRIES = 64;
  static final int ENTRY_BYTES = IdTable.ENTRY_LONGS * Long.BYTES;
  static final int HEADER_BYTES = 40;

  private static final long MAGIC = 0x0A5849_4E4E4957L;
  private static final int VERSION = 1;

  /** So many fingerprints are compared at once, few of which are of other buckets. */
  static final int PROBED = 8;

  /** 2^2 = 4: with one bucket for at most so many entries, it holds half of it or more. */
  private static final int BUCKET_ENTRIES_LOG2 = 2;

  private static final long EACH_SHORT = 0x0001_0001_0001_0001L;

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Path path;
  private final Arena arena;
  private final MemorySegment file;
  private final Layout layout;

  /** Says that a file is not as it was written. */
  static final class DamagedException extends IOException {
    private static final long serialVersionUID = 1;

    DamagedException(Path path, String what) {
      super(path + ": " + what);
    }
  }

  /** Where the parts of a file are; a function of the number of entries. */
  record Layout(long entries, int bucketBits) {
    static Layout of(long entries) {
      int log2 = Long.SIZE - 1 - Long.numberOfLeadingZeros(Math.max(1, entries));
      return new Layout(entries, Math.max(0, log2 + 1 - BUCKET_ENTRIES_LOG2));
    }

    int bucket(long high) {
      return bucketBits == 0 ? 0 : (int) (high >>> (Long.SIZE - bucketBits));
    }

    int buckets() {
      return 1 << bucketBits;
    }

    long blocks() {
      return (entries + BLOCK_ENTRIES - 1) / BLOCK_ENTRIES;
    }

    long entriesAt() {
      return HEADER_BYTES;
    }

    long checksumsAt() {
      return entriesAt() + entries * ENTRY_BYTES;
    }

    long bucketsAt() {
      return checksumsAt() + blocks() * Integer.BYTES;
    }

    long fingerprintsAt() {
      return bucketsAt() + (buckets() + 1L) * Integer.BYTES;
    }

    long end() {
      return fingerprintsAt() + (entries + PROBED) * Short.BYTES;
    }
  }

  private IdRun(Path path, Arena arena, MemorySegment file, Layout layout) {
    this.path = path;
    this.arena = arena;
    this.file = file;
    this.layout = layout;
  }

  static short fingerprint(long low) {
    return (short) (low >>> 48);
  }

  static ByteBuffer header(
      Layout layout, int bucketsChecksum, int fingerprintsChecksum, int blocksChecksum) {
    ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    header.putLong(MAGIC).putInt(VERSION).putInt(layout.bucketBits()).putLong(layout.entries());
    header.putInt(bucketsChecksum).putInt(fingerprintsChecksum).putInt(blocksChecksum);
    CRC32C crc = new CRC32C();
    crc.update(header.array(), 0, header.position());
    return header.putInt((int) crc.getValue()).flip();
  }

  /**
   * Opens a file.
   *
   * @throws IOException if it cannot be read or is not as it was written
   */
  static IdRun open(Path path) throws IOException {
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      long size = channel.size();
      if (size < HEADER_BYTES) {
        throw new DamagedException(path, "the header ends early");
      }
      MemorySegment file = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
      Layout layout = Layout.of(file.get(LONG, 16));
      ByteBuffer expected = header(layout, file.get(INT, 24), file.get(INT, 28), file.get(INT, 32));
      if (!file.asSlice(0, HEADER_BYTES).asByteBuffer().equals(expected) || size != layout.end()) {
        throw new DamagedException(path, "damaged header, or of another version than " + VERSION);
      }
      IdRun run = new IdRun(path, arena, file, layout);
      run.check("buckets", 24, layout.bucketsAt(), layout.fingerprintsAt());
      run.check("fingerprints", 28, layout.fingerprintsAt(), layout.end());
      run.check("block checksums", 32, layout.checksumsAt(), layout.bucketsAt());
      return run;
    } catch (IOException | RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  private void check(String part, long checksumAt, long from, long to) throws IOException {
    CRC32C crc = new CRC32C();
    for (long at = from; at < to; at += 1 << 20) {
      crc.update(file.asSlice(at, Math.min(1 << 20, to - at)).asByteBuffer());
    }
    if ((int) crc.getValue() != file.get(INT, checksumAt)) {
      throw new DamagedException(path, "damaged " + part);
    }
  }

  Path path() {
    return path;
  }

  long entries() {
    return layout.entries();
  }

  /** The entry with a key, or null. */
  IdIndex.@Nullable Entry find(long high, long low) throws IOException {
    int bucket = layout.bucket(high);
    long buckets = layout.bucketsAt() + (long) bucket * Integer.BYTES;
    int from = file.get(INT, buckets);
    int to = file.get(INT, buckets + Integer.BYTES);
    short wanted = fingerprint(low);
    for (int entry = from; entry < to; entry++) {
      if (file.get(SHORT, layout.fingerprintsAt() + (long) entry * Short.BYTES) == wanted) {
        checkBlock(entry / BLOCK_ENTRIES);
        long at = layout.entriesAt() + (long) entry * ENTRY_BYTES;
        if (file.get(LONG, at) == high && file.get(LONG, at + 8) == low) {
          return new IdIndex.Entry(file.get(LONG, at + 16), file.get(LONG, at + 24));
        }
      }
    }
    return null;
  }

  /**
   * Finds which of many keys may be here: all that are, one of eight thousand others, and others
   * whose bucket has more entries than are compared here.
   *
   * <p>Memory is read for many keys at once, first the buckets, then the fingerprints, without a
   * branch that waits for what is read: so the processor fetches a dozen lines at a time instead of
   * one after the other.
   *
   * @param identities the keys: the first two of each {@link EventIdentity#LONGS} longs
   * @param from first key
   * @param count how many, at most half the length of {@code work}
   * @param work scratch
   * @param maybe set true where a key may be here; others are left as they are
   * @return whether any was set
   */
  boolean mayHold(long[] identities, int from, int count, int[] work, boolean[] maybe) {
    long buckets = layout.bucketsAt();
    for (int i = 0; i < count; i++) {
      int bucket = layout.bucket(identities[EventIdentity.LONGS * (from + i)]);
      work[2 * i] = file.get(INT, buckets + (long) bucket * Integer.BYTES);
      work[2 * i + 1] = file.get(INT, buckets + (bucket + 1L) * Integer.BYTES);
    }
    long fingerprints = layout.fingerprintsAt();
    boolean any = false;
    for (int i = 0; i < count; i++) {
      long at = fingerprints + (long) work[2 * i] * Short.BYTES;
      long wanted =
          (fingerprint(identities[EventIdentity.LONGS * (from + i) + 1]) & 0xFFFFL) * EACH_SHORT;
      long found =
          zeroShorts(file.get(LONG, at) ^ wanted)
              | zeroShorts(file.get(LONG, at + Long.BYTES) ^ wanted);
      if (found != 0 || work[2 * i + 1] - work[2 * i] > PROBED) {
        maybe[from + i] = true;
        any = true;
      }
    }
    return any;
  }

  /** Not 0 if one of the four shorts is 0, and at times if one is 1. */
  private static long zeroShorts(long shorts) {
    return (shorts - EACH_SHORT) & ~shorts & (EACH_SHORT << 15);
  }

  private void checkBlock(long block) throws IOException {
    long from = layout.entriesAt() + block * BLOCK_ENTRIES * ENTRY_BYTES;
    long to = Math.min(layout.checksumsAt(), from + (long) BLOCK_ENTRIES * ENTRY_BYTES);
    CRC32C crc = new CRC32C();
    crc.update(file.asSlice(from, to - from).asByteBuffer());
    if ((int) crc.getValue() != file.get(INT, layout.checksumsAt() + block * Integer.BYTES)) {
      throw new DamagedException(path, "damaged block " + block);
    }
  }

  /** Reads the entries in order. */
  Cursor cursor() {
    return new Cursor();
  }

  /** A place in the file, before the first entry at the beginning. */
  final class Cursor {
    private long next;
    private long high;
    private long low;

    long high() {
      return high;
    }

    long low() {
      return low;
    }

    long offset() {
      return file.get(LONG, layout.entriesAt() + (next - 1) * ENTRY_BYTES + 16);
    }

    long content() {
      return file.get(LONG, layout.entriesAt() + (next - 1) * ENTRY_BYTES + 24);
    }

    /** Moves to the next entry; false behind the last. */
    boolean next() throws IOException {
      if (next == layout.entries()) {
        return false;
      }
      if (next % BLOCK_ENTRIES == 0) {
        checkBlock(next / BLOCK_ENTRIES);
      }
      long at = layout.entriesAt() + next * ENTRY_BYTES;
      high = file.get(LONG, at);
      low = file.get(LONG, at + 8);
      next++;
      return true;
    }
  }

  @Override
  public void close() {
    arena.close();
  }
}
