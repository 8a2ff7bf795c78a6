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
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Whether the world moved since the champion went live: a fold over the log that compares what the
 * champion was asked and what users made of its answers with the first it showed.
 *
 * <p><b>Data drift</b>, by {@link FeatureDrift}: the population of each logged feature on the
 * newest whole days against that of the first.
 *
 * <p><b>Concept drift</b>: outcomes per slate. The champion's slates are cut into blocks of {@value
 * #BLOCK}; the first is what the others are compared with, each once, when the events' time has
 * passed its last slate by as long as an outcome may take. Block k rejects 'as good as the first'
 * at level 6·α/(π²·k²) (a ratio of sums over users against another, Welch), which sums to α over
 * any number of blocks: the chance of ever asking without a reason is at most α = {@value #ALPHA}.
 * Where {@value #WAITING_MAX} blocks wait for their outcomes, slates are left out until one of them
 * was compared.
 *
 * <p>Memory is bounded by these sizes. Not thread-safe.
 */
public final class DriftWatch {
  static final int BLOCK = 1_000;
  static final int WAITING_MAX = 100;
  static final double ALPHA = 0.01;

  private final ReleaseManifest champion;
  private final Objectives objectives;
  private final FeatureDrift features;
  private long next;

  /** Slates of the open block and of those that wait, by request. */
  private final Map<String, Slate> slates = new HashMap<>();

  private List<Slate> open = new ArrayList<>();
  private final ArrayDeque<List<Slate>> waiting = new ArrayDeque<>();
  private @Nullable Estimate reference;
  private int compared;
  private double surest = Double.NaN;
  private double latest = Double.NaN;
  private boolean fell;

  private static final class Slate {
    private final String request;
    private final UserId user;
    private final long timeMs;
    private int outcomes;

    Slate(String request, UserId user, long timeMs) {
      this.request = request;
      this.user = user;
      this.timeMs = timeMs;
    }
  }

  /**
   * A watch over a champion that has seen nothing yet.
   *
   * @param features the qualified names of its columns, in order
   */
  public DriftWatch(ReleaseManifest champion, List<String> features, Objectives objectives) {
    this.champion = champion;
    this.features = new FeatureDrift(features);
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
      compareRipe(event.timeMs());
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
    features.shown(event, impression);
    if (slates.containsKey(impression.requestId()) || waiting.size() == WAITING_MAX) {
      return;
    }
    Slate slate = new Slate(impression.requestId(), event.user(), event.timeMs());
    open.add(slate);
    slates.put(slate.request, slate);
    if (open.size() == BLOCK) {
      waiting.add(open);
      open = new ArrayList<>();
    }
  }

  /** Compares the blocks that have had their time. */
  private void compareRipe(long nowMs) {
    while (!waiting.isEmpty()
        && nowMs - waiting.getFirst().getLast().timeMs > objectives.within().toMillis()) {
      List<Slate> block = waiting.removeFirst();
      compare(block);
      block.forEach(slate -> slates.remove(slate.request));
    }
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
    return features.reading(champion.version());
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
            ? "Fewer than %,d slates were shown whose outcomes are all in, which a comparison needs."
                .formatted(2 * BLOCK)
            : String.format(
                Locale.ROOT,
                "%.4f outcomes per slate lately, %.4f at first; the evidence of a fall is %.3g times"
                    + " what is asked for.",
                latest,
                then.value(),
                surest));
  }
}
