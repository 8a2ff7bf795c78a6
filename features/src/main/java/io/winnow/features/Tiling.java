package io.winnow.features;

import io.winnow.core.application.FeatureDefinition.Window;
import java.time.Duration;

/**
 * Cuts time into tiles that are aligned to the epoch, so that the state of a window is bounded. The
 * idea is that of tiled windows in Chronon and of panes in stream processing (Li et al.: No pane,
 * no gain, SIGMOD Record 2005).
 *
 * <p>The tile of a window is a {@value #TILES_PER_WINDOW}th of it (rounded up to a millisecond):
 * one hour for a day, 2.5 minutes for an hour. A read at time t takes the tile of t and the {@code
 * reach} tiles before it. So an event counts for certain until it is as old as the window, and for
 * certain no more when it is older than window plus one tile: the error at the old edge is below
 * 1/{@value #TILES_PER_WINDOW} of the window. At the new edge, an event that is later than t but
 * lies in t's own tile is visible if the log held it; one in a later tile is not.
 *
 * <p>Tiles that lie more than {@code reach + late} behind the {@value #SPARE}th newest tile that
 * holds anything are forgotten, and events for them dropped. It is not the newest tile that
 * decides, because one event with a clock far ahead would then wipe out the present. Which tiles
 * are kept depends on the set of events only, not on their order: a tile once forgotten stays
 * behind.
 *
 * @param tileMs length of a tile in milliseconds
 * @param reach how many tiles before its own a read takes in
 * @param late how many tiles more are kept
 */
record Tiling(long tileMs, int reach, int late) {
  /** How many tiles make a window. */
  static final int TILES_PER_WINDOW = 24;

  /** How many half-lives of a decaying sum make a tile: a weight within a tile is below 2⁸. */
  static final int HALF_LIVES_PER_TILE = 8;

  /** Tiles of a decaying sum that a read takes in before its own; the rest weighs below 2⁻³². */
  static final int DECAY_REACH = 4;

  /** The place, from the newest, of the tile that decides what is too old. */
  static final int SPARE = 4;

  /** The tiling of a window. */
  static Tiling of(Window window) {
    long tileMs = Math.max(1, Math.ceilDiv(window.length().toMillis(), TILES_PER_WINDOW));
    long late = Math.ceilDiv(window.lateness().toMillis(), tileMs);
    return new Tiling(tileMs, TILES_PER_WINDOW, (int) Math.min(late, 10 * TILES_PER_WINDOW));
  }

  /** The tiling of a decaying sum. */
  static Tiling ofHalfLife(Duration halfLife) {
    return new Tiling(Math.max(1, halfLife.toMillis()) * HALF_LIVES_PER_TILE, DECAY_REACH, 1);
  }

  /** The tile that a time falls into. */
  long tile(long timeMs) {
    return Math.floorDiv(timeMs, tileMs);
  }

  /** The oldest tile that a read in tile {@code last} takes in. */
  long firstOf(long last) {
    return last - reach;
  }

  /** The oldest tile that is kept while the {@value #SPARE}th newest one is this. */
  long oldestKept(long deciding) {
    return deciding - reach - late;
  }

  /** The most tiles that are kept. */
  int maxTiles() {
    return reach + late + SPARE;
  }

  /** What an event weighs in its tile of a decaying sum: 1 at the tile's start, below 2⁸. */
  double weight(long timeMs) {
    return StrictMath.pow(2, (double) Math.floorMod(timeMs, tileMs) * HALF_LIVES_PER_TILE / tileMs);
  }

  /** What a tile of a decaying sum weighs at a time that is not before it. */
  double decay(long tile, long timeMs) {
    return StrictMath.pow(2, -(double) (timeMs - tile * tileMs) * HALF_LIVES_PER_TILE / tileMs);
  }
}
