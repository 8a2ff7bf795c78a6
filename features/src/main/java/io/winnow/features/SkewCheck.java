package io.winnow.features;

import io.winnow.core.Event;
import io.winnow.core.Impression;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.events.RecordSource;
import io.winnow.features.FeatureReader.FeatureQuery;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * Compares the feature values that were logged with impressions with those that replay computes for
 * the same user, item, time and offset. They must agree bit for bit; a difference means that
 * training sees other values than serving did.
 *
 * <p>The time of an impression is the time of its request. Features of the request's context are
 * not compared: the context is not logged, and its values are taken as they were. Impressions of
 * another schema, or without values because ranking was degraded, are counted and left out.
 */
public final class SkewCheck {
  private SkewCheck() {}

  /**
   * One value that differs.
   *
   * @param offset of the impression
   * @param feature its qualified name
   * @param replayed what replay computes; NaN also if the item was not known at that offset
   */
  public record Mismatch(
      long offset, UserId user, ItemId item, String feature, float logged, float replayed) {}

  /**
   * What was found.
   *
   * @param impressions how many were compared
   * @param values how many values were compared
   * @param skipped impressions without values, or of another schema
   * @param mismatches how many values differ
   * @param examples the first of them
   */
  public record Report(
      long impressions, long values, long skipped, long mismatches, List<Mismatch> examples) {
    /** Copies the examples. */
    public Report {
      examples = List.copyOf(examples);
    }
  }

  private record Shown(long offset, Event event, Impression impression) {}

  /**
   * Checks the newest impressions of a log.
   *
   * @param maxImpressions how many at most; they are held in memory
   * @param maxExamples how many mismatches are kept
   */
  public static Report run(
      RecordSource log, ApplicationDefinition application, int maxImpressions, int maxExamples) {
    FeaturePlan plan = FeaturePlan.of(application);
    long hash = plan.schema().hash();
    ArrayDeque<Shown> newest = new ArrayDeque<>();
    long[] skipped = {0};
    log.replay((offset, record) -> {
      if (record instanceof LogRecord.Happened(Event event) && event.impression() != null) {
        Impression impression = event.impression();
        if (impression.schemaHash() != hash
            || impression.features().length != plan.schema().size()) {
          skipped[0]++;
          return;
        }
        newest.add(new Shown(offset, event, impression));
        if (newest.size() > maxImpressions) {
          newest.remove();
        }
      }
    });
    List<Shown> shown =
        newest.stream().sorted(Comparator.comparingLong(s -> s.impression.asOfOffset())).toList();
    Comparison comparison = new Comparison(plan, maxExamples);
    FeatureState state = new FeatureState(plan, new UserTable.InMemory(plan));
    PointInTimeReplay.play(
        log,
        state,
        shown.stream().mapToLong(s -> s.impression.asOfOffset()).toArray(),
        i -> comparison.compare(shown.get(i), state));
    return new Report(
        shown.size(), comparison.values, skipped[0], comparison.mismatches, comparison.examples);
  }

  /** Counts what differs. */
  private static final class Comparison {
    private final FeatureSchema schema;
    private final int maxExamples;
    private final List<Mismatch> examples = new ArrayList<>();
    private long values;
    private long mismatches;

    Comparison(FeaturePlan plan, int maxExamples) {
      this.schema = plan.schema();
      this.maxExamples = maxExamples;
    }

    void compare(Shown shown, FeatureState state) {
      Event event = shown.event;
      int item = state.catalog().indexOf(event.item());
      float[] replayed = new float[schema.size()];
      Arrays.fill(replayed, Float.NaN);
      if (item >= 0) {
        FeatureQuery query =
            new FeatureQuery(event.user(), new int[] {item}, Map.of(), event.timeMs());
        replayed = state.read(query).values();
      }
      for (int column = 0; column < replayed.length; column++) {
        if (schema.definitions().get(column).aggregation() instanceof Aggregation.Context) {
          continue;
        }
        values++;
        float logged = shown.impression.features()[column];
        if (item < 0 || Float.floatToIntBits(logged) != Float.floatToIntBits(replayed[column])) {
          mismatches++;
          if (examples.size() < maxExamples) {
            examples.add(
                new Mismatch(
                    shown.offset,
                    event.user(),
                    event.item(),
                    schema.names().get(column),
                    logged,
                    replayed[column]));
          }
        }
      }
    }
  }
}
