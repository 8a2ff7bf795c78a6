package io.winnow.lifecycle.cadence;

import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.RecordSource;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.ReleaseManifest;
import io.winnow.lifecycle.ReleaseStore;
import io.winnow.lifecycle.Trainer;
import io.winnow.lifecycle.TrainerConfig;
import io.winnow.lifecycle.TrainingProgress;
import io.winnow.lifecycle.cadence.CadenceWindows.Planned;
import io.winnow.lifecycle.evaluation.ChoiceComparison;
import io.winnow.lifecycle.evaluation.ChoiceComparison.Answers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeSet;

/**
 * Measures how fast releases age: in each of several windows of a log's past, releases that were
 * trained at the window's begin and 1, 2, 4, 8 … days earlier answer the same choices. Each is
 * frozen; histories and features are live, as in serving.
 *
 * <p>Trained releases are kept in a folder, so a study that was interrupted goes on, and another
 * one over the same log with other windows takes what it can use. Not thread-safe.
 */
public final class CadenceStudy {
  private final ApplicationFile application;
  private final TrainerConfig config;
  private final TrainingProgress progress;
  private final Path folder;

  /**
   * A study.
   *
   * @param folder keeps the releases, in a folder of their own for each log and settings
   */
  public CadenceStudy(
      ApplicationFile application, TrainerConfig config, TrainingProgress progress, Path folder) {
    this.application = application;
    this.config = config;
    this.progress = progress;
    this.folder = folder;
  }

  /**
   * Trains what is missing, asks all windows, and says how often to train.
   *
   * @throws WinnowException with {@code INVALID_ARGUMENT} if the log is too short for the options
   */
  public CadenceReport run(RecordSource records, CadenceOptions options) {
    ChoiceComparison log =
        new ChoiceComparison(application.definition(), records, config.threads());
    List<Planned> windows = CadenceWindows.plan(log, options);
    TreeSet<Integer> cuts = CadenceWindows.cuts(windows);
    ReleaseStore store = new ReleaseStore(folder.resolve(digest(log)));
    progress.step(
        "cadence",
        "%d windows of %d days, %d trainings, in %s"
            .formatted(windows.size(), options.windowDays(), cuts.size(), folder));
    int done = 0;
    for (int cut : cuts) {
      done++;
      train(log, records, cut, store, "training %d of %d".formatted(done, cuts.size()));
    }
    List<Answers> answers = new ArrayList<>();
    for (Planned window : windows) {
      progress.step(
          "window",
          "%d of %d: from %s, %,d choices"
              .formatted(
                  answers.size() + 1,
                  windows.size(),
                  Instant.ofEpochMilli(window.fromMs()),
                  window.to() - window.from()));
      List<Release> releases =
          window.cuts().stream().map(cut -> Release.load(store, version(cut))).toList();
      answers.add(
          log.answer(
              new ChoiceComparison.Window(window.from(), window.to(), options.maxTargets()),
              releases));
    }
    return CadenceAdvice.report(
        new CadenceReport.Setup(
            application.definition().name(),
            options,
            options.windowDays(),
            cuts.size(),
            config.seed()),
        windows,
        answers,
        new Seed(config.seed()));
  }

  private void train(
      ChoiceComparison log, RecordSource records, int cut, ReleaseStore store, String which) {
    if (cut >= log.choices()) {
      throw WinnowException.invalid("cut", cut, "below " + log.choices());
    }
    if (store.versions().contains(version(cut))) {
      progress.step("cadence", which + ": kept from an earlier study");
      return;
    }
    progress.step(
        "cadence",
        "%s: until %s, %,d choices".formatted(which, Instant.ofEpochMilli(log.timeMs(cut)), cut));
    Release trained =
        new Trainer(application, config, () -> log.timeMs(cut), progress)
            .train(records, log.offset(cut));
    store.publish(named(trained.manifest(), version(cut)), trained::writeTo);
  }

  /** By how much was learnt, not by a time: two choices may be of the same one. */
  private static String version(int cut) {
    return "cut-" + cut;
  }

  private static ReleaseManifest named(ReleaseManifest manifest, String version) {
    return new ReleaseManifest(
        version,
        manifest.createdMs(),
        manifest.application(),
        manifest.schemaHash(),
        manifest.features(),
        manifest.files(),
        manifest.provenance(),
        manifest.metrics());
  }

  /** Names what decides the releases of a study: application, settings, seed and the log. */
  private String digest(ChoiceComparison log) {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
    String what = application.text() + "\n" + config.withThreads(1);
    digest.update(what.getBytes(StandardCharsets.UTF_8));
    ByteBuffer numbers = ByteBuffer.allocate(2 * Long.BYTES);
    for (int i = 0; i < log.choices(); i++) {
      digest.update(numbers.clear().putLong(log.offset(i)).putLong(log.timeMs(i)).array());
    }
    return HexFormat.of().formatHex(digest.digest(), 0, 8);
  }
}
