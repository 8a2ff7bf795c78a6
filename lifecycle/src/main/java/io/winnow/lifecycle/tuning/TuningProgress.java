package io.winnow.lifecycle.tuning;

import io.winnow.lifecycle.ModelTrials.Part;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Hears how a search goes. Called from the searching thread. */
public interface TuningProgress {
  /**
   * A trial ended.
   *
   * @param part the model that was tried
   * @param id names the trial
   * @param settings what was tried
   * @param score NDCG@10; null if the training failed
   * @param best the best of this model with a whole training so far; null before the first
   * @param secondsLeft of the budget
   */
  void trial(
      Part part,
      String id,
      Map<String, String> settings,
      @Nullable Double score,
      @Nullable Double best,
      double secondsLeft);

  /** Hears nothing. */
  static TuningProgress silent() {
    return (_, _, _, _, _, _) -> {};
  }
}
