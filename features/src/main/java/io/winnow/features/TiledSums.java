package io.winnow.features;

import java.util.Arrays;

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
final class TiledSums implements AggregationState {
  /** Most tiles kept. */
  static final int KEPT = 32;

  private long[] tiles = new long[2];
  private double[] sums = new double[2];
  private int size;

  static TiledSums read(ByteSource source) {
    TiledSums state = new TiledSums();
    state.size = source.count(KEPT);
    state.tiles = new long[Math.max(2, state.size)];
    state.sums = new double[state.tiles.length];
    long tile = 0;
    for (int i = 0; i < state.size; i++) {
      tile += i == 0 ? source.signed() : source.varint();
      state.tiles[i] = tile;
      state.sums[i] = source.real();
    }
    return state;
  }

  @Override
  public void write(ByteSink sink) {
    sink.varint(size);
    for (int i = 0; i < size; i++) {
      if (i == 0) {
        sink.signed(tiles[0]);
      } else {
        sink.varint(tiles[i] - tiles[i - 1]);
      }
      sink.real(sums[i]);
    }
  }

  /**
   * Adds an amount to a tile.
   *
   * @return false if the tile is older than all that are kept and the amount was dropped
   */
  boolean add(long tile, double amount) {
    int at = size;
    while (at > 0 && tiles[at - 1] > tile) {
      at--;
    }
    if (at > 0 && tiles[at - 1] == tile) {
      sums[at - 1] += amount;
      return true;
    }
    if (size == KEPT) {
      if (at == 0) {
        return false;
      }
      at--;
      System.arraycopy(tiles, 1, tiles, 0, at);
      System.arraycopy(sums, 1, sums, 0, at);
    } else {
      if (size == tiles.length) {
        int capacity = Math.min(KEPT, size * 2);
        tiles = Arrays.copyOf(tiles, capacity);
        sums = Arrays.copyOf(sums, capacity);
      }
      System.arraycopy(tiles, at, tiles, at + 1, size - at);
      System.arraycopy(sums, at, sums, at + 1, size - at);
      size++;
    }
    tiles[at] = tile;
    sums[at] = amount;
    return true;
  }

  /** Adds the other's tiles; its events are taken as later in the log. */
  void merge(TiledSums other) {
    for (int i = 0; i < other.size; i++) {
      add(other.tiles[i], other.sums[i]);
    }
  }

  /** The sum over the window that ends in a tile. */
  double sum(long lastTile) {
    long firstTile = Tiling.firstOfWindow(lastTile);
    int from = size;
    while (from > 0 && tiles[from - 1] >= firstTile) {
      from--;
    }
    double sum = 0;
    for (int i = from; i < size && tiles[i] <= lastTile; i++) {
      sum += sums[i];
    }
    return sum;
  }
}
