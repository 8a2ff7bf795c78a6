package io.winnow.events;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The log on disk: a folder of append-only segments, each named by the offset it starts at.
 *
 * <p>Only the last segment is ever written, and a segment is followed by the next only when all of
 * it is on the medium. So a crash can tear the last one alone: opening reads it, cuts what is no
 * frame off its end, and keeps the cut bytes in a file beside it. Damage with valid frames behind
 * it is none that a crash leaves; it stays where it is, and reading passes over it.
 *
 * <p>{@link #append} is for one thread; {@link #replay} for many at the same time.
 */
final class Segments implements Closeable {
  private static final Logger log = LoggerFactory.getLogger(Segments.class);

  private final Path folder;
  private final long segmentBytes;
  private final int payloadBytesMax;
  private final LogFile.Opener disk;
  private final CopyOnWriteArrayList<Segment> segments = new CopyOnWriteArrayList<>();
  private final Set<String> reportedDamage = ConcurrentHashMap.newKeySet();
  private ByteBuffer out = ByteBuffer.allocateDirect(1 << 20);
  private @Nullable LogFile active;
  private long endOffset;
  private boolean uncertain;

  private Segments(Path folder, long segmentBytes, int payloadBytesMax, LogFile.Opener disk) {
    this.folder = folder;
    this.segmentBytes = segmentBytes;
    this.payloadBytesMax = payloadBytesMax;
    this.disk = disk;
  }

  /**
   * Opens a folder, mends the end of its last segment, and makes it ready to append.
   *
   * @throws IOException if the file system fails
   */
  static Segments open(Path folder, long segmentBytes, int payloadBytesMax, LogFile.Opener disk)
      throws IOException {
    Segments opened = new Segments(folder, segmentBytes, payloadBytesMax, disk);
    try {
      opened.load();
      return opened;
    } catch (IOException | RuntimeException e) {
      try {
        opened.close();
      } catch (IOException closing) {
        e.addSuppressed(closing);
      }
      throw e;
    }
  }

  /**
   * Reads a folder that another process may be writing to, and changes nothing in it: its files as
   * long as they are now. What was acknowledged by now can be replayed; it cannot be appended to.
   *
   * @throws IOException if the file system fails
   */
  static Segments view(Path folder, int payloadBytesMax) throws IOException {
    Segments view =
        new Segments(
            folder,
            Long.MAX_VALUE,
            payloadBytesMax,
            path -> {
              throw new IOException(path + ": open for reading only");
            });
    view.list();
    return view;
  }

  private void load() throws IOException {
    list();
    if (segments.isEmpty()) {
      startSegment(0);
    } else {
      recoverLast();
    }
  }

  private void list() throws IOException {
    List<Long> bases = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      files.map(Segment::baseOffsetOf).filter(base -> base >= 0).sorted().forEach(bases::add);
    }
    for (long base : bases) {
      Segment segment = new Segment(folder, base, 0);
      segment.committedBytes(Files.size(segment.path()));
      checkVersion(segment);
      segments.add(segment);
    }
  }

  private void checkVersion(Segment segment) throws IOException {
    try (InputStream in = Files.newInputStream(segment.path())) {
      int version = Frame.version(in.readNBytes(Frame.HEADER_BYTES), segment.baseOffset());
      if (version > Frame.VERSION) {
        throw new WinnowException(
            ErrorCode.CORRUPT,
            "%s: format version %d (expected: at most %d; it was written by a later release)"
                .formatted(segment.path(), version, Frame.VERSION));
      }
      if (version < 0 && segment.committedBytes() > Frame.HEADER_BYTES) {
        log.warn("{}: damaged header; its frames are read all the same", segment.path());
      }
    }
  }

  private void recoverLast() throws IOException {
    Segment last = segments.getLast();
    long size = last.committedBytes();
    long end = Frame.HEADER_BYTES;
    endOffset = last.baseOffset();
    if (size > Frame.HEADER_BYTES) {
      try (FrameReader reader = reader(last, new Segment.Start(endOffset, end))) {
        while (reader.next()) {
          last.noteWritten(reader.offset(), reader.framePosition());
          endOffset = reader.offset() + 1;
        }
        end = reader.position();
      }
    }
    if (size > end) {
      cut(last, end, size, "no valid frame up to the end of the file");
    } else if (size > 0 && size < Frame.HEADER_BYTES) {
      cut(last, 0, size, "the header ends early");
    }
    active = disk.open(last.path());
    active.write(Frame.header(last.baseOffset()), 0);
    active.truncate(end);
    active.force();
    last.committedBytes(end);
  }

  /** Keeps the bytes behind {@code from} in a file of their own and says so. */
  private void cut(Segment segment, long from, long size, String why) throws IOException {
    String name = segment.path().getFileName() + "." + from;
    Path kept = folder.resolve(name + ".cut");
    for (int n = 1; Files.exists(kept); n++) {
      kept = folder.resolve(name + "." + n + ".cut");
    }
    try (FileChannel in = FileChannel.open(segment.path(), StandardOpenOption.READ);
        FileChannel copy =
            FileChannel.open(kept, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      long at = from;
      while (at < size) {
        at += in.transferTo(at, size - at, copy);
      }
      copy.force(true);
    }
    log.warn(
        "{}: cut {} bytes at position {}: {}; they are kept in {}",
        segment.path(),
        size - from,
        from,
        why,
        kept);
  }

  private void startSegment(long baseOffset) throws IOException {
    Segment segment = new Segment(folder, baseOffset, Frame.HEADER_BYTES);
    LogFile file = disk.open(segment.path());
    try {
      file.truncate(0);
      file.write(Frame.header(baseOffset), 0);
      file.force();
      LogFile.forceFolder(folder);
    } catch (IOException e) {
      file.close();
      throw e;
    }
    LogFile previous = active;
    active = file;
    segments.add(segment);
    endOffset = Math.max(endOffset, baseOffset);
    if (previous != null) {
      previous.close();
    }
  }

  /** The offset that the next record gets. */
  long endOffset() {
    return endOffset;
  }

  /** Leaves offsets out, so that none is used a second time. */
  void skipTo(long offset) {
    endOffset = Math.max(endOffset, offset);
  }

  /** Whether the last failure left it unknown what the disk holds; only opening anew tells. */
  boolean isUncertain() {
    return uncertain;
  }

  /**
   * Writes frames as the next records, with consecutive offsets, and returns when they are on the
   * medium.
   *
   * @param batches in order; the frames' headers are filled in, dropped frames are left out
   * @throws IOException if they are not; then none of them is in the log, unless {@link
   *     #isUncertain()}
   */
  void append(List<Frames> batches) throws IOException {
    if (uncertain) {
      throw new IOException(folder + ": an earlier failure left the end of the log unknown");
    }
    if (segments.getLast().committedBytes() >= segmentBytes) {
      startSegment(endOffset);
    }
    Segment segment = segments.getLast();
    LogFile file = active;
    if (file == null) {
      throw new IOException(folder + ": closed");
    }
    long start = segment.committedBytes();
    Writing writing = new Writing(file, segment, start);
    out.clear();
    try {
      for (Frames frames : batches) {
        writing.add(frames);
      }
      writing.flush();
    } catch (IOException e) {
      undo(file, segment, start, e);
      throw e;
    }
    force(file);
    segment.committedBytes(writing.position);
    endOffset = writing.offset;
  }

  /** One call of {@link #append} on its way. */
  private final class Writing {
    private final LogFile file;
    private final Segment segment;
    private final Frame.Sealer sealer;

    /** Where the buffer goes to. */
    private long position;

    private long offset = endOffset;

    Writing(LogFile file, Segment segment, long position) {
      this.file = file;
      this.segment = segment;
      this.sealer = new Frame.Sealer(segment.baseOffset());
      this.position = position;
    }

    void add(Frames frames) throws IOException {
      byte[] bytes = frames.array();
      for (int i = 0; i < frames.count(); i++) {
        if (frames.isDropped(i)) {
          continue;
        }
        int from = frames.from(i);
        int length = frames.payloadLength(i);
        if (out.remaining() < Frame.OVERHEAD_BYTES + length) {
          flush();
          growTo(Frame.OVERHEAD_BYTES + length);
        }
        segment.noteWritten(offset, position + out.position());
        sealer.seal(offset, bytes, from, length);
        out.put(bytes, from, Frame.OVERHEAD_BYTES + length);
        offset++;
      }
    }

    void flush() throws IOException {
      out.flip();
      int bytes = out.remaining();
      if (bytes > 0) {
        file.write(out, position);
      }
      out.clear();
      position += bytes;
    }
  }

  private void growTo(int bytes) {
    if (out.capacity() < bytes) {
      out = ByteBuffer.allocateDirect(bytes);
    }
  }

  /**
   * After a failed fsync the pages may count as clean although they never reached the disk, and
   * trying again would report success (Rebello et al.: Can applications recover from fsync
   * failures?, USENIX ATC 2020). So it is never tried again.
   */
  private void force(LogFile file) throws IOException {
    try {
      file.force();
    } catch (IOException e) {
      uncertain = true;
      throw e;
    }
  }

  private void undo(LogFile file, Segment segment, long size, IOException cause) {
    try {
      file.truncate(size);
      segment.forgetBehind(size);
    } catch (IOException e) {
      uncertain = true;
      cause.addSuppressed(e);
    }
  }

  /** Receives frames. */
  interface FrameVisitor {
    /** The payload is a part of an array that is reused after the call. */
    void visit(long offset, byte[] bytes, int from, int length);
  }

  /** Visits the frames with offsets in {@code [from, to)}; {@code to} must be committed. */
  void replay(long from, long to, FrameVisitor visitor) throws IOException {
    List<Segment> all = List.copyOf(segments);
    for (int i = 0; i < all.size(); i++) {
      Segment segment = all.get(i);
      long next = i + 1 < all.size() ? all.get(i + 1).baseOffset() : Long.MAX_VALUE;
      if (next <= from || segment.baseOffset() >= to) {
        continue;
      }
      Segment.Start start = segment.startFor(from);
      long noted = start.position();
      try (FrameReader reader = reader(segment, start)) {
        boolean more = reader.next();
        while (more && reader.offset() < to) {
          if (reader.framePosition() - noted >= Segment.INDEX_INTERVAL_BYTES) {
            noted = reader.framePosition();
            segment.note(reader.offset(), noted);
          }
          if (reader.offset() >= from) {
            visitor.visit(
                reader.offset(), reader.buffer(), reader.payloadFrom(), reader.payloadLength());
          }
          more = reader.next();
        }
        if (!more && next < Long.MAX_VALUE && reader.position() < segment.committedBytes()) {
          long bytes = segment.committedBytes() - reader.position();
          reportDamage(segment, reader.position(), bytes, reader.offset(), next);
        }
      }
    }
  }

  private FrameReader reader(Segment segment, Segment.Start start) throws IOException {
    return new FrameReader(
        segment.path(),
        segment.baseOffset(),
        start.position(),
        start.offset() - 1,
        segment.committedBytes(),
        payloadBytesMax,
        (position, bytes, last, next) -> reportDamage(segment, position, bytes, last, next));
  }

  private void reportDamage(Segment segment, long position, long bytes, long last, long next) {
    if (reportedDamage.add(segment.baseOffset() + "@" + position)) {
      log.error(
          "{}: {} damaged bytes at position {}: {} records are lost (offsets {} to {})",
          segment.path(),
          bytes,
          position,
          next - last - 1,
          last + 1,
          next - 1);
    }
  }

  @Override
  public void close() throws IOException {
    if (active != null) {
      active.close();
    }
  }
}
