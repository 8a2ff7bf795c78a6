package io.winnow.events;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.io.IOException;
import java.nio.file.Files;

/**
 * The beginning of a log in files, read without any claim on them. Segments are only ever appended
 * to, and what was acknowledged is on disk and never changes, so a prefix that ends at an
 * acknowledged record reads the same whatever its writer does meanwhile. Thread-safe.
 */
final class PrefixView implements RecordSource {
  private final Segments segments;
  private final long endOffset;

  private PrefixView(Segments segments, long endOffset) {
    this.segments = segments;
    this.endOffset = endOffset;
  }

  static PrefixView open(EventLogConfig config, long toOffset) {
    if (toOffset < 0) {
      throw WinnowException.invalid("to_offset", toOffset, ">= 0");
    }
    if (!Files.isDirectory(config.folder())) {
      throw WinnowException.invalid("log", config.folder(), "a folder with an event log");
    }
    try {
      Segments segments = Segments.view(config.folder(), config.limits().recordBytes());
      return new PrefixView(segments, toOffset);
    } catch (IOException e) {
      throw new WinnowException(
          ErrorCode.UNAVAILABLE, "event log: cannot read " + config.folder(), e);
    }
  }

  @Override
  public long endOffset() {
    return endOffset;
  }

  @Override
  public void replay(long from, long to, Visitor visitor) {
    replay(segments, from, Math.min(to, endOffset), visitor);
  }

  /** Shows the records from an offset to another one, which is not behind the log's end. */
  static void replay(Segments segments, long from, long until, Visitor visitor) {
    if (from >= until) {
      return;
    }
    try {
      segments.replay(
          from,
          until,
          (offset, bytes, start, length) ->
              visitor.visit(offset, LogCodec.decode(bytes, start, length)));
    } catch (IOException e) {
      throw new WinnowException(ErrorCode.UNAVAILABLE, "event log: cannot be read", e);
    }
  }
}
