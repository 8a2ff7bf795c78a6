package io.winnow.lifecycle.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.winnow.lifecycle.ReleaseManifest;
import io.winnow.lifecycle.ReleaseManifest.Feature;
import io.winnow.lifecycle.ReleaseManifest.FileEntry;
import io.winnow.lifecycle.ReleaseManifest.Provenance;
import io.winnow.lifecycle.registry.ReleaseDifference.Change;
import io.winnow.lifecycle.registry.ReleaseDifference.FileChange;
import io.winnow.lifecycle.registry.ReleaseDifference.Metric;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ReleaseDifferenceTest {
  private static final RegisteredRelease A =
      release(
          "v1",
          List.of(new Feature("user.clicks", "aa", "count(click) in 1d"), feature("user.gone")),
          Map.of("same.bin", file(3, "00"), "model.bin", file(5, "11"), "old.bin", file(1, "22")),
          new Provenance(
              100,
              0,
              1_000,
              7,
              "0.1.0",
              "Java 25",
              "v0",
              Map.of("epochs", "2", "rank", "8"),
              List.of()),
          Map.of("ndcg@10", 0.5, "auc", 0.75));
  private static final RegisteredRelease B =
      release(
          "v2",
          List.of(new Feature("user.clicks", "bb", "count(click) in 7d"), feature("user.new")),
          Map.of("same.bin", file(3, "00"), "model.bin", file(6, "33"), "new.bin", file(2, "44")),
          new Provenance(
              200,
              0,
              2_000,
              7,
              "0.1.0",
              "Java 25",
              "v1",
              Map.of("epochs", "3", "rank", "8"),
              List.of()),
          Map.of("ndcg@10", 0.625, "gate.ece", 0.125));

  @Test
  void of_releasesThatDifferEverywhere_namesEachDifference() {
    ReleaseDifference difference = ReleaseDifference.of(A, B);

    assertEquals(
        List.of(
            new Metric("auc", 0.75, null, null),
            new Metric("gate.ece", null, 0.125, null),
            new Metric("ndcg@10", 0.5, 0.625, 0.125)),
        difference.metrics());
    assertEquals(
        List.of(
            new Change("user.clicks", "count(click) in 1d (aa)", "count(click) in 7d (bb)"),
            new Change("user.gone", "text (1)", null),
            new Change("user.new", null, "text (1)")),
        difference.features());
    assertEquals(List.of(new Change("epochs", "2", "3")), difference.settings());
    assertEquals(
        List.of(
            new Change("data to", "1970-01-01T00:00:01Z", "1970-01-01T00:00:02Z"),
            new Change("log to offset", "100", "200"),
            new Change("parent", "v0", "v1")),
        difference.provenance());
    assertEquals(
        List.of(
            new FileChange("model.bin", false, 5L, 6L),
            new FileChange("new.bin", false, null, 2L),
            new FileChange("old.bin", false, 1L, null),
            new FileChange("same.bin", true, 3L, 3L)),
        difference.files());
  }

  @Test
  void text_names_whatDiffersAndCountsWhatDoesNot() {
    assertEquals(
        """
        v1 → v2
        provenance
          data to: 1970-01-01T00:00:01Z → 1970-01-01T00:00:02Z
          log to offset: 100 → 200
          parent: v0 → v1
        settings
          epochs: 2 → 3
        features
          user.clicks: count(click) in 1d (aa) → count(click) in 7d (bb)
          user.gone: text (1) → –
          user.new: – → text (1)
        metrics
          auc                                               0.75000            –            –
          gate.ece                                                –      0.12500            –
          ndcg@10                                           0.50000      0.62500     +0.12500
        files: 1 equal
          model.bin                                               5            6 bytes
          new.bin                                                 –            2 bytes
          old.bin                                                 1            – bytes
        """,
        ReleaseDifference.of(A, B).text());
  }

  @Test
  void of_aReleaseAndItself_differsInNothing() {
    ReleaseDifference difference = ReleaseDifference.of(A, A);

    assertEquals(List.of(), difference.features());
    assertEquals(List.of(), difference.settings());
    assertEquals(List.of(), difference.provenance());
    assertEquals(List.of(0.0, 0.0), difference.metrics().stream().map(Metric::difference).toList());
    assertEquals(3, difference.files().stream().filter(FileChange::equal).count());
  }

  private static Feature feature(String name) {
    return new Feature(name, "1", "text");
  }

  private static FileEntry file(long bytes, String sha256) {
    return new FileEntry(bytes, sha256);
  }

  private static RegisteredRelease release(
      String version,
      List<Feature> features,
      Map<String, FileEntry> files,
      Provenance provenance,
      Map<String, Double> metrics) {
    return new RegisteredRelease(
        new ReleaseManifest(version, 5, "test", 1, features, files, provenance, Map.of()),
        5,
        Map.of(),
        metrics,
        0);
  }
}
