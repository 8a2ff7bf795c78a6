package io.winnow.serving.http;

import io.winnow.core.application.ApplicationFile;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.lifecycle.ApplicationChange;
import java.util.List;

/** Shows the application that is served and puts another in its place. Thread-safe. */
public interface ApplicationControl {
  /** The application file of this moment and what is computed for it. */
  Status status();

  /**
   * Takes another application file: events are taken by it from now on, and what features need is
   * computed beside what serves.
   *
   * @param yaml its text
   * @return what it changes
   * @throws io.winnow.core.WinnowException with {@code INVALID_ARGUMENT} and every problem, or with
   *     {@code CONFLICT} while another change is being computed
   */
  Accepted apply(String yaml);

  /**
   * A file that was taken.
   *
   * @param change of the features
   * @param backfill whether the log is replayed before the features are there
   */
  record Accepted(ApplicationChange change, boolean backfill) {}

  /**
   * What is served.
   *
   * @param application the file that was taken last
   * @param hash identifies the features with state that it declares, 16 hexadecimal digits
   * @param held every feature that can be read now, in all versions
   * @param backfill what is being computed
   */
  record Status(
      ApplicationFile application, String hash, List<FeatureDefinition> held, Backfill backfill) {
    /** Copies the list. */
    public Status {
      held = List.copyOf(held);
    }
  }

  /**
   * The computation of features over the log.
   *
   * @param recordsDone of {@code recordsTotal}; both 0 unless running
   * @param secondsLeft NaN if not known
   * @param reason why it failed, else empty
   */
  record Backfill(
      State state, long recordsDone, long recordsTotal, double secondsLeft, String reason) {
    /** Nothing is computed, and the features are those of the application. */
    public static final Backfill IDLE = new Backfill(State.IDLE, 0, 0, Double.NaN, "");

    /** Whether anything is computed. */
    public enum State {
      /** The features are those of the application. */
      IDLE,
      /** They are being computed; the store serves with those before. */
      RUNNING,
      /** They could not be computed; the store serves with those before. */
      FAILED
    }
  }
}
