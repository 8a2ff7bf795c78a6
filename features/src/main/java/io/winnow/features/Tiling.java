package io.winnow.features;

import java.time.Duration;

/**
 * Cuts time into tiles that are aligned to the epoch, so that the state of a window is bounded. The
 * idea is that of tiled windows in Chronon and of panes in stream processing (Li et al.: No pane,
 * no gain, SIGMOD Record 2005).
 *
 * <p>A tile is a {@value #TILES_PER_WINDOW}th of the window (rounded up to a millisecond): one hour
 * for a day, 2.5 minutes for an hour. A read at time t takes the tile of t and the {@value
 * #TILES_PER_WINDOW} tiles before it. So an event counts for certain until it is as old as the
 * window, and for certain no more when it is older than window plus one tile: the error at the old
 * edge is below 1/{@value #TILES_PER_WINDOW} of the window. At the new edge, an event that is later
 * than t but lies in t's own tile is visible if the log held it; one in a later tile is not.
 *
 * @param tileMs length of a tile in milliseconds
 */
record Tiling(long tileMs) {
  /** How many tiles make a window. */
  static final int TILES_PER_WINDOW = 24;

  /** The tiling of a window. */
  static Tiling of(Duration window) {
    return new Tiling(Math.max(1, Math.ceilDiv(window.toMillis(), TILES_PER_WINDOW)));
  }

  /** The tile that a time falls into. */
  long tile(long timeMs) {
    return Math.floorDiv(timeMs, tileMs);
  }

  /** The oldest tile that a window ending in tile {@code last} takes in. */
  static long firstOfWindow(long last) {
    return last - TILES_PER_WINDOW;
  }
}
