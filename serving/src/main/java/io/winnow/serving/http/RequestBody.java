package io.winnow.serving.http;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/**
 * Reads a request's body within bounds of size and time. A body that is too large is read on for a
 * while and thrown away: a client that is still sending would get a connection reset instead of the
 * answer.
 */
final class RequestBody {
  /** A refused body is thrown away up to so many times its allowed size. */
  private static final int DRAIN_FACTOR = 8;

  /** The whole body must arrive in this time, or slow clients could hold connections for ever. */
  private static final long READ_NANOS_MAX = TimeUnit.SECONDS.toNanos(20);

  private final InputStream input;
  private final int bytesMax;
  private long drained;
  private boolean ended;

  RequestBody(InputStream input, int bytesMax) {
    this.input = input;
    this.bytesMax = bytesMax;
  }

  /**
   * Reads it whole.
   *
   * @throws WinnowException with {@code TOO_LARGE}, or {@code MALFORMED_REQUEST} if it comes too
   *     slowly
   * @throws IOException if the connection breaks
   */
  byte[] read() throws IOException {
    byte[] bytes = new byte[Math.min(bytesMax, 8_192)];
    int size = 0;
    long startNanos = System.nanoTime();
    while (true) {
      if (size == bytes.length) {
        if (size >= bytesMax) {
          if (input.read() < 0) {
            ended = true;
            return bytes;
          }
          throw new WinnowException(
              ErrorCode.TOO_LARGE, "body: larger (expected: at most " + bytesMax + " bytes)");
        }
        bytes = Arrays.copyOf(bytes, (int) Math.min(bytesMax, 2L * bytes.length));
      }
      int read = input.read(bytes, size, bytes.length - size);
      if (read < 0) {
        ended = true;
        return Arrays.copyOf(bytes, size);
      }
      size += read;
      if (System.nanoTime() - startNanos > READ_NANOS_MAX) {
        throw new WinnowException(
            ErrorCode.MALFORMED_REQUEST,
            "body: still incomplete (expected: within "
                + TimeUnit.NANOSECONDS.toSeconds(READ_NANOS_MAX)
                + " s)");
      }
    }
  }

  /**
   * Throws the rest away, if it is not too much.
   *
   * @return whether the connection can be used again: nothing is left to read
   */
  boolean drain() {
    byte[] scratch = new byte[8_192];
    long startNanos = System.nanoTime();
    try {
      while (!ended
          && drained < (long) DRAIN_FACTOR * bytesMax
          && System.nanoTime() - startNanos < READ_NANOS_MAX) {
        int read = input.read(scratch);
        ended = read < 0;
        drained += read;
      }
    } catch (IOException | RuntimeException _) {
      return false; // broken off or broken chunks: nothing more will be read from here
    }
    return ended;
  }
}
