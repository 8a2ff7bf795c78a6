package io.winnow.lifecycle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.LogRecord;
import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.RecordSource;
import io.winnow.models.encoder.EncoderConfig;
import io.winnow.models.encoder.TrainedEncoder;
import io.winnow.models.network.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Trainings that go on from a release. */
final class IncrementalTrainingTest {
  private static final long NOW_MS = TinyWorld.BEGIN_MS + 2000 * TinyWorld.STEP_MS;
  private static final int SEEN = 800;

  @TempDir Path folder;

  private final List<LogRecord> records = TinyWorld.records(1100);

  private static Trainer trainer(ApplicationFile application, TrainerConfig config) {
    return new Trainer(application, config, () -> NOW_MS, TrainingProgress.silent());
  }

  private Release champion() {
    return trainer(TestApplications.clips(), TinyWorld.config(1))
        .train(RecordSource.of(records), SEEN);
  }

  private Release goOn(Release champion, List<LogRecord> log, long toOffset) {
    return trainer(TestApplications.clips(), TinyWorld.config(1))
        .train(RecordSource.of(log), toOffset, TrainingStart.from(champion));
  }

  private static WinnowException refused(
      Release champion, ApplicationFile application, TrainerConfig config, List<LogRecord> log) {
    return assertThrows(
        WinnowException.class,
        () ->
            trainer(application, config)
                .train(RecordSource.of(log), log.size(), TrainingStart.from(champion)));
  }

  @Test
  void train_fromRelease_namesItAndKnowsWhatIsNew() {
    Release champion = champion();
    Release next = goOn(champion, records, records.size());
    ReleaseManifest.Provenance origin = next.manifest().provenance();
    assertEquals(champion.version(), origin.parent());
    assertEquals("incremental", origin.settings().get("training"));
    assertEquals("continued", origin.settings().get("training.ranker"));
    assertEquals("3", origin.settings().get("incremental.epochs"));
    assertEquals(records.size(), origin.toOffset());
    assertFalse(TrainingStart.wasFull(next.manifest()));
    assertNull(champion.manifest().provenance().parent());
    assertEquals("full", champion.manifest().provenance().settings().get("training"));
    assertTrue(TrainingStart.wasFull(champion.manifest()));

    int before = champion.models().vocabulary().size();
    int now = next.models().vocabulary().size();
    assertTrue(now > before, () -> now + " items after " + before);
    assertEquals(champion.models().vocabulary(), next.models().vocabulary().subList(0, before));
    TrainedEncoder encoder = Objects.requireNonNull(next.models().deep()).encoder();
    assertEquals(now, encoder.spec().itemCount());
    float[] vectors = encoder.itemVectors();
    float[] newest = Arrays.copyOfRange(vectors, vectors.length - 8, vectors.length);
    assertNotEquals(0, newest[0] * newest[1]);
  }

  @Test
  void train_fromLoadedRelease_givesTheSameBytes_whateverLiesBehindThePrefix() throws IOException {
    ReleaseStore champions = new ReleaseStore(folder.resolve("champions"));
    Release champion = champion();
    String version = champion.publish(champions).version();
    assertTrue(champions.manifest(version).files().containsKey("ranker-weights.bin"));
    ReleaseStore first = new ReleaseStore(folder.resolve("first"));
    ReleaseStore second = new ReleaseStore(folder.resolve("second"));
    List<LogRecord> longer = TinyWorld.records(1300);
    ReleaseManifest one = goOn(champion, records, records.size()).publish(first);
    ReleaseManifest two =
        goOn(Release.load(champions, version), longer, records.size()).publish(second);
    assertEquals(one, two);
    for (String file : one.files().keySet()) {
      assertArrayEquals(
          Files.readAllBytes(first.file(one.version(), file)),
          Files.readAllBytes(second.file(two.version(), file)),
          file);
    }
  }

  @Test
  void train_fewNewRequests_keepsTheRanker() {
    Release champion = champion();
    Release next = goOn(champion, records, SEEN + 30);
    assertSame(champion.trainedRanker(), next.trainedRanker());
    String note = next.manifest().provenance().settings().get("training.ranker");
    assertTrue(String.valueOf(note).matches("kept: only \\d+ usable requests are new"), note);
  }

  @Test
  void train_otherFeatures_beginsTheRankerAnew() {
    ApplicationFile other =
        ApplicationFile.parse(
            TestApplications.clips()
                .text()
                .replace("count(click) over 1d,", "count(watch) over 1d,"),
            "clips.yaml",
            Map.of());
    Release champion = champion();
    Release next =
        trainer(other, TinyWorld.config(1))
            .train(RecordSource.of(records), records.size(), TrainingStart.from(champion));
    assertEquals(
        "anew: the application's features are others than the release's",
        next.manifest().provenance().settings().get("training.ranker"));
    assertTrue(next.ranker() != null);
    WinnowException few =
        assertThrows(
            WinnowException.class,
            () ->
                trainer(other, TinyWorld.config(1))
                    .train(RecordSource.of(records), SEEN + 30, TrainingStart.from(champion)));
    assertEquals(ErrorCode.CONFLICT, few.code());
    assertEquals(List.of("ranker"), few.problems().stream().map(Problem::field).toList());
  }

