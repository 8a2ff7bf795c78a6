package io.winnow.lifecycle.evaluation;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a candidate and a champion did at the same moments of a log that neither had learned from.
 * Figures of a champion that there is not are NaN or null.
 *
 * @param outcomes how many outcomes the log holds behind both trainings, before thinning
 * @param impressions whether it holds slates there
 * @param shown the metric over what users took of what they were shown, which both releases ranked;
 *     null without such outcomes
 * @param organic the metric over what users chose without having been shown it, out of each
 *     release's whole answer; null without such outcomes
 * @param recall share of outcomes among the first that a source proposes, by source, for those that
 *     both have; {@code candidates} for all sources together
 * @param recallDepth how many of a source's proposals count
 * @param candidate what was seen of the candidate alone
 * @param champion what was seen of the champion alone; null without one
 * @param segments how the answers of kinds of users were, by kind
 * @param cutShort why not all moments were looked at; empty if they were
 */
public record ReleaseComparison(
    int outcomes,
    boolean impressions,
    @Nullable PairedDifference shown,
    @Nullable PairedDifference organic,
    Map<String, PairedDifference> recall,
    int recallDepth,
    Side candidate,
    @Nullable Side champion,
    Map<String, Segment> segments,
    String cutShort) {
  /** Copies the maps, keeping their order. */
  public ReleaseComparison {
    recall = Collections.unmodifiableMap(new LinkedHashMap<>(recall));
    segments = Collections.unmodifiableMap(new LinkedHashMap<>(segments));
  }

  /**
   * One release by itself.
   *
   * @param calibration by objective of its ranker that the application has; empty without slates
   * @param timedRequests how many requests were timed with both releases
   * @param p50Ms median time of an answer, milliseconds
   * @param p95Ms 95th percentile
   * @param failures what was thrown, the first of each kind
   * @param notFinite where a result was no number, the first of each kind
   */
  public record Side(
      Map<String, Calibration> calibration,
      int timedRequests,
      double p50Ms,
      double p95Ms,
      List<String> failures,
      List<String> notFinite) {
    /** Copies. */
    public Side {
      calibration = Collections.unmodifiableMap(new LinkedHashMap<>(calibration));
      failures = List.copyOf(failures);
      notFinite = List.copyOf(notFinite);
    }
  }

  /**
   * The answers to requests of some kind of user. An answer is good if it is whole: without error,
   * of as many items as were asked for (or are left), with every source in it.
   *
   * @param requests how many
   * @param candidate how the candidate's were
   * @param champion how the champion's were; all 0 without one
   * @param onlyCandidate answers that were worse than whole, where the champion's was whole
   * @param onlyChampion the other way round
   */
  public record Segment(
      int requests, Answers candidate, Answers champion, int onlyCandidate, int onlyChampion) {}

  /**
   * Answers that were not whole.
   *
   * @param failed with an error
   * @param shorter with fewer items than asked for although more could be shown
   * @param degraded without one of the sources
   */
  public record Answers(int failed, int shorter, int degraded) {}
}
