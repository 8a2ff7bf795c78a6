package io.winnow.features;

import io.winnow.core.Event;
import io.winnow.core.Impression;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.features.AuditReport.Count;
import io.winnow.features.AuditReport.Mismatch;
import io.winnow.features.AuditReport.Skipped;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Counts what an audit finds, by feature; and apart from that, what it found among the newest
 * impressions, in {@value #BUCKETS} buckets of which the oldest is emptied when the newest is full.
 *
 * <p>Thread-safe. Memory: {@value #BUCKETS} pairs of counts and {@value #EXAMPLES} examples a
 * feature.
 */
final class AuditTally {
  /** How many newest mismatches of a feature are kept. */
  static final int EXAMPLES = 3;

  private static final int BUCKETS = 16;
  private static final String CONTEXT = "the context of a request is not logged";

  private final long bucketImpressions;
  private final Map<String, Counter> counters = new TreeMap<>();
  private final EnumMap<Skipped, Long> skipped = new EnumMap<>(Skipped.class);
  private final Map<String, String> notCompared = new TreeMap<>();
  private long requests;
  private long impressions;
  private @Nullable String lastRequest;
  private int bucket;

  /**
   * Without counts.
   *
   * @param recentImpressions about how many impressions the newest are; 0 for all
   */
  AuditTally(long recentImpressions) {
    this.bucketImpressions =
        recentImpressions == 0 ? Long.MAX_VALUE : Math.max(1, recentImpressions / BUCKETS);
  }

  /** Counts of one feature. */
  private static final class Counter {
    private long values;
    private long mismatches;
    private final long[] recentValues = new long[BUCKETS];
    private final long[] recentMismatches = new long[BUCKETS];
    private final ArrayDeque<Mismatch> examples = new ArrayDeque<>();

    Count recent() {
      long valuesSum = 0;
      long mismatchesSum = 0;
      for (int i = 0; i < BUCKETS; i++) {
        valuesSum += recentValues[i];
        mismatchesSum += recentMismatches[i];
      }
      return new Count(valuesSum, mismatchesSum);
    }
  }

  /**
   * The counters of a schema's columns; null for those that are not compared.
   *
   * @param counters shape (F)
   */
  record Columns(FeatureSchema schema, @Nullable Counter[] counters) {}

  /** Finds or makes the counters of a schema. */
  synchronized Columns columns(FeatureSchema schema) {
    @Nullable Counter[] columns = new @Nullable Counter[schema.size()];
    for (int column = 0; column < columns.length; column++) {
      FeatureDefinition definition = schema.definitions().get(column);
      String name = definition.qualifiedName();
      if (definition.aggregation() instanceof Aggregation.Context) {
        notCompared.put(name, CONTEXT);
      } else {
        columns[column] = counters.computeIfAbsent(name, _ -> new Counter());
      }
    }
    return new Columns(schema, columns);
  }

  /** An impression is not compared. */
  synchronized void skip(Skipped reason, long count) {
    if (count > 0) {
      skipped.merge(reason, count, Long::sum);
    }
  }

  /**
   * Compares the values of one impression.
   *
   * @param offset of the impression
   * @param event carries it
   * @param replayed holds the replayed row, shape (C, F)
   * @param row which one of them; -1 if replay does not know the item, and then every value differs
   */
  synchronized void compare(Columns columns, long offset, Event event, float[] replayed, int row) {
    Impression impression = event.impression();
    if (impression == null) {
      throw new IllegalArgumentException("event " + event.id() + " is no impression");
    }
    count(impression.requestId());
    for (int column = 0; column < columns.counters.length; column++) {
      Counter counter = columns.counters[column];
      if (counter == null) {
        continue;
      }
      float logged = impression.features()[column];
      float value = row < 0 ? Float.NaN : replayed[row * columns.counters.length + column];
      counter.values++;
      counter.recentValues[bucket]++;
      if (row < 0 || Float.floatToIntBits(logged) != Float.floatToIntBits(value)) {
        counter.mismatches++;
        counter.recentMismatches[bucket]++;
        if (counter.examples.size() == EXAMPLES) {
          counter.examples.removeFirst();
        }
        counter.examples.addLast(
            new Mismatch(
                columns.schema.definitions().get(column).qualifiedName(),
                offset,
                impression.requestId(),
                impression.provenance().release(),
                event.user(),
                event.item(),
                logged,
                value));
      }
    }
  }

  /** The impressions of one request come one after the other: they are appended as one batch. */
  private void count(String requestId) {
    impressions++;
    if (!requestId.equals(lastRequest)) {
      requests++;
      lastRequest = requestId;
    }
    if (impressions % bucketImpressions == 0) {
      bucket = (bucket + 1) % BUCKETS;
      for (Counter counter : counters.values()) {
        counter.recentValues[bucket] = 0;
        counter.recentMismatches[bucket] = 0;
      }
    }
  }

  /** What was found so far. */
  synchronized AuditReport report() {
    Map<String, Count> all = new TreeMap<>();
    Map<String, Count> recent = new TreeMap<>();
    List<Mismatch> examples = new ArrayList<>();
    counters.forEach((name, counter) -> {
      all.put(name, new Count(counter.values, counter.mismatches));
      recent.put(name, counter.recent());
      examples.addAll(counter.examples);
    });
    return new AuditReport(requests, impressions, all, recent, skipped, notCompared, examples);
  }
}
