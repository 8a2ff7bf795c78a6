package io.winnow.app;

import io.winnow.core.ErrorCode;
import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.features.FeatureSchema;
import io.winnow.features.StateFolders;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.ReleaseStore;
import java.util.List;
import java.util.stream.Collectors;

/** Whether the feature store of a data folder holds what a release needs, while no server runs. */
final class ReleaseNeeds {
  private ReleaseNeeds() {}

  /**
   * Refuses a release that the store could not serve. A folder without a store refuses nothing: the
   * next start computes what the active release needs.
   *
   * @throws WinnowException with {@code CONFLICT} and a problem for each feature that is missing or
   *     has another version
   */
  static void check(DataFolder data, ReleaseStore releases, String version) {
    List<StateFolders.Contents> stores = StateFolders.list(data.features());
    if (stores.isEmpty()) {
      return;
    }
    FeatureSchema needed = FeatureSchema.of(Release.applicationOf(releases, version).definition());
    if (stores.stream().anyMatch(store -> store.features().missing(needed).isEmpty())) {
      return;
    }
    List<Problem> missing = stores.getFirst().features().missing(needed);
    throw new WinnowException(
        ErrorCode.CONFLICT,
        "release %s needs features that the store does not hold: %s"
            .formatted(
                version, missing.stream().map(Problem::toString).collect(Collectors.joining("; "))),
        missing,
        null);
  }
}
