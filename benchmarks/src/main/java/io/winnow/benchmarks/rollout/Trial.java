package io.winnow.benchmarks.rollout;

import java.util.Map;

/**
 * How a release fared on the ladder, and what it did on the way.
 *
 * @param name of the release
 * @param kind what is wrong with it, as JSON writes it; {@code good} if nothing is
 * @param truth what its first slates would do to users, by the world, and of a good one {@link
 *     #LIVED_LIFT}; empty where it cannot be loaded
 * @param end where the ladder left it
 * @param visits of users from its proposal to its end
 * @param harm to users until then
 * @param seconds that the trial took, by the machine's clock
 */
public record Trial(
    String name,
    String kind,
    Map<String, Double> truth,
    End end,
    long visits,
    Harm harm,
    double seconds) {
  /** What users have more or less of clicks where they live with it, relative. */
  public static final String LIVED_LIFT = "lived_lift";

  /** The change of clicks, relative: of those who live with it, else by its first slates. */
  public double lift() {
    return truth.getOrDefault(LIVED_LIFT, truth.getOrDefault("lift", Double.NaN));
  }

  /**
   * Where the ladder left a release.
   *
   * @param outcome the last stage, such as {@code rejected}
   * @param stage where that was decided: {@code gate}, {@code shadow}, {@code canary} or {@code
   *     live}
   * @param reason the ladder's sentence: what it decided, or waits for where it is still open
   */
  public record End(String outcome, String stage, String reason) {}

  /**
   * What users had of a release.
   *
   * @param users who were shown a slate of it
   * @param slates that it made for users
   */
  public record Harm(int users, long slates) {
    /** Nobody saw it. */
    public static final Harm NONE = new Harm(0, 0);
  }

  /** Whether it serves everybody and was left there. */
  public boolean isPromoted() {
    return end.outcome().equals("done") || end.outcome().equals("live");
  }
}
