package io.winnow.features;

/**
 * Sums by tile: the {@value #KEPT} newest tiles that hold anything, in ascending order.
 *
 * <p>A window reads {@link Tiling#TILES_PER_WINDOW} + 1 tiles; the spare ones keep a few events
 * with a clock far ahead from pushing out the present. Which tiles are kept depends on the events
 * only, not on their order: a tile once dropped has {@value #KEPT} newer ones for ever, so a late
 * event for it is dropped too. Hence merging is associative; it is exact for counts, and for sums
 * as long as they need no rounding. Within a tile, amounts are added in log order, and a window
 * adds tiles in ascending order, so one log gives one result, bit for bit.
 */
final class TiledSums extends NewestByKey {
  /** Most tiles kept. */
  static final int KEPT = 32;

  TiledSums() {
    super(KEPT, 2);
  }

  static TiledSums read(ByteSource source) {
    TiledSums state = new TiledSums();
    state.load(source);
    return state;
  }

  /**
   * Adds an amount to a tile.
   *
   * @return false if the tile is older than all that are kept and the amount was dropped
   */
  boolean add(long tile, double amount) {
    int place = upTo(tile);
    if (place > 0 && keys[place - 1] == tile) {
      values[place - 1] += amount;
      return true;
    }
    return insert(place, tile, amount);
  }

  /** Adds the other's tiles; its events are taken as later in the log. */
  void merge(TiledSums other) {
    for (int i = 0; i < other.size; i++) {
      add(other.keys[i], other.values[i]);
    }
  }

  /** The sum over the window that ends in a tile. */
  double sum(long lastTile) {
    double sum = 0;
    int from = upTo(Tiling.firstOfWindow(lastTile) - 1);
    for (int i = from; i < size && keys[i] <= lastTile; i++) {
      sum += values[i];
    }
    return sum;
  }
}
