package io.winnow.lifecycle.triggers;

import io.winnow.core.Event;
import io.winnow.core.Impression;
import io.winnow.core.LogRecord;
import io.winnow.core.UserId;
import io.winnow.core.application.Objectives;
import io.winnow.core.application.Retraining.Trigger;
import io.winnow.events.RecordSource;
import io.winnow.experiments.statistics.Contrast;
import io.winnow.experiments.statistics.Estimate;
import io.winnow.lifecycle.ReleaseManifest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Whether the world moved since the champion went live: a fold over the log that compares what the
 * champion was asked and what users made of its answers with the first it showed.
 *
 * <p><b>Data drift</b>: the {@linkplain PopulationStability population stability index} of each
 * logged feature over the newest {@value #WINDOW} impressions against the first {@value #WINDOW}.
 *
 * <p><b>Concept drift</b>: outcomes per slate. The champion's slates are cut into blocks of {@value
 * #BLOCK}; the first is what the others are compared with, each once, when the block behind it is
 * full, so that late outcomes are in. Block k rejects 'as good as the first' at level 6·α/(π²·k²)
 * (a ratio of sums over users against another, Welch), which sums to α over any number of blocks:
 * the chance of ever asking without a reason is at most α = {@value #ALPHA}.
 *
 * <p>Memory is bounded by both sizes. Not thread-safe.
 */
public final class DriftWatch {
  static final int WINDOW = 2_000;
  static final int BLOCK = 1_000;
  static final double ALPHA = 0.01;

  private final ReleaseManifest champion;
  private final Objectives objectives;
  private final List<String> features;
  private final List<float[]> first = new ArrayList<>();
  private final float[][] newest = new float[WINDOW][];
  private long impressions;
  private long next;

  /** Slates of the open block and of the full one before it, by request. */
  private final Map<String, Slate> slates = new LinkedHashMap<>();

  private final List<Slate> open = new ArrayList<>();
  private @Nullable List<Slate> full;
  private @Nullable Estimate reference;
  private int compared;
  private double surest = Double.NaN;
  private double latest = Double.NaN;
  private boolean fell;

  private static final class Slate {
    private final UserId user;
    private final long timeMs;
    private int outcomes;

    Slate(UserId user, long timeMs) {
      this.user = user;
      this.timeMs = timeMs;
    }
  }

  /**
   * A watch over a champion that has seen nothing yet.
   *
   * @param features the names of its columns, in order
   */
  public DriftWatch(ReleaseManifest champion, List<String> features, Objectives objectives) {
    this.champion = champion;
    this.features = List.copyOf(features);
    this.objectives = objectives;
    this.next = champion.provenance().toOffset();
  }

  /** Whose watch it is. */
  public String champion() {
    return champion.version();
  }

  /**
   * Takes in more of the log.
   *
   * @param most records at a time
   * @return whether it is at the log's end
   */
  public boolean follow(RecordSource log, long most) {
    long end = log.endOffset();
    long to = Math.min(end, next + most);
    if (next < to) {
      log.replay(
          next,
          to,
          (_, record) -> {
            if (record instanceof LogRecord.Happened(Event event)) {
              visit(event);
            }
          });
      next = to;
    }
    return to == end;
  }

  private void visit(Event event) {
    Impression impression = event.impression();
    if (impression != null) {
      if (impression.provenance().release().equals(champion.version())) {
        shown(event, impression);
      }
      return;
    }
    Slate slate = event.requestId() == null ? null : slates.get(event.requestId());
    if (slate != null
        && event.timeMs() - slate.timeMs <= objectives.within().toMillis()
        && objectives.list().stream().anyMatch(o -> o.when().test(event))) {
      slate.outcomes++;
    }
  }

  private void shown(Event event, Impression impression) {
    if (impression.features().length == features.size()) {
      if (first.size() < WINDOW) {
        first.add(impression.features());
      }
      newest[(int) (impressions % WINDOW)] = impression.features();
      impressions++;
    }
    if (!slates.containsKey(impression.requestId())) {
      if (open.size() == BLOCK) {
        closeBlock();
      }
      Slate slate = new Slate(event.user(), event.timeMs());
      open.add(slate);
      slates.put(impression.requestId(), slate);
    }
  }

  /** The open block is full: the one before it has had its time and is compared. */
  private void closeBlock() {
    List<Slate> before = full;
    if (before != null) {
      compare(before);
      slates.values().removeAll(before);
    }
    full = List.copyOf(open);
    open.clear();
  }

  private void compare(List<Slate> block) {
    Estimate now = perSlate(block);
    Estimate then = reference;
    if (then == null) {
      reference = now;
      return;
    }
    compared++;
    double level = 6 * ALPHA / (Math.PI * Math.PI * compared * compared);
    Contrast contrast = new Contrast(then, now);
    latest = now.value();
    // One-sided: only a fall asks for a training.
    double p = contrast.z() < 0 ? contrast.pValue() / 2 : 1;
    double evidence = level / Math.max(p, Double.MIN_NORMAL);
    surest = Double.isNaN(surest) ? evidence : Math.max(surest, evidence);
    fell |= evidence >= 1;
  }

  /** Outcomes per slate, with the error of a ratio of sums over users. */
  private static Estimate perSlate(List<Slate> block) {
    Map<UserId, double[]> users = new HashMap<>();
    double outcomes = 0;
    for (Slate slate : block) {
      double[] totals = users.computeIfAbsent(slate.user, _ -> new double[2]);
      totals[0] += slate.outcomes;
      totals[1]++;
      outcomes += slate.outcomes;
    }
    double ratio = outcomes / block.size();
    double squares = 0;
    for (double[] totals : users.values()) {
      double residual = totals[0] - ratio * totals[1];
      squares += residual * residual;
    }
    double n = users.size();
    double error =
        n < 2 ? Double.POSITIVE_INFINITY : Math.sqrt(n / (n - 1) * squares) / block.size();
    return new Estimate(ratio, error, users.size());
  }

  /** The feature that moved most. */
  public TriggerReading data() {
    double worst = Double.NaN;
    String feature = "";
    if (impressions >= 2L * WINDOW) {
      for (int column = 0; column < features.size(); column++) {
        double psi = PopulationStability.of(column(first, column), column(List.of(newest), column));
        if (!(psi <= worst)) {
          worst = psi;
          feature = features.get(column);
        }
      }
    }
    return new TriggerReading(
        Trigger.DATA_DRIFT,
        worst,
        PopulationStability.MOVED,
        champion.version(),
        feature.isEmpty()
            ? String.format(
                Locale.ROOT,
                "%,d of the %,d impressions are there that a comparison needs.",
                impressions,
                2 * WINDOW)
            : String.format(
                Locale.ROOT,
                "The population stability index of %s is %.3f, %s is another population.",
                feature,
                worst,
                PopulationStability.MOVED));
  }

  private static float[] column(List<float[]> rows, int column) {
    float[] values = new float[rows.size()];
    for (int row = 0; row < values.length; row++) {
      values[row] = rows.get(row)[column];
    }
    return values;
  }

  /** Whether users make less of the champion's slates than at first; stays once it was shown. */
  public TriggerReading concept() {
    Estimate then = reference;
    return new TriggerReading(
        Trigger.CONCEPT_DRIFT,
        fell ? Math.max(1, surest) : surest,
        1,
        champion.version(),
        then == null || Double.isNaN(latest)
            ? "Fewer than %,d slates were shown, which a comparison needs.".formatted(4 * BLOCK)
            : String.format(
                Locale.ROOT,
                "%.4f outcomes per slate lately, %.4f at first; the evidence of a fall is %.3g times"
                    + " what is asked for.",
                latest,
                then.value(),
                surest));
  }
}
