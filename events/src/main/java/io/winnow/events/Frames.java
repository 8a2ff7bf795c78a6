package io.winnow.events;

import java.util.Arrays;

/**
 * Frames one behind the other in one array, whose payloads are known and whose offsets are not yet:
 * the headers are left open until {@link Segments} writes them. One thread at a time.
 */
final class Frames {
  private final ByteWriter bytes;
  private int[] starts;
  private boolean[] dropped;
  private int count;

  /** Makes room for so many frames of usual size; it grows with what comes. */
  Frames(int expected) {
    bytes = new ByteWriter(64 + 96 * expected);
    starts = new int[expected + 1];
    dropped = new boolean[expected];
  }

  /** Begins a frame, whose payload the caller then writes. */
  ByteWriter begin() {
    bytes.size(starts[count] + Frame.OVERHEAD_BYTES);
    return bytes;
  }

  /** The bytes of the payload since {@link #begin}. */
  int pendingLength() {
    return bytes.size() - starts[count] - Frame.OVERHEAD_BYTES;
  }

  /** Where the payload since {@link #begin} starts in {@link #array}. */
  int pendingFrom() {
    return starts[count] + Frame.OVERHEAD_BYTES;
  }

  /** Ends the frame that was begun; one that was begun and not ended is no part of it. */
  void end() {
    if (count == dropped.length) {
      int capacity = Math.max(4, 2 * count);
      dropped = Arrays.copyOf(dropped, capacity);
      starts = Arrays.copyOf(starts, capacity + 1);
    }
    starts[++count] = bytes.size();
  }

  int count() {
    return count;
  }

  /** All payloads' bytes. */
  long payloadBytes() {
    return starts[count] - (long) count * Frame.OVERHEAD_BYTES;
  }

  /** Keeps a frame from being written. */
  void drop(int frame) {
    dropped[frame] = true;
  }

  boolean isDropped(int frame) {
    return dropped[frame];
  }

  /** Holds all frames. */
  byte[] array() {
    return bytes.array();
  }

  int from(int frame) {
    return starts[frame];
  }

  int payloadFrom(int frame) {
    return starts[frame] + Frame.OVERHEAD_BYTES;
  }

  int payloadLength(int frame) {
    return starts[frame + 1] - starts[frame] - Frame.OVERHEAD_BYTES;
  }
}
