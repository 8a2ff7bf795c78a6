package io.winnow.serving.http;

import io.winnow.core.ItemId;
import io.winnow.core.UserId;
import io.winnow.events.RecordJson;
import io.winnow.features.FeatureReader.PairQuery;
import io.winnow.features.FeatureReader.PairRows;
import java.util.Arrays;
import java.util.List;

/**
 * The answer of {@link FeaturesApi}, in two forms. Rows: an object for each row, with values and
 * ages by name. Columns: the names once, then for each feature an array with the values of all
 * rows, and the same for the ages; a fraction of the size. Not thread-safe.
 */
final class FeaturesJson {
  private static final int BYTES_PER_NUMBER = 12;

  private final List<FeaturesApi.Row> rows;
  private final PairQuery query;
  private final PairRows read;
  private final byte[][] keys;
  private final JsonBytes json;

  /**
   * An answer.
   *
   * @param rows as they were asked for, R of them
   * @param names of the features, C of them
   * @param query what was read
   * @param read the values, shape (R, C)
   * @param namesInRows how often each name is written for a row
   */
  FeaturesJson(
      List<FeaturesApi.Row> rows,
      List<String> names,
      PairQuery query,
      PairRows read,
      int namesInRows) {
    this.rows = rows;
    this.query = query;
    this.read = read;
    this.keys = new byte[names.size()][];
    int keyBytes = 0;
    for (int c = 0; c < keys.length; c++) {
      keys[c] = JsonBytes.quoted(names.get(c));
      keyBytes += keys[c].length;
    }
    this.json =
        new JsonBytes(
            256 + rows.size() * (64 + namesInRows * keyBytes + 2 * keys.length * BYTES_PER_NUMBER));
  }

  /** Writes ages; neighbours of one entity have the same, so the last of each slot is kept. */
  private final class Ages {
    private final long[] newestMs;
    private final int[] from;
    private final int[] length;

    Ages(int slots) {
      newestMs = new long[slots];
      from = new int[slots];
      length = new int[slots];
      Arrays.fill(newestMs, PairRows.NO_EVENT);
    }

    /** Seconds since the newest event; 0 if its clock is ahead, null if there was none. */
    void write(int slot, long newest) {
      if (newest == PairRows.NO_EVENT) {
        json.nothing();
      } else if (newest == newestMs[slot]) {
        json.again(from[slot], length[slot]);
      } else {
        newestMs[slot] = newest;
        from[slot] = json.size();
        json.seconds(Math.max(0, query.timeMs() - newest));
        length[slot] = json.size() - from[slot];
      }
    }
  }

  private void begin() {
    json.raw("{\"as_of_offset\":").number(read.asOfOffset());
    json.raw(",\"time\":").text(RecordJson.isoTime(query.timeMs()));
  }

  /** The form with an object for each row. */
  byte[] asRows() {
    begin();
    json.raw(",\"rows\":[");
    Ages ages = new Ages(1);
    for (int row = 0; row < rows.size(); row++) {
      json.raw(row == 0 ? "{" : ",{");
      ids(rows.get(row));
      json.raw("\"values\":{");
      for (int c = 0; c < keys.length; c++) {
        key(c).number(read.values()[row * keys.length + c]);
      }
      json.raw("},\"ages\":{");
      for (int c = 0; c < keys.length; c++) {
        key(c);
        ages.write(0, read.newestMs()[row * keys.length + c]);
      }
      json.raw('}');
      if (unknown(row)) {
        json.raw(",\"unknown\":[\"item\"]");
      }
      json.raw('}');
    }
    return json.raw("]}").toBytes();
  }

  private JsonBytes key(int c) {
    if (c > 0) {
      json.raw(',');
    }
    return json.raw(keys[c]).raw(':');
  }

  private void ids(FeaturesApi.Row row) {
    UserId user = row.user();
    if (user != null) {
      json.raw("\"user\":").text(user.value()).raw(',');
    }
    ItemId item = row.item();
    if (item != null) {
      json.raw("\"item\":").text(item.value()).raw(',');
    }
  }

  private boolean unknown(int row) {
    return rows.get(row).item() != null && query.pairs().get(row).item() == PairQuery.NO_ITEM;
  }

  /** The form with an array for each feature. */
  byte[] asColumns() {
    begin();
    json.raw(",\"users\":[");
    for (int row = 0; row < rows.size(); row++) {
      UserId user = rows.get(row).user();
      comma(row);
      if (user == null) {
        json.nothing();
      } else {
        json.text(user.value());
      }
    }
    json.raw("],\"items\":[");
    for (int row = 0; row < rows.size(); row++) {
      ItemId item = rows.get(row).item();
      comma(row);
      if (item == null) {
        json.nothing();
      } else {
        json.text(item.value());
      }
    }
    json.raw("],\"unknown_items\":[");
    int count = 0;
    for (int row = 0; row < rows.size(); row++) {
      if (unknown(row)) {
        comma(count++);
        json.number((long) row);
      }
    }
    json.raw("],\"features\":[");
    for (int c = 0; c < keys.length; c++) {
      comma(c);
      json.raw(keys[c]);
    }
    numbers();
    return json.raw("]}").toBytes();
  }

  private void numbers() {
    json.raw("],\"values\":[");
    for (int c = 0; c < keys.length; c++) {
      comma(c);
      json.raw('[');
      for (int row = 0; row < rows.size(); row++) {
        comma(row);
        json.number(read.values()[row * keys.length + c]);
      }
      json.raw(']');
    }
    json.raw("],\"ages\":[");
    Ages ages = new Ages(rows.size());
    for (int c = 0; c < keys.length; c++) {
      comma(c);
      json.raw('[');
      for (int row = 0; row < rows.size(); row++) {
        comma(row);
        ages.write(row, read.newestMs()[row * keys.length + c]);
      }
      json.raw(']');
    }
  }

  private void comma(int place) {
    if (place > 0) {
      json.raw(',');
    }
  }
}