  @Test
  void train_whatCannotGoOn_isRefusedWithEveryReason() {
    Release champion = champion();
    TrainerConfig config = TinyWorld.config(1);
    String text = TestApplications.clips().text();
    ApplicationFile other =
        ApplicationFile.parse(
            text.replace("category: string", "category: string, maker: string")
                .replace("click: 1.0", "click: 1.5"),
            "clips.yaml",
            Map.of());
    EncoderConfig.Network n = config.encoder().network();
    EncoderConfig wider =
        new EncoderConfig(
            new EncoderConfig.Network(16, n.blocks(), n.heads(), n.maxLength(), n.dropout()),
            config.encoder().sampling(),
            config.encoder().training());
    TrainerConfig widerConfig =
        new TrainerConfig(1, 2, config.split(), wider, wider, config.linear(), config.ranker());
    WinnowException refused = refused(champion, other, widerConfig, records);
    assertEquals(ErrorCode.CONFLICT, refused.code());
    assertEquals(
        List.of("application.schema", "application.objectives", "encoder.network.embedding_size"),
        refused.problems().stream().map(Problem::field).toList());
    assertTrue(
        String.valueOf(refused.getMessage())
            .startsWith("training cannot go on from release " + champion.version()),
        refused.getMessage());

    ApplicationFile same = TestApplications.clips();
    assertEquals(
        List.of("release"),
        TrainingStart.obstacles(Release.untrained(same), same, config).stream()
            .map(Problem::field)
            .toList());
    List<LogRecord> nothingNew = records.subList(0, SEEN);
    assertEquals(
        List.of("events"),
        refused(champion, same, config, nothingNew).problems().stream()
            .map(Problem::field)
            .toList());
    assertEquals(
        List.of("release.provenance.to_offset"),
        refused(champion, same, config, records.subList(0, SEEN - 10)).problems().stream()
            .map(Problem::field)
            .toList());
    List<LogRecord> anotherLog = new ArrayList<>(records);
    anotherLog.addFirst(anotherLog.remove(3));
    assertEquals(
        List.of("items"),
        refused(champion, same, config, anotherLog).problems().stream()
            .map(Problem::field)
            .toList());
  }

  @Test
  void train_interruptedInTheMiddle_stopsAndGoesOnLater() throws IOException {
    Release champion = champion();
    ReleaseStore first = new ReleaseStore(folder.resolve("first"));
    ReleaseStore second = new ReleaseStore(folder.resolve("second"));
    ReleaseManifest whole = goOn(champion, records, records.size()).publish(first);
    TrainingCheckpoints checkpoints = new TrainingCheckpoints(folder.resolve("training"));
    List<String> heard = new ArrayList<>();
    TrainingProgress interrupting =
        new TrainingProgress() {
          @Override
          public void step(String name, String detail) {
            heard.add(name + ": " + detail);
          }

          @Override
          public void epoch(Progress.Epoch epoch) {
            if (epoch.model().equals("encoder") && epoch.epoch() == 1) {
              Thread.currentThread().interrupt();
            }
          }
        };
    WinnowException stopped =
        assertThrows(
            WinnowException.class,
            () ->
                new Trainer(
                        TestApplications.clips(),
                        TinyWorld.config(1),
                        () -> NOW_MS,
                        interrupting,
                        checkpoints)
                    .train(RecordSource.of(records), records.size(), TrainingStart.from(champion)));
    assertTrue(Thread.interrupted());
    assertEquals(ErrorCode.UNAVAILABLE, stopped.code());
    heard.clear();
    Release resumed =
        new Trainer(
                TestApplications.clips(),
                TinyWorld.config(1),
                () -> NOW_MS,
                new TrainingProgress() {
                  @Override
                  public void step(String name, String detail) {
                    heard.add(name + ": " + detail);
                  }

                  @Override
                  public void epoch(Progress.Epoch epoch) {}
                },
                checkpoints)
            .train(RecordSource.of(records), records.size(), TrainingStart.from(champion));
    assertTrue(heard.contains("encoder: goes on after 1 epochs"), heard::toString);
    assertEquals(whole, resumed.publish(second));
  }

  @Test
  void train_championWithWeightsThatAreNoNumbers_failsAndNamesTheNetwork() {
    Release champion = champion();
    RetrievalModels models = champion.models();
    RetrievalModels.Deep deep = Objects.requireNonNull(models.deep());
    List<float[]> weights = new ArrayList<>(deep.encoder().weights());
    weights.set(0, weights.getFirst().clone());
    weights.getFirst()[0] = Float.POSITIVE_INFINITY;
    TrainedEncoder encoder =
        new TrainedEncoder(
            deep.encoder().itemVectors(),
            deep.encoder().tokenVectors(),
            deep.encoder().onnx(),
            deep.encoder().spec(),
            weights);
    Release damaged =
        new Release(
            champion.manifest(),
            champion.application(),
            new RetrievalModels(
                models.vocabulary(),
                models.tokenizer(),
                new RetrievalModels.Deep(encoder, deep.index()),
                models.linear()),
            champion.trainedRanker());
    WinnowException diverged =
        assertThrows(WinnowException.class, () -> goOn(damaged, records, records.size()));
    assertEquals(ErrorCode.INTERNAL, diverged.code());
    assertTrue(
        String.valueOf(diverged.getMessage()).startsWith("encoder.loss: NaN in epoch 1"),
        diverged.getMessage());
  }
}
