package io.winnow.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.ApplicationFile;
import io.winnow.features.AuditReport.Skipped;
import io.winnow.features.FeatureAudit.Definition;
import io.winnow.features.FeatureSchema;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ReleaseDefinitionsTest {
  private static final String THEN =
      """
      application: clips
      events: [click]
      features: { user: { clicks_1h: count(click) over 1h } }
      """;

  @TempDir private Path folder;

  private final ApplicationDefinition present = TestApplications.clips().definition();
  private final ApplicationDefinition then =
      ApplicationFile.parse(THEN, "then", Map.of()).definition();

  @BeforeEach
  void publish() {
    new ReleaseStore(folder)
        .publish(
            new ReleaseManifest(
                "r-1",
                0,
                "clips",
                hash(then),
                Map.of(),
                new ReleaseManifest.Provenance(0, 0, 0, 0, "", "", null),
                Map.of()),
            bundle -> Files.writeString(bundle.resolve("application.yaml"), THEN));
  }

  private static long hash(ApplicationDefinition application) {
    return FeatureSchema.of(application).hash();
  }

  private Definition of(String release, long hash) {
    return new ReleaseDefinitions(present, new ReleaseStore(folder)).of(release, hash);
  }

  @Test
  void of_presentFeatures_areTheApplicationsWhateverBecameOfTheRelease() {
    assertEquals(new Definition.Known(present), of("gone", hash(present)));
  }

  @Test
  void of_earlierFeatures_areThoseOfTheBundle() {
    assertEquals(new Definition.Known(then), of("r-1", hash(then)));
  }

  @Test
  void of_featuresThatNobodyHas_saysWhy() {
    assertEquals(new Definition.Missing(Skipped.FEATURES_UNKNOWN), of("r-1", 42));
    assertEquals(new Definition.Missing(Skipped.RELEASE_GONE), of("r-2", hash(then)));
    assertEquals(new Definition.Missing(Skipped.RELEASE_GONE), of("../r-1", hash(then)));
  }

  @Test
  void of_damagedBundle_isNotTrusted() throws IOException {
    Files.writeString(folder.resolve("r-1/application.yaml"), THEN.replace("1h", "2h"));
    assertEquals(new Definition.Missing(Skipped.FEATURES_UNKNOWN), of("r-1", hash(then)));
  }
}
