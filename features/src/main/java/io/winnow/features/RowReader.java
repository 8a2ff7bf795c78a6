package io.winnow.features;

import io.winnow.core.AttributeValue;
import io.winnow.core.Seed;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.core.application.FeatureDefinition.Entity;
import io.winnow.features.FeatureReader.FeatureQuery;
import io.winnow.features.FeatureReader.PairQuery;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Assembles feature rows, shape (C, F), of some of the application's features. What depends on the
 * user and request alone is computed once and copied to each row; what depends on a category is
 * computed once for each category. Values are doubles up to the last step and then rounded to
 * float. Thread-safe as {@link FeatureState} is.
 */
final class RowReader {
  private static final Pattern NUMBER =
      Pattern.compile("[+-]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][+-]?\\d+)?");

  private final ItemTable items;
  private final SharedStates shared;
  private final UserCategories userCategories;
  private final List<FeatureDefinition> columns;
  private final Part user;
  private final Part item;
  private final List<GroupPart> groups;
  private final int[] sinceColumns;
  private final int[] sinceAttributes;

  /**
   * The wanted features of one entity.
   *
   * @param columns where each goes
   */
  private record Part(GroupReader reader, int[] columns) {
    static Part of(FeatureGroup group, FeatureSchema wanted) {
      List<Integer> features = new ArrayList<>();
      List<Integer> columns = new ArrayList<>();
      for (int column = 0; column < wanted.size(); column++) {
        int feature = group.definitions().indexOf(wanted.definitions().get(column));
        if (feature >= 0) {
          features.add(feature);
          columns.add(column);
        }
      }
      return new Part(
          group.reader(features.stream().mapToInt(i -> i).toArray()),
          columns.stream().mapToInt(i -> i).toArray());
    }
  }

  /**
   * The wanted features of an entity with a composed key.
   *
   * @param number its place among the plan's pairs, or among its shared groups
   */
  private record GroupPart(FeaturePlan.Group group, int number, boolean ofPairs, Part part) {}

  /** What a read works with. */
  private record Work(
      @Nullable UserState user, FeatureQuery query, long[] scratch, double[] values) {}

  /**
   * Compiles a reader.
   *
   * @param wanted which features, all of the plan
   */
  RowReader(
      FeaturePlan plan,
      FeatureSchema wanted,
      ItemTable items,
      SharedStates shared,
      UserCategories userCategories) {
    this.items = items;
    this.shared = shared;
    this.userCategories = userCategories;
    this.columns = wanted.definitions();
    this.user = Part.of(plan.user(), wanted);
    this.item = Part.of(plan.item(), wanted);
    List<GroupPart> parts = new ArrayList<>();
    for (int i = 0; i < plan.pairs().size(); i++) {
      FeaturePlan.Group group = plan.pairs().get(i);
      parts.add(new GroupPart(group, i, true, Part.of(group.features(), wanted)));
    }
    for (int i = 0; i < plan.shared().size(); i++) {
      FeaturePlan.Group group = plan.shared().get(i);
      parts.add(new GroupPart(group, i, false, Part.of(group.features(), wanted)));
    }
    this.groups = parts.stream().filter(part -> part.part.reader.size() > 0).toList();
    this.sinceColumns =
        IntStream.range(0, columns.size()).filter(this::isSinceItemAttribute).toArray();
    this.sinceAttributes =
        Arrays.stream(sinceColumns)
            .map(column ->
                plan.itemTimes()
                    .indexOf(
                        ((Aggregation.SinceAttribute) columns.get(column).aggregation())
                            .attribute()))
            .toArray();
  }

  private boolean isSinceItemAttribute(int column) {
    return columns.get(column).aggregation() instanceof Aggregation.SinceAttribute
        && columns.get(column).entity().equals(Entity.ITEM);
  }

  /**
   * The values of a query.
   *
   * @param of null if nothing is known of the user
   * @param query may hold {@code NO_ITEM}: then the columns of the item have no meaning
   * @return row-major, shape (C, F)
   */
  float[] read(@Nullable UserState of, FeatureQuery query) {
    int width = columns.size();
    long[] scratch = newScratch();
    Work work = new Work(of, query, scratch, new double[width]);
    float[] row = requestColumns(of, query);
    user.reader.read(of == null ? null : of.state(), query.timeMs(), work.values, scratch);
    copy(user, work.values, row, 0);
    for (GroupPart group : groups) {
      if (group.group.itemKey() == FeaturePlan.NONE) {
        average(group, List.of(""), new HashMap<>(), work, row, 0);
      }
    }
    float[] values = new float[query.items().length * width];
    long touched = 0;
    for (int index : query.items()) {
      touched += index == PairQuery.NO_ITEM ? 0 : items.touch(index);
    }
    scratch[0] = touched;
    List<Map<String, double[]>> known =
        groups.stream().<Map<String, double[]>>map(_ -> new HashMap<>()).toList();
    for (int i = 0; i < query.items().length; i++) {
      System.arraycopy(row, 0, values, i * width, width);
      if (query.items()[i] != PairQuery.NO_ITEM) {
        readItem(query.items()[i], known, work, values, i * width);
      }
    }
    return values;
  }

