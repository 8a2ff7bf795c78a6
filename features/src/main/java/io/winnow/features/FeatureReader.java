package io.winnow.features;

import io.winnow.core.AttributeValue;
import io.winnow.core.ErrorCode;
import io.winnow.core.Problem;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Reads the state of the fold at one offset of the log: the embedded online store (now) and replay
 * (then) serve the same contract. Thread-safe where the implementation says so.
 */
public interface FeatureReader {
  /** The items known at this offset. */
  Catalog catalog();

  /** The columns of {@link #read(FeatureQuery)}: the numeric features of the application. */
  FeatureSchema schema();

  /**
   * This reader as it is now: where features can be changed while others read, several calls of one
   * request go to one view, so that names and values belong together.
   */
  default FeatureReader view() {
    return this;
  }

  /** Why what is answered about some users may be old; empty if it is current. */
  default Optional<String> trouble() {
    return Optional.empty();
  }

  /** The offset of the first record that is not visible. */
  long appliedOffset();

  /** What the user did so far. */
  UserHistory history(UserId user);

  /**
   * The user's attributes; empty if none were put.
   *
   * @throws WinnowException with {@code UNAVAILABLE} if they are not known now
   */
  Map<String, AttributeValue> userAttributes(UserId user);

  /**
   * The numeric features of one user and C items, all read at the same offset.
   *
   * <p>Windows end at {@code query.timeMs()}. NaN stands for 'nothing known'.
   */
  FeatureRows read(FeatureQuery query);

  /**
   * The same with exactly the wanted columns in their order, as a release reads that was made with
   * other definitions than the application has now.
   *
   * @throws WinnowException with {@code CONFLICT} and a problem for each column that this store
   *     does not compute, or computes by another definition
   */
  default FeatureRows read(FeatureQuery query, FeatureSchema wanted) {
    if (wanted.equals(schema())) {
      return read(query);
    }
    List<Problem> missing = missing(wanted);
    if (!missing.isEmpty()) {
      throw conflict(missing);
    }
    FeatureRows all = read(query);
    int[] from = new int[wanted.size()];
    for (int column = 0; column < from.length; column++) {
      from[column] = schema().definitions().indexOf(wanted.definitions().get(column));
    }
    float[] values = new float[query.items().length * from.length];
    for (int row = 0; row < query.items().length; row++) {
      for (int column = 0; column < from.length; column++) {
        values[row * from.length + column] = all.values()[row * all.columns() + from[column]];
      }
    }
    return new FeatureRows(all.asOfOffset(), from.length, values);
  }

  /**
   * What keeps {@link #read(FeatureQuery, FeatureSchema)} from answering: a problem for each column
   * that this store does not compute, or computes by another definition. Empty if it can.
   */
  default List<Problem> missing(FeatureSchema wanted) {
    return wanted.missingFrom(schema().definitions());
  }

  /** The failure of a store that does not hold what is wanted. */
  static WinnowException conflict(List<Problem> missing) {
    return new WinnowException(
        ErrorCode.CONFLICT,
        missing.stream().map(Problem::toString).collect(Collectors.joining("; ")),
        missing,
        null);
  }

  /**
   * Features of many pairs of a user and an item, all read at the same offset: what {@link
   * #read(FeatureQuery)} gives for each of them, bit for bit. Pairs of one user are read together,
   * wherever they stand in the list.
   *
   * @throws io.winnow.core.WinnowException with {@code INVALID_ARGUMENT} for an item or a column
   *     that there is not
   */
  PairRows read(PairQuery query);

  /**
   * The same with columns of another schema than {@link #schema()}.
   *
   * @throws WinnowException with {@code CONFLICT} as {@link #read(FeatureQuery, FeatureSchema)}
   */
  default PairRows read(PairQuery query, FeatureSchema schema) {
    if (schema.equals(schema())) {
      return read(query);
    }
    throw conflict(
        List.of(new Problem("schema", schema.toString(), "the store's own, " + schema())));
  }

  /**
   * How many events other than impressions each item had in the window that ends at {@code timeMs}.
   *
   * @param days the window, one of 1, 7 or 30
   * @return counts by catalogue index, shape (catalog size)
   */
  float[] itemCounts(int days, long timeMs);

  /**
   * The same for one item; a store that can look it up need not count all.
   *
   * @param item catalogue index
   */
  default float itemCount(int item, int days, long timeMs) {
    return itemCounts(days, timeMs)[item];
  }

  /**
   * What to read.
   *
   * @param user whose request it is
   * @param items catalogue indices, shape (C); owned by the query
   * @param context the request's context
   * @param timeMs the request's time
   */
  record FeatureQuery(UserId user, int[] items, Map<String, String> context, long timeMs) {
    /** Copies the context. */
    public FeatureQuery {
      context = Map.copyOf(context);
    }
  }

  /**
   * What to read of many pairs.
   *
   * @param pairs R of them
   * @param columns which columns of the schema, shape (C); owned by the query
   * @param context the request's context
   * @param timeMs the request's time
   */
  record PairQuery(List<Pair> pairs, int[] columns, Map<String, String> context, long timeMs) {
    /** Stands for no item, or one that is not known. */
    public static final int NO_ITEM = -1;

    /** Copies pairs and context. */
    public PairQuery {
      pairs = List.copyOf(pairs);
      context = Map.copyOf(context);
    }
  }

  /**
   * A user and an item, or one of them.
   *
   * @param user null for none: then columns of the user and its pairs are NaN
   * @param item catalogue index; {@link PairQuery#NO_ITEM} for none: then columns of the item and
   *     its pairs are NaN
   */
  record Pair(@Nullable UserId user, int item) {}

  /**
   * The values of pairs.
   *
   * @param asOfOffset the offset they were read at
   * @param values row-major, shape (R, C); owned by the receiver
   * @param newestMs same shape: time of the newest event that the state behind the value has taken
   *     in, epoch milliseconds; {@link #NO_EVENT} if there was none; owned by the receiver
   */
  record PairRows(long asOfOffset, float[] values, long[] newestMs) {
    /** Stands for no event. */
    public static final long NO_EVENT = Long.MIN_VALUE;
  }

  /**
   * The values.
   *
   * @param asOfOffset the offset they were read at
   * @param columns F
   * @param values row-major, shape (C, F); owned by the receiver
   * @param complete whether they hold all that the log held below the offset; if not, a store did
   *     not answer in time, what is known of the user is old, and no replay gives the same
   */
  record FeatureRows(long asOfOffset, int columns, float[] values, boolean complete) {
    /** Complete rows. */
    public FeatureRows(long asOfOffset, int columns, float[] values) {
      this(asOfOffset, columns, values, true);
    }

    /** A copy of one row, shape (F). */
    public float[] row(int index) {
      return java.util.Arrays.copyOfRange(values, index * columns, (index + 1) * columns);
    }
  }
}
