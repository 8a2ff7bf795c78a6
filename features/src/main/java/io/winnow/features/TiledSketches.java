package io.winnow.features;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Sketches by tile, kept as {@link TileTable} keeps rows. A read unites those of its window, which
 * is dear, so the answer for the last tile asked for is remembered until the next change.
 */
final class TiledSketches implements Summary {
  private final Tiling tiling;
  private final TileSketch.Kind kind;
  private final List<Tile> tiles = new ArrayList<>();
  private volatile @Nullable Answer answer;

  private record Tile(long tile, TileSketch sketch) {}

  /** What the window that ends in a tile has. */
  private record Answer(long tile, double value) {}

  TiledSketches(Tiling tiling, TileSketch.Kind kind) {
    this.tiling = tiling;
    this.kind = kind;
  }

  static TiledSketches read(ByteSource source, Tiling tiling, TileSketch.Kind kind) {
    TiledSketches state = new TiledSketches(tiling, kind);
    int size = source.count(tiling.maxTiles());
    long tile = 0;
    for (int i = 0; i < size; i++) {
      tile += i == 0 ? source.signed() : source.varint();
      state.tiles.add(new Tile(tile, kind.read(source)));
    }
    return state;
  }

  @Override
  public void write(ByteSink sink) {
    sink.varint(tiles.size());
    for (int i = 0; i < tiles.size(); i++) {
      long tile = tiles.get(i).tile;
      if (i == 0) {
        sink.signed(tile);
      } else {
        sink.varint(tile - tiles.get(i - 1).tile);
      }
      tiles.get(i).sketch.write(sink);
    }
  }

  /**
   * The sketch of a tile, to be changed at once; made if there is none.
   *
   * @return null if the tile is too old to be kept
   */
  @Nullable TileSketch change(long tile) {
    answer = null;
    int place = tiles.size();
    while (place > 0 && tiles.get(place - 1).tile > tile) {
      place--;
    }
    if (place > 0 && tiles.get(place - 1).tile == tile) {
      return tiles.get(place - 1).sketch;
    }
    if (tiles.size() >= Tiling.SPARE && tile < oldestKept()) {
      return null;
    }
    TileSketch sketch = kind.empty();
    tiles.add(place, new Tile(tile, sketch));
    if (tiles.size() >= Tiling.SPARE) {
      long oldest = oldestKept();
      while (tiles.getFirst().tile < oldest) {
        tiles.removeFirst();
      }
    }
    return sketch;
  }

  private long oldestKept() {
    return tiling.oldestKept(tiles.get(tiles.size() - Tiling.SPARE).tile);
  }

  /** Takes in the other's tiles; its events are taken as later in the log. */
  void merge(TiledSketches other) {
    for (Tile tile : other.tiles) {
      TileSketch target = change(tile.tile);
      if (target != null) {
        target.merge(tile.sketch);
      }
    }
  }

  /** What the sketches of the window that ends at a time estimate together. */
  double read(long timeMs) {
    long tile = tiling.tile(timeMs);
    Answer known = answer;
    if (known == null || known.tile != tile) {
      List<TileSketch> window = new ArrayList<>();
      for (Tile each : tiles) {
        if (each.tile >= tiling.firstOf(tile) && each.tile <= tile) {
          window.add(each.sketch);
        }
      }
      known = new Answer(tile, kind.estimate(window));
      answer = known;
    }
    return known.value;
  }
}
