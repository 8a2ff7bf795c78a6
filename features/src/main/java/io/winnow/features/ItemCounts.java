package io.winnow.features;

import io.winnow.core.WinnowException;
import io.winnow.core.application.FeatureDefinition;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * How many events other than impressions each item had in the last day, week and month: a built-in
 * statistic that trending, popular and cold-start rules share.
 *
 * <p>The tiles are those of {@link Tiling}, kept as in {@link TileTable} but for all items at once,
 * each tile a sparse table of (item, count). Beside them lies one dense array of totals for the
 * window that ends at the newest tile, so that the usual read is one copy of N numbers. Guarded by
 * {@link FeatureState}'s lock.
 */
final class ItemCounts {
  private static final int[] DAYS = {1, 7, 30};

  /** Most tiles kept of a window: its own and some for events with a clock far ahead. */
  private static final int KEPT = 32;

  private final List<Window> windows =
      Arrays.stream(DAYS)
          .mapToObj(
              days -> new Window(Tiling.of(FeatureDefinition.Window.of(Duration.ofDays(days)))))
          .toList();

  /** Counts an event; returns how many windows dropped it as too old. */
  int add(int item, long timeMs) {
    int dropped = 0;
    for (Window window : windows) {
      dropped += window.add(item, window.tiling.tile(timeMs), 1) ? 0 : 1;
    }
    return dropped;
  }

  /**
   * The counts of the window that ends at a time.
   *
   * @param days 1, 7 or 30
   * @param size how many items
   * @return shape (size); owned by the receiver
   */
  float[] read(int days, long timeMs, int size) {
    Window window = window(days);
    return window.read(window.tiling.tile(timeMs), size);
  }

  /** The same for one item, in a look-up a tile. */
  float readOne(int item, int days, long timeMs) {
    Window window = window(days);
    return window.readOne(item, window.tiling.tile(timeMs));
  }

  private Window window(int days) {
    int at = Arrays.binarySearch(DAYS, days);
    if (at < 0) {
      throw WinnowException.invalid("days", days, "1, 7 or 30");
    }
    return windows.get(at);
  }

  void writeChanges(StateEntries.Sink sink) {
    for (int w = 0; w < DAYS.length; w++) {
      Window window = windows.get(w);
      for (long tile : window.removed) {
        sink.remove(key(w, tile));
      }
      for (long tile : window.changed) {
        Table table = window.tiles.get(tile);
        if (table != null) {
          sink.put(key(w, tile), table.toBytes());
        }
      }
    }
  }

  void markStored() {
    for (Window window : windows) {
      window.removed.clear();
      for (long tile : window.changed) {
        Table table = window.tiles.get(tile);
        if (table != null) {
          table.changed = false;
        }
      }
      window.changed.clear();
    }
  }

  void writeAll(StateEntries.Sink sink) {
    for (int w = 0; w < DAYS.length; w++) {
      for (Map.Entry<Long, Table> entry : windows.get(w).tiles.entrySet()) {
        sink.put(key(w, entry.getKey()), entry.getValue().toBytes());
      }
    }
  }

  /** Takes in one stored entry of kind {@link StateEntries#COUNTS}. */
  void load(byte[] key, byte[] value) {
    ByteSource rest = new ByteSource(key, 1);
    Window window = windows.get(rest.count(DAYS.length - 1));
    long tile = rest.ordered64();
    ByteSource source = new ByteSource(value);
    int entries = source.count(Integer.MAX_VALUE);
    int item = 0;
    for (int i = 0; i < entries; i++) {
      item += source.count(Integer.MAX_VALUE);
      window.add(item, tile, source.count(Integer.MAX_VALUE));
    }
    source.end();
  }

  private static byte[] key(int window, long tile) {
    return new ByteSink().raw(StateEntries.COUNTS).raw(window).ordered64(tile).toBytes();
  }

  /** The tiles and totals of one window. */
  private static final class Window {
    final Tiling tiling;
    final TreeMap<Long, Table> tiles = new TreeMap<>();
    final TreeSet<Long> changed = new TreeSet<>();
    final TreeSet<Long> removed = new TreeSet<>();
    private int[] totals = new int[16];
    private long newest = Long.MIN_VALUE;
    private long lastTile;
    private @Nullable Table lastTable;
    private long version;
    private volatile @Nullable Answer answer;

    /** The last sums that were not those of the newest window. */
    private record Answer(long tile, long version, float[] counts) {}

    Window(Tiling tiling) {
      this.tiling = tiling;
    }

