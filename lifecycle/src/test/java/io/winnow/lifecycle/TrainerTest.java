package io.winnow.lifecycle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.LogRecord;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.events.RecordSource;
import io.winnow.features.OnlineStore;
import io.winnow.features.OnlineStores;
import io.winnow.lifecycle.RequestStages.Moment;
import io.winnow.lifecycle.RequestStages.Ranked;
import io.winnow.models.network.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TrainerTest {
  private static final long NOW_MS = TinyWorld.BEGIN_MS + 1000 * TinyWorld.STEP_MS;

  @TempDir Path folder;

  private final List<LogRecord> records = TinyWorld.records(700);

  private static Release train(List<LogRecord> records, long toOffset, long seed) {
    return new Trainer(
            TestApplications.clips(),
            TinyWorld.config(seed),
            () -> NOW_MS,
            TrainingProgress.silent())
        .train(RecordSource.of(records), toOffset);
  }

  @Test
  void train_again_givesTheSameBytes_whateverLiesBehindThePrefix() throws IOException {
    ReleaseStore first = new ReleaseStore(folder.resolve("first"));
    ReleaseStore second = new ReleaseStore(folder.resolve("second"));
    ReleaseStore other = new ReleaseStore(folder.resolve("other"));
    ReleaseManifest manifest = train(records, records.size(), 1).publish(first);
    List<LogRecord> longer = TinyWorld.records(900);
    assertEquals(records, longer.subList(0, records.size()));
    ReleaseManifest again = train(longer, records.size(), 1).publish(second);
    ReleaseManifest otherSeed = train(records, records.size(), 2).publish(other);

    assertTrue(manifest.files().containsKey("ranker.onnx"), manifest.toString());
    assertEquals(manifest, again);
    for (String file : manifest.files().keySet()) {
      assertArrayEquals(
          Files.readAllBytes(first.file(manifest.version(), file)),
          Files.readAllBytes(second.file(again.version(), file)),
          file);
    }
    assertNotEquals(manifest.files().get("encoder.onnx"), otherSeed.files().get("encoder.onnx"));
    assertEquals(records.size(), manifest.provenance().toOffset());
    assertEquals(TinyWorld.BEGIN_MS, manifest.provenance().fromMs());
    assertEquals(records.getLast().timeMs(), manifest.provenance().toMs());
  }

  @Test
  void train_interruptedThenAgain_goesOnAndGivesTheSameRelease() throws IOException {
    ReleaseStore first = new ReleaseStore(folder.resolve("first"));
    ReleaseStore second = new ReleaseStore(folder.resolve("second"));
    ReleaseManifest manifest = train(records, records.size(), 1).publish(first);
    TrainingCheckpoints checkpoints = new TrainingCheckpoints(folder.resolve("training"));
    List<String> heard = new ArrayList<>();
    // The encoder's first training has two epochs, the one that goes on with all events is third.
    for (int lives : new int[] {1, 2}) {
      heard.clear();
      assertThrows(IllegalStateException.class, () -> train(new Dying(lives, heard), checkpoints));
    }
    assertTrue(heard.contains("encoder: goes on after 1 epochs"), heard::toString);
    heard.clear();
    ReleaseManifest again = train(new Dying(1000, heard), checkpoints).publish(second);
    assertTrue(heard.contains("encoder: goes on after 2 epochs"), heard::toString);
    assertEquals(manifest, again);
    checkpoints.remove();
    try (Stream<Path> left = Files.list(folder.resolve("training"))) {
      assertEquals(List.of(), left.toList());
    }
  }

  private Release train(TrainingProgress progress, TrainingCheckpoints checkpoints) {
    return new Trainer(
            TestApplications.clips(), TinyWorld.config(1), () -> NOW_MS, progress, checkpoints)
        .train(RecordSource.of(records), records.size());
  }

  /** Dies when the encoder's training has had so many epochs. */
  private static final class Dying implements TrainingProgress {
    private final int lives;
    private final List<String> heard;
    private int epochs;

    Dying(int lives, List<String> heard) {
      this.lives = lives;
      this.heard = heard;
    }

    @Override
    public void step(String name, String detail) {
      heard.add(name + ": " + detail);
    }

    @Override
    public void epoch(Progress.Epoch epoch) {
      epochs += epoch.model().equals("encoder") ? 1 : 0;
      if (epochs == lives) {
        throw new IllegalStateException("interrupted");
      }
    }
  }

  @Test
  void train_tooLittle_saysWhatItHasAndWants() {
    WinnowException refused = assertThrows(WinnowException.class, () -> train(records, 100, 1));
    assertEquals(ErrorCode.INVALID_ARGUMENT, refused.code());
    assertTrue(
        String.valueOf(refused.getMessage())
            .matches("events: \\d+ outcomes of an objective .*at least 100.*"),
        refused.getMessage());
  }

  @Test
  void publishThenLoad_recommendsTheSame() {
    Release trained = train(records, records.size(), 1);
    ReleaseStore store = new ReleaseStore(folder);
    String version = trained.publish(store).version();
    Release loaded = Release.load(store, version);
    assertNotNull(loaded.ranker());
    assertEquals(version, loaded.version());
    assertEquals(trained.features(), loaded.features());
    assertEquals(
        List.of("user.clicks_1d", "item.clicks_1d", "item.clicks_7d", "user x category.clicks_7d"),
        loaded.manifest().features().stream().map(ReleaseManifest.Feature::name).toList());
    assertEquals(
        trained.features().definitions().stream().map(FeatureDefinition::version).toList(),
        loaded.manifest().features().stream().map(ReleaseManifest.Feature::version).toList());
    try (OnlineStore features = OnlineStores.inMemory(trained.definition())) {
      TinyWorld.append(features, records);
      for (int user = 0; user < 41; user++) {
        UserId id = new UserId("u" + user);
        Ranked expected = recommend(trained, features, id);
        Ranked actual = recommend(loaded, features, id);
        assertArrayEquals(expected.items(), actual.items());
        assertArrayEquals(expected.scores(), actual.scores());
        assertTrue(actual.items().length > 10);
      }
    }
  }

  private static Ranked recommend(Release release, OnlineStore features, UserId user) {
    ServingRelease serving = new ServingRelease(release, features, new CallerRunsExecutor());
    Moment moment = serving.moment(user, Map.of(), _ -> true, NOW_MS);
    return serving.rank(moment, serving.retrieve(moment, Duration.ofMinutes(1)));
  }

  @Test
  void load_aChangedByteInAnyFile_isRefusedByName() throws IOException {
    ReleaseStore store = new ReleaseStore(folder);
    ReleaseManifest manifest = train(records, records.size(), 1).publish(store);
    assertTrue(manifest.files().size() >= 12, manifest.files().keySet().toString());
    for (String name : manifest.files().keySet()) {
      Path file = store.file(manifest.version(), name);
      byte[] intact = Files.readAllBytes(file);
      byte[] damaged = intact.clone();
      damaged[damaged.length / 2] ^= 1;
      Files.write(file, damaged);
      WinnowException refused =
          assertThrows(WinnowException.class, () -> Release.load(store, manifest.version()), name);
      assertEquals(ErrorCode.CORRUPT, refused.code());
      assertTrue(
          String.valueOf(refused.getMessage()).contains("file " + name), refused.getMessage());
      Files.write(file, intact);
    }
    assertNotNull(Release.load(store, manifest.version()).ranker());
  }
}
