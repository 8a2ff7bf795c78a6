package io.winnow.lifecycle.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.WinnowException;
import io.winnow.core.application.Engines.RegistryEngine;
import io.winnow.core.application.Jobs.Keep;
import io.winnow.lifecycle.ReleaseManifest;
import io.winnow.lifecycle.ReleaseStore;
import io.winnow.lifecycle.registry.Retention.Judged;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RetentionTest {
  private static final long DAY_MS = 86_400_000;
  private static final long LONG_AFTER_MS = System.currentTimeMillis() + 1_000 * DAY_MS;

  @TempDir private Path folder;
  private final AtomicLong nowMs = new AtomicLong();
  private Registry registry;
  private ReleaseStore store;

  @BeforeEach
  void open() {
    registry = Registries.open(new RegistryEngine.Embedded(), folder, nowMs::get);
    store = new ReleaseStore(folder.resolve("releases"));
    for (int day = 1; day <= 9; day++) {
      publish("v" + day, day);
    }
  }

  @AfterEach
  void close() {
    registry.close();
  }

  @Test
  void apply_everyReason_keepsExactlyWhatIsNeeded() {
    serve("v1", 11);
    serve("v2", 12);
    serve("v3", 95);
    serve("v4", 96);
    registry.begin("v5", 0, RegistryConformance.CAUSE);
    registry.tag("v7", "keep", "the auditors asked");
    nowMs.set(100 * DAY_MS);
    Retention retention = retention(1, 30);

    Retention.Report judged = retention.judge(Set.of("v6"));

    assertEquals(
        List.of(
            new Judged("v1", List.of("served since 1970-03-12T00:00:00Z")),
            new Judged("v2", List.of("served since 1970-03-12T00:00:00Z")),
            new Judged("v3", List.of("previous", "served since 1970-03-12T00:00:00Z")),
            new Judged(
                "v4", List.of("champion", "open rollout", "served since 1970-03-12T00:00:00Z")),
            new Judged("v5", List.of("open rollout")),
            new Judged("v6", List.of("arm of an experiment")),
            new Judged("v7", List.of("tag keep")),
            new Judged("v8", List.of()),
            new Judged("v9", List.of("one of the newest 1"))),
        judged.releases());
    assertEquals(List.of("v8"), judged.deleted());
    assertEquals(2, judged.bytes(), "its own file; the common one stays");
    assertEquals(9, store.versions().size(), "judging deletes nothing");

    Retention.Report applied = retention.apply(Set.of("v6"));

    assertEquals(judged, applied);
    assertEquals(8, store.versions().size());
    store.versions().forEach(store::verify);
    RegisteredRelease row = registry.release("v8").orElseThrow();
    assertEquals(100 * DAY_MS, row.deletedMs());
    assertEquals(9, registry.releases().size());
    assertEquals(List.of(), retention.apply(Set.of("v6")).deleted(), "again deletes nothing");
  }

  @Test
  void apply_whatServedBeforeTheWindow_goes() {
    serve("v1", 11);
    serve("v2", 12);
    serve("v3", 13);
    nowMs.set(100 * DAY_MS);

    Retention.Report applied = retention(1, 30).apply(Set.of());

    assertEquals(List.of("v1", "v4", "v5", "v6", "v7", "v8"), applied.deleted());
    assertEquals(List.of("v2", "v3", "v9"), store.versions());
    assertEquals(
        "v1",
        registry.servedAt(11 * DAY_MS).orElseThrow().plan().champion(),
        "the ledger still tells what served");
  }

  @Test
  void apply_youngReleases_stay() {
    nowMs.set(10 * DAY_MS);

    assertEquals(
        List.of("v1", "v2", "v3"), retention(0, 6).apply(Set.of()).deleted(), "day 4 on is young");
  }

  @Test
  void apply_activeHereButDeletedElsewhere_goesOnWithTheOthersAndSaysSo() {
    store.activate("v1");
    registry.delete("v1");
    registry.delete("v2");
    nowMs.set(100 * DAY_MS);

    Retention.Report applied = retention(1, 30).apply(Set.of());

    assertEquals(List.of("v3", "v4", "v5", "v6", "v7", "v8"), applied.deleted());
    assertEquals("v1", applied.releases().getLast().version());
    assertTrue(
        applied.releases().getLast().needs().getFirst().startsWith("deleted, but its files stay"),
        applied.releases().toString());
    assertEquals(List.of("v1", "v9"), store.versions());
    store.verify("v1");
  }

  @Test
  void apply_markedButNotDeleted_isFinished() {
    registry.delete("v1");
    nowMs.set(1);

    retention(20, 30).apply(Set.of());

    assertEquals(8, store.versions().size());
  }

  @Test
  void apply_releaseNobodyRegistered_isRegisteredFirst() throws Exception {
    ReleaseManifest manifest = RegistryConformance.manifest("v0", 0);
    store.publish(manifest, bundle -> Files.write(bundle.resolve("a"), new byte[1]));
    nowMs.set(100 * DAY_MS);

    assertTrue(retention(0, 1).judge(Set.of()).deleted().contains("v1"));
    assertEquals("v0", registry.release("v0").orElseThrow().manifest().version());
  }

  @Test
  void apply_activeOfThisServer_staysThoughNoPlanNamesIt() {
    store.activate("v2");
    nowMs.set(100 * DAY_MS);

    Retention.Report applied = retention(0, 1).apply(Set.of());

    assertEquals(List.of("v2"), store.versions());
    assertEquals(8, applied.deleted().size());
    assertThrows(WinnowException.class, () -> store.verify("v1"));
  }

  private Retention retention(int newest, int days) {
    return new Retention(
        registry, store, new Keep(newest, Duration.ofDays(days)), nowMs::get, () -> LONG_AFTER_MS);
  }

  private void publish(String version, int day) {
    nowMs.set(day * DAY_MS);
    registry.register(
        store.publish(
            RegistryConformance.manifest(version, day * DAY_MS),
            bundle -> {
              Files.writeString(bundle.resolve("common.bin"), "the same in all");
              Files.write(bundle.resolve("own.bin"), version.getBytes(StandardCharsets.US_ASCII));
            }));
    assertEquals(Map.of(), registry.release(version).orElseThrow().tags());
  }

  private void serve(String version, int day) {
    nowMs.set(day * DAY_MS);
    registry.change(registry.plan().promote(version), "promote", RegistryConformance.CAUSE);
  }
}