    boolean add(int item, long tile, int count) {
      Table table = lastTable;
      if (tile != lastTile || table == null) {
        table = tiles.get(tile);
        lastTile = tile;
        lastTable = table;
      }
      if (table == null) {
        if (tiles.size() == KEPT) {
          if (tile < tiles.firstKey()) {
            return false;
          }
          long oldest = tiles.firstKey();
          tiles.remove(oldest);
          changed.remove(oldest);
          removed.add(oldest);
        }
        table = new Table();
        tiles.put(tile, table);
        lastTable = table;
      }
      table.add(item, count);
      version++;
      if (!table.changed) {
        table.changed = true;
        changed.add(tile);
      }
      if (item >= totals.length) {
        totals = Arrays.copyOf(totals, Math.max(item + 1, totals.length * 2));
      }
      if (tile > newest) {
        advance(tile, table);
      } else if (tile >= tiling.firstOf(newest)) {
        totals[item] += count;
      }
      return true;
    }

    /** Moves the totals' window; the new tile is in {@link #tiles} already. */
    private void advance(long tile, Table arriving) {
      long before = newest;
      newest = tile;
      if (before == Long.MIN_VALUE || tiling.firstOf(tile) > before) {
        Arrays.fill(totals, 0);
      } else {
        tiles
            .subMap(tiling.firstOf(before), tiling.firstOf(tile))
            .values()
            .forEach(leaving -> leaving.addTo(totals, -1));
      }
      arriving.addTo(totals, 1);
    }

    float[] read(long tile, int size) {
      float[] counts = new float[size];
      if (tile == newest) {
        for (int i = 0; i < Math.min(size, totals.length); i++) {
          counts[i] = totals[i];
        }
        return counts;
      }
      Answer known = answer;
      if (known == null || known.tile != tile || known.version != version) {
        int[] sums = new int[totals.length];
        endingAt(tile).forEach(table -> table.addTo(sums, 1));
        float[] values = new float[sums.length];
        for (int i = 0; i < sums.length; i++) {
          values[i] = sums[i];
        }
        known = new Answer(tile, version, values);
        answer = known;
      }
      System.arraycopy(known.counts, 0, counts, 0, Math.min(size, known.counts.length));
      return counts;
    }

    float readOne(int item, long tile) {
      if (tile == newest) {
        return item < totals.length ? totals[item] : 0;
      }
      int sum = 0;
      for (Table table : endingAt(tile)) {
        sum += table.get(item);
      }
      return sum;
    }

    /** The tiles of the window that ends in a tile. */
    private Collection<Table> endingAt(long tile) {
      return tiles.subMap(tiling.firstOf(tile), true, tile, true).values();
    }
  }

  /**
   * A table from item to count: open addressing, linear probing, at most half full. Key and count
   * share a cell, so that counting touches one cache line.
   */
  private static final class Table {
    private long[] cells = new long[16]; // item + 1 above, its count below; 0 is free
    private int size;
    private boolean changed;

    void add(int item, int count) {
      int at = find(item);
      if (cells[at] == 0) {
        if (++size * 2 > cells.length) {
          long[] old = cells;
          cells = new long[old.length * 2];
          for (long cell : old) {
            if (cell != 0) {
              cells[find(item(cell))] = cell;
            }
          }
          at = find(item);
        }
        cells[at] = (item + 1L) << Integer.SIZE;
      }
      cells[at] += count;
    }

    int get(int item) {
      return count(cells[find(item)]);
    }

    private static int item(long cell) {
      return (int) (cell >>> Integer.SIZE) - 1;
    }

    private static int count(long cell) {
      return (int) cell;
    }

    private int find(int item) {
      int mask = cells.length - 1;
      int at = ((item * 0x9E3779B9) >>> 7) & mask;
      while (cells[at] != 0 && item(cells[at]) != item) {
        at = (at + 1) & mask;
      }
      return at;
    }

    void addTo(int[] totals, int sign) {
      for (long cell : cells) {
        if (cell != 0) {
          totals[item(cell)] += sign * count(cell);
        }
      }
    }

    byte[] toBytes() {
      long[] sorted = Arrays.stream(cells).filter(cell -> cell != 0).sorted().toArray();
      ByteSink sink = new ByteSink().varint(size);
      int before = 0;
      for (long cell : sorted) {
        sink.varint(item(cell) - before).varint(count(cell));
        before = item(cell);
      }
      return sink.toBytes();
    }
  }
}
