package io.winnow.serving.http;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * Reads a request's body within a bound of size; a {@link ReadWatch} bounds the time. A body that
 * is too large is read on for a while and thrown away: a client that is still sending would get a
 * connection reset instead of the answer.
 */
final class RequestBody {
  /** A refused body is thrown away up to so many times its allowed size. */
  private static final int DRAIN_FACTOR = 8;

  private final InputStream input;
  private final int bytesMax;
  private long drained;
  private boolean ended;

  RequestBody(InputStream input, int bytesMax) {
    this.input = input;
    this.bytesMax = bytesMax;
  }

  /** Of a request without one. */
  static RequestBody none() {
    RequestBody none = new RequestBody(InputStream.nullInputStream(), 0);
    none.ended = true;
    return none;
  }

  /** Whether nothing is left to read. */
  boolean hasEnded() {
    return ended;
  }

  /**
   * Reads it whole.
   *
   * @throws WinnowException with {@code TOO_LARGE}
   * @throws IOException if the connection breaks
   */
  byte[] read() throws IOException {
    if (ended) {
      return new byte[0];
    }
    byte[] bytes = new byte[Math.min(bytesMax, 8_192)];
    int size = 0;
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
    }
  }

  /**
   * Throws the rest away, if it is not too much.
   *
   * @return whether the connection can be used again: nothing is left to read
   */
  boolean drain() {
    byte[] scratch = new byte[8_192];
    try {
      while (!ended && drained < (long) DRAIN_FACTOR * bytesMax) {
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
