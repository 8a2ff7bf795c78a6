package io.winnow.lifecycle.registry;

import java.util.List;
import java.util.Locale;

/**
 * A release's way up the ladder.
 *
 * @param id unique; also the salt of the canary's users
 * @param candidate the release on trial
 * @param champion what it is to replace; empty if there was none
 * @param stage where it is
 * @param startedMs epoch milliseconds, by the clock of requests
 * @param stageSinceMs when it came to this stage, or to this step of the canary
 * @param step of the canary's shares, from 0
 * @param fromOffset the log's end when it came to this stage or step
 * @param decisions all that were taken, oldest first
 */
public record Rollout(
    String id,
    String candidate,
    String champion,
    Stage stage,
    long startedMs,
    long stageSinceMs,
    int step,
    long fromOffset,
    List<Decision> decisions) {
  /** Copies the list. */
  public Rollout {
    decisions = List.copyOf(decisions);
  }

  /** The rungs of the ladder, and how it can end. */
  public enum Stage {
    /** Judged on what was recorded. */
    GATE,
    /** Asked beside the champion. */
    SHADOW,
    /** Answers a share of users. */
    CANARY,
    /** Answers everybody, and is still watched. */
    LIVE,
    /** Stayed live. */
    DONE,
    /** Refused before anybody saw it. */
    REJECTED,
    /** Taken back after users saw it. */
    ROLLED_BACK,
    /** Given up by a person, or for a newer candidate. */
    CANCELLED;

    /** Whether nothing more happens. */
    public boolean isEnd() {
      return compareTo(DONE) >= 0;
    }

    /** As commands and JSON write it. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * What was decided, and by what.
   *
   * @param atMs epoch milliseconds, by the clock of requests
   * @param from the stage before
   * @param to the stage after; the same where only the canary's share rose
   * @param cause who, why, and the numbers
   */
  public record Decision(long atMs, Stage from, Stage to, Cause cause) {}

  /** Whether it is still under way. */
  public boolean isOpen() {
    return !stage.isEnd();
  }
}
