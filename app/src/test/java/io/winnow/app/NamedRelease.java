package io.winnow.app;

import io.winnow.core.application.ApplicationFile;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.ReleaseManifest;
import io.winnow.lifecycle.ReleaseStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Releases without models under names of choice. */
final class NamedRelease {
  private NamedRelease() {}

  /**
   * Publishes one.
   *
   * @param aside takes a folder with the draft
   */
  static void publish(ReleaseStore store, String version, ApplicationFile application, Path aside)
      throws IOException {
    ReleaseStore drafts = new ReleaseStore(Files.createTempDirectory(aside, "draft"));
    ReleaseManifest draft = Release.untrained(application).publish(drafts);
    store.publish(
        new ReleaseManifest(
            version,
            1,
            draft.application(),
            draft.schemaHash(),
            draft.features(),
            Map.of(),
            draft.provenance(),
            draft.metrics()),
        target -> {
          for (String name : draft.files().keySet()) {
            Files.copy(drafts.file(draft.version(), name), target.resolve(name));
          }
        });
  }
}
