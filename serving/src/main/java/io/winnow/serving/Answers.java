package io.winnow.serving;

import io.winnow.lifecycle.rollout.TrialRecorder;
import java.util.List;
import java.util.Set;

/** What of an answer tells something about the release that made it. */
final class Answers {
  /** Stages of which no release is to blame: experiments, the log, the feature store. */
  private static final Set<String> NOT_THE_RELEASE =
      Set.of("assignment", "impressions", "features", "interleaving");

  private Answers() {}

  /**
   * Judges an answer.
   *
   * @param failed whether there is none
   * @param fewer whether it has fewer items than were asked for
   */
  static TrialRecorder.Answer judge(
      long nanos, boolean failed, List<Degradation> degraded, boolean fewer) {
    boolean error = failed;
    boolean simpler = failed;
    for (Degradation degradation : degraded) {
      if (!NOT_THE_RELEASE.contains(degradation.stage())) {
        simpler = true;
        error |= degradation.reason().equals("error");
      }
    }
    return new TrialRecorder.Answer(nanos, error, simpler, fewer);
  }
}
