package io.winnow.lifecycle.registry;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What every server of an application should serve: the releases behind the aliases, and how much
 * of the traffic those on trial get.
 *
 * @param revision rises by one with each change; 0 before the first
 * @param champion answers; null before the first release
 * @param previous the champion before, kept warm for a rollback
 * @param challenger answers a share of the users, or null
 * @param canary which users
 * @param shadow is asked beside the champion and shown to nobody, or null
 * @param shadowShare of requests, in [0, 1]
 */
public record ServingPlan(
    long revision,
    @Nullable String champion,
    @Nullable String previous,
    @Nullable String challenger,
    Canary canary,
    @Nullable String shadow,
    double shadowShare) {
  /** Nothing is served but what needs no release. */
  public static final ServingPlan EMPTY =
      new ServingPlan(0, null, null, null, Canary.NONE, null, 0);

  /**
   * Which users the challenger answers: those whose hash under the salt is below the share; users
   * from {@code 1 - share} on are their control. A higher share keeps the users of a lower one.
   *
   * @param salt the rollout's id
   * @param share in [0, 0.5]
   */
  public record Canary(String salt, double share) {
    /** Nobody. */
    public static final Canary NONE = new Canary("", 0);
  }

  /** The releases that have to be in memory, champion first, each once. */
  public List<String> versions() {
    List<String> versions = new ArrayList<>();
    for (String version : new String[] {champion, challenger, shadow, previous}) {
      if (version != null && !versions.contains(version)) {
        versions.add(version);
      }
    }
    return versions;
  }

  /** The plan after a champion was put in place: it answers everybody, nothing is on trial. */
  public ServingPlan promote(String version) {
    return new ServingPlan(
        revision,
        version,
        version.equals(champion) ? previous : champion,
        null,
        Canary.NONE,
        null,
        0);
  }

  /** The plan without trials. */
  public ServingPlan withoutTrials() {
    return new ServingPlan(revision, champion, previous, null, Canary.NONE, null, 0);
  }

  /** The plan with a release in shadow. */
  public ServingPlan withShadow(String version, double share) {
    return new ServingPlan(revision, champion, previous, null, Canary.NONE, version, share);
  }

  /** The plan with a challenger. */
  public ServingPlan withCanary(String version, Canary users) {
    return new ServingPlan(revision, champion, previous, version, users, null, 0);
  }
}
