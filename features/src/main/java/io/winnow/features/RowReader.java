package io.winnow.features;

import io.winnow.core.AttributeValue;
import io.winnow.core.Seed;
import io.winnow.features.FeatureReader.FeatureQuery;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Assembles feature rows, shape (C, F). What depends on the user and request alone is computed once
 * and copied to each row; what depends on a category is computed once for each category. Values are
 * doubles up to the last step and then rounded to float.
 */
final class RowReader {
  private static final Pattern NUMBER =
      Pattern.compile("[+-]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][+-]?\\d+)?");

  private final FeaturePlan plan;
  private final ItemTable items;
  private final List<FeaturePlan.Column> columns;
  private final int[] itemColumns;
  private final int[] itemSlots;
  private final int[] sinceColumns;
  private final String[] sinceAttributes;
  private final int[][] pairColumns;
  private final int[][] pairSlots;

  RowReader(FeaturePlan plan, ItemTable items) {
    this.plan = plan;
    this.items = items;
    this.columns = plan.columns();
    this.itemColumns = columnsOf(FeaturePlan.Column.OfItem.class);
    this.itemSlots =
        Arrays.stream(itemColumns)
            .map(column -> ((FeaturePlan.Column.OfItem) columns.get(column)).slot())
            .toArray();
    this.sinceColumns = columnsOf(FeaturePlan.Column.SinceItemAttribute.class);
    this.sinceAttributes =
        Arrays.stream(sinceColumns)
            .mapToObj(
                column -> ((FeaturePlan.Column.SinceItemAttribute) columns.get(column)).attribute())
            .toArray(String[]::new);
    this.pairColumns = new int[plan.pairs().size()][];
    this.pairSlots = new int[plan.pairs().size()][];
    int[] ofPairs = columnsOf(FeaturePlan.Column.OfPair.class);
    for (int group = 0; group < pairColumns.length; group++) {
      int wanted = group;
      pairColumns[group] =
          Arrays.stream(ofPairs).filter(column -> pairColumn(column).group() == wanted).toArray();
      pairSlots[group] =
          Arrays.stream(pairColumns[group]).map(column -> pairColumn(column).slot()).toArray();
    }
  }

  /**
   * The values of a query.
   *
   * @param user null if nothing is known of the user
   * @return row-major, shape (C, F)
   */
  float[] read(@Nullable UserState user, FeatureQuery query) {
    int width = columns.size();
    float[] shared = shared(user, query);
    float[] values = new float[query.items().length * width];
    List<Map<String, double[]>> known = plan.pairs().stream().map(_ -> newKnown()).toList();
    for (int row = 0; row < query.items().length; row++) {
      int item = query.items()[row];
      int base = row * width;
      System.arraycopy(shared, 0, values, base, width);
      @Nullable AggregationState[] states = items.states(item);
      for (int i = 0; i < itemColumns.length; i++) {
        values[base + itemColumns[i]] =
            (float) plan.item().read(states, itemSlots[i], query.timeMs());
      }
      for (int i = 0; i < sinceColumns.length; i++) {
        values[base + sinceColumns[i]] =
            secondsSince(items.attribute(item, sinceAttributes[i]), query.timeMs());
      }
      for (int group = 0; group < pairColumns.length; group++) {
        readPairs(user, query.timeMs(), group, item, known.get(group), values, base);
      }
    }
    return values;
  }

  private void readPairs(
      @Nullable UserState user,
      long timeMs,
      int group,
      int item,
      Map<String, double[]> known,
      float[] values,
      int base) {
    if (plan.pairs().get(group).ofItem()) {
      double[] ofItem = pair(user, timeMs, group, items.item(item).value());
      for (int i = 0; i < ofItem.length; i++) {
        values[base + pairColumns[group][i]] = (float) ofItem[i];
      }
      return;
    }
    List<String> categories = items.categories(item, group);
    for (int i = 0; i < pairColumns[group].length; i++) {
      double sum = 0;
      int count = 0;
      for (int c = 0; c < categories.size(); c++) {
        double[] ofCategory = known.get(categories.get(c));
        if (ofCategory == null) {
          ofCategory = pair(user, timeMs, group, categories.get(c));
          known.put(categories.get(c), ofCategory);
        }
        if (!Double.isNaN(ofCategory[i])) {
          sum += ofCategory[i];
          count++;
        }
      }
      values[base + pairColumns[group][i]] = count == 0 ? Float.NaN : (float) (sum / count);
    }
  }

  private double[] pair(@Nullable UserState user, long timeMs, int group, String partner) {
    @Nullable AggregationState[] states = user == null ? null : user.pairStates(group, partner);
    int[] slots = pairSlots[group];
    double[] values = new double[slots.length];
    for (int i = 0; i < slots.length; i++) {
      values[i] = plan.pairs().get(group).features().read(states, slots[i], timeMs);
    }
    return values;
  }

  /** One row with the columns that do not depend on the candidate. */
  private float[] shared(@Nullable UserState user, FeatureQuery query) {
    float[] row = new float[columns.size()];
    ZonedDateTime time = Instant.ofEpochMilli(query.timeMs()).atZone(ZoneOffset.UTC);
    for (int column = 0; column < row.length; column++) {
      row[column] =
          switch (columns.get(column)) {
            case FeaturePlan.Column.OfUser(int slot) ->
                (float) plan.user().read(user == null ? null : user.states(), slot, query.timeMs());
            case FeaturePlan.Column.SinceUserAttribute(String attribute) ->
                secondsSince(
                    user == null ? null : user.attributes().get(attribute), query.timeMs());
            case FeaturePlan.Column.HourOfDay _ -> time.getHour();
            case FeaturePlan.Column.DayOfWeek _ -> time.getDayOfWeek().getValue();
            case FeaturePlan.Column.OfContext(String field) ->
                contextValue(query.context().get(field));
            case FeaturePlan.Column.OfItem _,
                FeaturePlan.Column.OfPair _,
                FeaturePlan.Column.SinceItemAttribute _ ->
                0;
          };
    }
    return row;
  }

  private static float secondsSince(@Nullable AttributeValue value, long timeMs) {
    return value instanceof AttributeValue.Time(long epochMs)
        ? (float) ((timeMs - epochMs) / 1000.0)
        : Float.NaN;
  }

  /** A number as it is; other text as a hash in [0, 1) that is stable between machines. */
  static float contextValue(@Nullable String text) {
    if (text == null) {
      return Float.NaN;
    }
    if (NUMBER.matcher(text).matches()) {
      float number = (float) Double.parseDouble(text);
      if (Float.isFinite(number)) {
        return number;
      }
    }
    long h = 0xcbf29ce484222325L;
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      h = (h ^ (b & 0xff)) * 0x100000001b3L;
    }
    return (Seed.mix(h) >>> 40) * 0x1p-24f;
  }

  private static Map<String, double[]> newKnown() {
    return new HashMap<>();
  }

  private FeaturePlan.Column.OfPair pairColumn(int column) {
    return (FeaturePlan.Column.OfPair) columns.get(column);
  }

  private int[] columnsOf(Class<? extends FeaturePlan.Column> kind) {
    return IntStream.range(0, columns.size())
        .filter(column -> kind.isInstance(columns.get(column)))
        .toArray();
  }
}
