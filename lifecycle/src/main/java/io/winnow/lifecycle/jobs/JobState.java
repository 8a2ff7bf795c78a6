package io.winnow.lifecycle.jobs;

import java.util.Locale;

/** Where a run stands. */
public enum JobState {
  /** Waits for its turn, or for its next attempt. */
  QUEUED,
  /** A server works on it. */
  RUNNING,
  /** Done. */
  SUCCEEDED,
  /** Not done, and trying again would not help until something changes by itself. */
  FAILED,
  /** Not done, and a person has to see to it: the run says what to do. */
  WAITING,
  /** A person ended it. */
  CANCELLED,
  /** Was stopped in its last attempt because it took too long. */
  TIMED_OUT;

  /** Whether nothing more happens unless it is asked for again. */
  public boolean isEnd() {
    return compareTo(SUCCEEDED) >= 0;
  }

  /** As commands and JSON write it. */
  public String label() {
    return this == WAITING ? "waiting_for_a_person" : name().toLowerCase(Locale.ROOT);
  }
}
