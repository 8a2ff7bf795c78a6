package io.winnow.lifecycle.cadence;

import io.winnow.core.application.Retraining;
import io.winnow.lifecycle.ReleaseManifest;
import io.winnow.lifecycle.TrainingStart;
import io.winnow.lifecycle.registry.RegisteredRelease;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How the next training begins. */
public sealed interface TrainingPlan {
  /** Why, for people. */
  String reason();

  /** With nothing. */
  record Full(String reason) implements TrainingPlan {}

  /**
   * With a release. What only the release's files can say, as that its networks have another shape,
   * {@link TrainingStart#obstacles} finds later; then the training is to be full, too.
   *
   * @param parent the release's version
   */
  record Incremental(String parent, String reason) implements TrainingPlan {}

  /**
   * Decides by the schedule: from the champion, unless the last full training, whatever became of
   * its release, was too long ago. Releases that somebody imported networks into do not count as
   * trained.
   *
   * @param releases all that are known, in any order
   * @param champion the version that serves, or null if none does
   * @param nowMs by the clock that releases are dated with, epoch milliseconds
   */
  static TrainingPlan decide(
      Retraining retraining,
      List<RegisteredRelease> releases,
      @Nullable String champion,
      long nowMs) {
    Duration full = retraining.full();
    if (full == null) {
      return new Full("retraining.full is not set: every training begins anew");
    }
    if (champion == null) {
      return new Full("no release serves yet");
    }
    Optional<RegisteredRelease> found =
        releases.stream()
            .filter(release -> release.manifest().version().equals(champion))
            .findFirst();
    if (found.isEmpty()) {
      return new Full("the champion " + champion + " is not in the registry");
    }
    if (found.get().deletedMs() > 0) {
      return new Full("the files of the champion " + champion + " are deleted");
    }
    if (!found.get().manifest().provenance().imported().isEmpty()) {
      return new Full("the champion " + champion + " holds networks from elsewhere");
    }
    Optional<ReleaseManifest> last =
        releases.stream()
            .map(RegisteredRelease::manifest)
            .filter(manifest -> manifest.provenance().imported().isEmpty())
            .filter(TrainingStart::wasFull)
            .max(Comparator.comparingLong(ReleaseManifest::createdMs));
    if (last.isEmpty()) {
      return new Full("no full training is known");
    }
    long agoMs = nowMs - last.get().createdMs();
    if (agoMs >= full.toMillis()) {
      return new Full(
          "the last full training, %s, was %s ago (retraining.full: %s)"
              .formatted(last.get().version(), Duration.ofMillis(agoMs), full));
    }
    return new Incremental(
        champion,
        "goes on from the champion %s; the last full training, %s, was %s ago (retraining.full: %s)"
            .formatted(champion, last.get().version(), Duration.ofMillis(agoMs), full));
  }
}
