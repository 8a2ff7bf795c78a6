package io.winnow.events;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * One file of the log and what is known of it: how much of it may be read, and the positions of
 * some of its frames.
 *
 * <p>Written by the committer, read by any thread.
 */
final class Segment {
  /** One position is kept for so many bytes: a replay reads at most so much too much. */
  static final int INDEX_INTERVAL_BYTES = 1 << 16;

  private static final String SUFFIX = ".log";

  private final Path path;
  private final long baseOffset;
  private final ConcurrentSkipListMap<Long, Long> positions = new ConcurrentSkipListMap<>();
  private volatile long committedBytes;

  /** The last position that the committer noted. */
  private long notedPosition = Frame.HEADER_BYTES;

  Segment(Path folder, long baseOffset, long committedBytes) {
    this.path = folder.resolve("%019d%s".formatted(baseOffset, SUFFIX));
    this.baseOffset = baseOffset;
    this.committedBytes = committedBytes;
  }

  /** The base offset that a file's name tells, or -1 if it is no segment. */
  static long baseOffsetOf(Path file) {
    String name = file.getFileName().toString();
    return name.matches("\\d{19}\\.log")
        ? Long.parseLong(name.substring(0, name.length() - SUFFIX.length()))
        : -1;
  }

  Path path() {
    return path;
  }

  /** No frame of the segment has a lower offset. */
  long baseOffset() {
    return baseOffset;
  }

  long committedBytes() {
    return committedBytes;
  }

  void committedBytes(long bytes) {
    committedBytes = bytes;
  }

  /** Remembers the position of the last frame so far, if none near it is known; the committer's. */
  void noteWritten(long offset, long position) {
    if (position - notedPosition >= INDEX_INTERVAL_BYTES) {
      notedPosition = position;
      positions.put(offset, position);
    }
  }

  /** Remembers a frame's position, if none near it is known. */
  void note(long offset, long position) {
    Map.Entry<Long, Long> before = positions.floorEntry(offset);
    long known = before == null ? Frame.HEADER_BYTES : before.getValue();
    if (position - known >= INDEX_INTERVAL_BYTES) {
      positions.put(offset, position);
    }
  }

  /** Forgets positions at or behind a point that was cut. */
  void forgetBehind(long size) {
    positions.values().removeIf(position -> position >= size);
    notedPosition = Math.min(notedPosition, size);
  }

  /** The known frame at or before an offset, or the first frame: its offset and position. */
  Start startFor(long offset) {
    Map.Entry<Long, Long> known = positions.floorEntry(offset);
    return known == null
        ? new Start(baseOffset, Frame.HEADER_BYTES)
        : new Start(known.getKey(), known.getValue());
  }

  /** Where to begin to read. */
  record Start(long offset, long position) {}
}
