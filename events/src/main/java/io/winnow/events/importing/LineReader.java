package io.winnow.events.importing;

import java.io.Closeable;
import java.io.IOException;
import java.io.Reader;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Lines of bounded length, ended by LF, CR LF or CR. A longer line comes back shortened, so that a
 * file that is no text does not fill the memory.
 */
final class LineReader implements Closeable {
  /** Longest line in characters. */
  static final int LENGTH_MAX = 1 << 20;

  /**
   * A line.
   *
   * @param number from 1
   * @param tooLong whether the rest of it was dropped
   */
  record Line(long number, String text, boolean tooLong) {}

  private final Reader in;
  private final char[] buffer = new char[1 << 16];
  private final StringBuilder carried = new StringBuilder();
  private final ArrayDeque<Line> pushedBack = new ArrayDeque<>();
  private int position;
  private int size;
  private boolean lineFeedExpected;
  private long number;

  LineReader(Reader in) {
    this.in = in;
  }

  /** The next line, or null at the end. */
  @Nullable Line next() throws IOException {
    Line again = pushedBack.poll();
    return again != null ? again : read();
  }

  /** Makes lines come again, before those not yet read; the first of them first. */
  void pushBack(java.util.List<Line> lines) {
    for (Line line : lines.reversed()) {
      pushedBack.addFirst(line);
    }
  }

  private @Nullable Line read() throws IOException {
    carried.setLength(0);
    boolean tooLong = false;
    boolean any = false;
    while (true) {
      if (position == size && !fill()) {
        return any ? new Line(++number, carried.toString(), tooLong) : null;
      }
      if (lineFeedExpected) {
        lineFeedExpected = false;
        if (buffer[position] == '\n') {
          position++;
          continue;
        }
      }
      any = true;
      int start = position;
      while (position < size && buffer[position] != '\n' && buffer[position] != '\r') {
        position++;
      }
      int room = LENGTH_MAX - carried.length();
      tooLong |= position - start > room;
      boolean ended = position < size;
      if (ended && carried.isEmpty() && !tooLong) {
        String text = new String(buffer, start, position - start);
        endLine();
        return new Line(++number, text, false);
      }
      carried.append(buffer, start, Math.min(room, position - start));
      if (ended) {
        endLine();
        return new Line(++number, carried.toString(), tooLong);
      }
    }
  }

  private void endLine() {
    lineFeedExpected = buffer[position] == '\r';
    position++;
  }

  private boolean fill() throws IOException {
    position = 0;
    size = 0;
    int count = in.read(buffer);
    size = Math.max(0, count);
    return count > 0;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