  private void readItem(
      int index, List<Map<String, double[]>> known, Work work, float[] values, int base) {
    long timeMs = work.query.timeMs();
    item.reader.read(items.state(index), timeMs, work.values, work.scratch);
    copy(item, work.values, values, base);
    for (int i = 0; i < sinceColumns.length; i++) {
      long sinceMs = items.timeMs(index, sinceAttributes[i]);
      values[base + sinceColumns[i]] =
          sinceMs == ItemTable.NO_TIME ? Float.NaN : (float) ((timeMs - sinceMs) / 1000.0);
    }
    for (int g = 0; g < groups.size(); g++) {
      GroupPart group = groups.get(g);
      int key = group.group.itemKey();
      if (key == FeaturePlan.ID) {
        // Few items come twice in a query: what was read of one is not kept for the next.
        known.get(g).clear();
        average(group, List.of(items.item(index).value()), known.get(g), work, values, base);
      } else if (key != FeaturePlan.NONE) {
        average(group, items.categories(index, key), known.get(g), work, values, base);
      }
    }
  }

  /**
   * Averages a group's features over the item's keys (and the user's, if several), leaving out NaN.
   *
   * @param known what was read of a key before
   */
  private void average(
      GroupPart group,
      List<String> itemKeys,
      Map<String, double[]> known,
      Work work,
      float[] values,
      int base) {
    int[] to = group.part.columns;
    if (itemKeys.size() == 1) {
      double[] only = ofItemKey(group, itemKeys.getFirst(), known, work);
      for (int i = 0; i < to.length; i++) {
        values[base + to[i]] =
            only[to.length + i] == 0 ? Float.NaN : (float) (only[i] / only[to.length + i]);
      }
      return;
    }
    for (int i = 0; i < to.length; i++) {
      double sum = 0;
      double count = 0;
      for (int k = 0; k < itemKeys.size(); k++) {
        double[] one = ofItemKey(group, itemKeys.get(k), known, work);
        sum += one[i];
        count += one[to.length + i];
      }
      values[base + to[i]] = count == 0 ? Float.NaN : (float) (sum / count);
    }
  }

  /** For each feature the sum over the user's keys, and behind them the number of summands. */
  private double[] ofItemKey(
      GroupPart group, String itemKey, Map<String, double[]> known, Work work) {
    double[] sums = known.get(itemKey);
    if (sums != null) {
      return sums;
    }
    int n = group.part.columns.length;
    sums = new double[2 * n];
    if (group.ofPairs) {
      UserState of = work.user;
      add(group, of == null ? null : of.pairState(group.number, itemKey), work, sums);
    } else {
      for (String userKey : SharedKeys.ofUser(group.group, work.query.user(), userCategories)) {
        String key = SharedKeys.join(group.group, userKey, itemKey);
        add(group, shared.group(group.number).get(key), work, sums);
      }
    }
    known.put(itemKey, sums);
    return sums;
  }

  private static void add(GroupPart group, @Nullable EntityState state, Work work, double[] sums) {
    int n = group.part.columns.length;
    group.part.reader.read(state, work.query.timeMs(), work.values, work.scratch);
    for (int i = 0; i < n; i++) {
      if (!Double.isNaN(work.values[i])) {
        sums[i] += work.values[i];
        sums[n + i]++;
      }
    }
  }

  private long[] newScratch() {
    int size = Math.max(user.reader.scratch(), item.reader.scratch());
    for (GroupPart group : groups) {
      size = Math.max(size, group.part.reader.scratch());
    }
    return new long[size];
  }

  private static void copy(Part part, double[] from, float[] to, int base) {
    for (int i = 0; i < part.columns.length; i++) {
      to[base + part.columns[i]] = (float) from[i];
    }
  }

  /** One row with the columns that depend on the request and the user's attributes. */
  private float[] requestColumns(@Nullable UserState of, FeatureQuery query) {
    float[] row = new float[columns.size()];
    ZonedDateTime time = Instant.ofEpochMilli(query.timeMs()).atZone(ZoneOffset.UTC);
    for (int column = 0; column < row.length; column++) {
      switch (columns.get(column).aggregation()) {
        case Aggregation.HourOfDay _ -> row[column] = time.getHour();
        case Aggregation.DayOfWeek _ -> row[column] = time.getDayOfWeek().getValue();
        case Aggregation.Context(String field) ->
            row[column] = contextValue(query.context().get(field));
        case Aggregation.SinceAttribute(String attribute) -> {
          if (columns.get(column).entity().equals(Entity.USER)) {
            row[column] =
                secondsSince(of == null ? null : of.attributes().get(attribute), query.timeMs());
          }
        }
        default -> {}
      }
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
}
