package io.winnow.models.ranker;

import io.winnow.core.WinnowException;
import java.util.List;

/**
 * What the user of one request did before it, oldest first: L events. Owns its arrays.
 *
 * @param items what each event was about, shape (L)
 * @param types index into {@link HistorySpec#eventTypes}; another number is a type that the ranker
 *     does not know; shape (L)
 * @param values of the events, NaN where there is none, shape (L)
 * @param ageSeconds how long before the request, shape (L)
 */
public record RequestHistory(
    List<ItemFacts> items, byte[] types, float[] values, float[] ageSeconds) {
  /**
   * Checks the lengths.
   *
   * @throws WinnowException INVALID_ARGUMENT naming an array that does not fit
   */
  public RequestHistory {
    items = List.copyOf(items);
    check("history.types.length", types.length, items.size());
    check("history.values.length", values.length, items.size());
    check("history.ageSeconds.length", ageSeconds.length, items.size());
  }

  private static void check(String field, int length, int wanted) {
    if (length != wanted) {
      throw WinnowException.invalid(field, length, Integer.toString(wanted));
    }
  }

  /** Of a user who did nothing yet. */
  public static RequestHistory empty() {
    return new RequestHistory(List.of(), new byte[0], new float[0], new float[0]);
  }

  /** L. */
  public int length() {
    return items.size();
  }

  /**
   * The relations between candidates and the newest events.
   *
   * @return shape (C, max(1, l), R), where l is how many events there are, at most the spec's
   *     length; without an event the one row is padding
   */
  public float[] relations(HistorySpec spec, List<ItemFacts> candidates) {
    int length = rowsOf(spec);
    float[] out = new float[candidates.size() * length * spec.columns()];
    write(spec, candidates, length, out, 0);
    return out;
  }

  /** How many rows of relations a candidate has, at least 1. */
  int rowsOf(HistorySpec spec) {
    return Math.clamp(length(), 1, spec.length());
  }

  /**
   * Writes the relations over zeros.
   *
   * @param length how many rows a candidate has room for; those behind the events stay zero
   */
  void write(HistorySpec spec, List<ItemFacts> candidates, int length, float[] out, int at) {
    int columns = spec.columns();
    int taken = Math.min(Math.min(length, spec.length()), length());
    float[] events = events(spec, taken);
    int first = length() - taken;
    for (int c = 0; c < candidates.size(); c++) {
      ItemFacts candidate = candidates.get(c);
      int from = at + c * length * columns;
      System.arraycopy(events, 0, out, from, events.length);
      for (int j = 0; j < taken; j++) {
        ItemFacts other = items.get(first + j);
        int row = from + j * columns;
        out[row + HistorySpec.SAME_ITEM] = candidate.item() == other.item() ? 1 : 0;
        out[row + HistorySpec.COSINE] = candidate.cosine(other);
        out[row + HistorySpec.OVERLAP] = candidate.overlap(other);
      }
    }
  }

  /** The columns that no candidate changes, of the newest events, shape (taken, R). */
  private float[] events(HistorySpec spec, int taken) {
    int columns = spec.columns();
    float[] rows = new float[taken * columns];
    for (int j = 0; j < taken; j++) {
      int event = length() - taken + j;
      int row = j * columns;
      rows[row + HistorySpec.PRESENT] = 1;
      rows[row + HistorySpec.AGE] = (logarithm(ageSeconds[event]) - 9) / 3;
      rows[row + HistorySpec.DISTANCE] = logarithm(length() - 1 - event) - 1.5f;
      float value = values[event];
      rows[row + HistorySpec.VALUE] =
          Float.isNaN(value) ? 0 : Math.signum(value) * logarithm(Math.abs(value));
      int type = types[event];
      if (type >= 0 && type < spec.eventTypes().size()) {
        rows[row + HistorySpec.TYPES + type] = 1;
      }
    }
    return rows;
  }

  private static float logarithm(float x) {
    return (float) StrictMath.log1p(Math.max(0, x));
  }
}
