package io.winnow.core.application;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * When models are trained anew.
 *
 * @param cadence at least this often, or null for only when asked
 * @param on what else asks for it
 */
public record Retraining(@Nullable Duration cadence, List<Trigger> on) {
  /** Only when somebody asks. */
  public static final Retraining MANUAL = new Retraining(null, List.of());

  /** Copies the list. */
  public Retraining {
    on = List.copyOf(on);
  }

  /** A reason to train before the cadence says so. */
  public enum Trigger {
    /** The distribution of features moved. */
    DATA_DRIFT,
    /** Predictions fit outcomes worse than they did. */
    CONCEPT_DRIFT
  }
}
