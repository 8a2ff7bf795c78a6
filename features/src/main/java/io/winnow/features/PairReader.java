package io.winnow.features;

import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.core.application.FeatureDefinition.Entity;
import io.winnow.features.FeatureReader.FeatureQuery;
import io.winnow.features.FeatureReader.Pair;
import io.winnow.features.FeatureReader.PairQuery;
import io.winnow.features.FeatureReader.PairRows;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads many pairs of users and items: groups the pairs of one user, reads each group by {@link
 * RowReader}, and picks the columns that were asked for. The caller holds the read lock.
 */
final class PairReader {
  /** Stands where a query wants an id and there is no user: what is read is the state. */
  static final UserId NOBODY = new UserId("nobody");

  private final ItemTable items;
  private final RowReader rows;
  private final int width;
  private final boolean[] needsUser;
  private final boolean[] needsItem;
  private final int[] views;
  private final StateAges ages;

  PairReader(FeatureSchema schema, ItemTable items, RowReader rows, StateAges ages) {
    this.items = items;
    this.rows = rows;
    this.width = schema.size();
    this.needsUser = new boolean[width];
    this.needsItem = new boolean[width];
    this.ages = ages;
    this.views = new int[width];
    for (int column = 0; column < width; column++) {
      FeatureDefinition definition = schema.definitions().get(column);
      if (definition.entity() instanceof Entity.Keys(Entity.Key user, Entity.Key item)) {
        needsUser[column] = !(user instanceof Entity.Key.None);
        needsItem[column] = !(item instanceof Entity.Key.None);
      }
      views[column] = ages.viewOf(definition);
    }
  }

  /** Rows of one user. */
  private static final class Group {
    private int[] rows = new int[4];
    private int size;

    void add(int row) {
      if (size == rows.length) {
        rows = Arrays.copyOf(rows, size * 2);
      }
      rows[size++] = row;
    }
  }

  PairRows read(PairQuery query, Function<UserId, @Nullable UserState> finder, long appliedOffset) {
    check(query);
    int columns = query.columns().length;
    float[] values = new float[query.pairs().size() * columns];
    long[] newestMs = new long[values.length];
    Map<Optional<UserId>, Group> groups = new LinkedHashMap<>();
    for (int row = 0; row < query.pairs().size(); row++) {
      groups
          .computeIfAbsent(Optional.ofNullable(query.pairs().get(row).user()), _ -> new Group())
          .add(row);
    }
    groups.forEach((user, group) ->
        read(
            query,
            user.isEmpty() ? null : finder.apply(user.get()),
            group,
            new PairRows(appliedOffset, values, newestMs)));
    return new PairRows(appliedOffset, values, newestMs);
  }

  private void check(PairQuery query) {
    for (Pair pair : query.pairs()) {
      if (pair.item() < PairQuery.NO_ITEM || pair.item() >= items.size()) {
        throw WinnowException.invalid(
            "items", pair.item(), "-1, or a catalogue index in 0 to " + (items.size() - 1));
      }
    }
    for (int column : query.columns()) {
      if (column < 0 || column >= width) {
        throw WinnowException.invalid("columns", column, "0 to " + (width - 1));
      }
    }
  }

  private void read(PairQuery query, @Nullable UserState state, Group group, PairRows into) {
    Pair first = query.pairs().get(group.rows[0]);
    UserId user = first.user();
    int[] indices = new int[group.size];
    for (int i = 0; i < indices.length; i++) {
      indices[i] = query.pairs().get(group.rows[i]).item();
    }
    float[] all =
        rows.read(
            state,
            new FeatureQuery(
                user == null ? NOBODY : user, indices, query.context(), query.timeMs()));
    int columns = query.columns().length;
    long[] newestOfView = new long[ages.views()];
    for (int i = 0; i < indices.length; i++) {
      ages.newestMs(user, state, indices[i], newestOfView);
      int base = group.rows[i] * columns;
      for (int c = 0; c < columns; c++) {
        int column = query.columns()[c];
        boolean there =
            (user != null || !needsUser[column])
                && (indices[i] != PairQuery.NO_ITEM || !needsItem[column]);
        into.values()[base + c] = there ? all[i * width + column] : Float.NaN;
        into.newestMs()[base + c] =
            there && views[column] >= 0 ? newestOfView[views[column]] : PairRows.NO_EVENT;
      }
    }
  }
}
