package io.winnow.lifecycle;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.features.AuditReport.Skipped;
import io.winnow.features.FeatureAudit.Definition;
import io.winnow.features.FeatureAudit.Definitions;
import io.winnow.features.FeatureSchema;

/**
 * Finds the features that an impression logged: the application's present ones, or those of the
 * release that answered, from its bundle. Stateless over a store of releases; thread-safe.
 */
public final class ReleaseDefinitions implements Definitions {
  private final ApplicationDefinition present;
  private final ReleaseStore releases;

  /**
   * @param present what the store serves now
   * @param releases holds the bundles
   */
  public ReleaseDefinitions(ApplicationDefinition present, ReleaseStore releases) {
    this.present = present;
    this.releases = releases;
  }

  @Override
  public Definition of(String release, long schemaHash) {
    if (FeatureSchema.of(present).hash() == schemaHash) {
      return new Definition.Known(present);
    }
    if (!releases.versions().contains(release)) {
      return new Definition.Missing(Skipped.RELEASE_GONE);
    }
    try {
      ApplicationDefinition then = ReleaseFiles.application(releases, release).definition();
      return FeatureSchema.of(then).hash() == schemaHash
          ? new Definition.Known(then)
          : new Definition.Missing(Skipped.FEATURES_UNKNOWN);
    } catch (WinnowException e) {
      if (e.code() == ErrorCode.CORRUPT || e.code() == ErrorCode.INVALID_ARGUMENT) {
        return new Definition.Missing(Skipped.FEATURES_UNKNOWN); // damaged, or of another language
      }
      throw e;
    }
  }
}
