package io.winnow.app;

import io.winnow.benchmarks.TemporaryFolder;
import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.RecordSource;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.Trainer;
import io.winnow.lifecycle.TrainerConfig;
import io.winnow.lifecycle.TrainingProgress;
import io.winnow.lifecycle.rollout.Holdout;
import io.winnow.models.encoder.EncoderConfig;
import io.winnow.models.ranker.RankerConfig;
import io.winnow.simulator.WorldConfig;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * What every part of the rollout benchmark begins with: a folder whose log holds a world's past,
 * with a champion that was trained on it. Each part, and each trial after some others, works on a
 * copy.
 */
final class RolloutBase {
  private static final long NOW_MS = 1_768_500_000_000L; // 2026-01-15T18:00Z
  private static final double NETWORK_SECONDS_MAX = 60;

  private final Config config;
  private final Path folder;
  private final ApplicationFile application;
  private final String champion;
  private final String other;

  /**
   * How large it is.
   *
   * @param world without drift
   * @param seed of the trainings
   * @param threads that train
   */
  record Config(WorldConfig world, long seed, int threads) {
    /** The benchmark's: some 9,000 visits a day. */
    static Config of(long seed) {
      return new Config(
          new WorldConfig(
              new WorldConfig.People(7_000, 40, 0.5),
              new WorldConfig.Catalogue(500, 20, 80),
              3,
              10,
              seed),
          seed,
          Runtime.getRuntime().availableProcessors());
    }

    /** Small networks, a few passes: what a small catalogue needs. */
    TrainerConfig training(long trainingSeed) {
      TrainerConfig defaults = TrainerConfig.defaults(trainingSeed, threads);
      EncoderConfig encoder =
          new EncoderConfig(
              new EncoderConfig.Network(32, 1, 2, 20, 0.1),
              defaults.encoder().sampling(),
              new EncoderConfig.Training(1_600, 6, 2, 5e-3, 0.01, 0.99, NETWORK_SECONDS_MAX));
      return new TrainerConfig(
          trainingSeed,
          threads,
          new TrainerConfig.Split(0.15, 100, 500, 50, 4_000, false, 0),
          encoder,
          encoder.withLimits(1, NETWORK_SECONDS_MAX),
          defaults.linear(),
          new RankerConfig(
              new RankerConfig.Network(64, 32, 1, 1, 0.05),
              new RankerConfig.Training(1_024, 3, 2e-3, 0.01, 0.5, 0.15, NETWORK_SECONDS_MAX)));
    }
  }

  /**
   * Makes it.
   *
   * @param folder takes it; copies go where temporary files do
   */
  RolloutBase(Config config, Path folder, ConsoleProgress progress) {
    this.config = config;
    this.folder = folder;
    this.application = application();
    progress.step("base", "the world's past, a champion and another release of the same data");
    try (LiveShop shop = new LiveShop(config.world(), NOW_MS, base(), application, () -> {})) {
      shop.history();
      champion = train(shop, config.seed(), shop.node().log(), progress);
      other = train(shop, config.seed() + 1_000, shop.node().log(), progress);
      shop.node().promote(champion, PromotionGate.Promotion.AUDITED);
      progress.line(
          "base         %,d records, champion %s"
              .formatted(shop.node().log().endOffset(), champion));
    }
  }

  /** The application that is rolled out. */
  static ApplicationFile application() {
    try (InputStream in =
        Objects.requireNonNull(
            RolloutBase.class.getResourceAsStream("bench/rollout.yaml"), "bench/rollout.yaml")) {
      return ApplicationFile.parse(
          new String(in.readAllBytes(), StandardCharsets.UTF_8), ApplicationFile.NAME, Map.of());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private DataFolder base() {
    return new DataFolder(folder.resolve("base"));
  }

  /** The release that serves at first. */
  String champion() {
    return champion;
  }

  /** Another release of the same data, which does not serve. */
  String other() {
    return other;
  }

  /** When the past ends and visits begin, epoch milliseconds. */
  long nowMs() {
    return NOW_MS;
  }

  /** A shop that begins where the past ends. */
  LiveShop open() {
    return open(WorldConfig.Drift.NONE);
  }

  /** The same in a world whose tastes move. */
  LiveShop open(WorldConfig.Drift drift) {
    TemporaryFolder temporary = new TemporaryFolder();
    Path copy = temporary.path().resolve("data");
    try (Stream<Path> files = Files.walk(base().path())) {
      for (Path from : files.toList()) {
        Files.copy(from, copy.resolve(base().path().relativize(from).toString()));
      }
    } catch (IOException e) {
      throw new WinnowException(
          ErrorCode.UNAVAILABLE, "cannot copy " + base().path() + ": " + e.getMessage(), e);
    }
    LiveShop shop =
        new LiveShop(
            config.world().withDrift(drift),
            NOW_MS,
            new DataFolder(copy),
            application,
            temporary::close);
    shop.history();
    return shop;
  }

  /**
   * Trains as the job does: on what the gate's holdout leaves.
   *
   * @param records the shop's log, or what somebody made of it
   * @return the version, which is published
   */
  String train(LiveShop shop, long seed, RecordSource records, TrainingProgress progress) {
    shop.send();
    // Versions are named by the millisecond.
    shop.clock().advanceTo(shop.clock().nowMs() + 1);
    TrainerConfig training = config.training(seed);
    long toOffset =
        Holdout.choose(
                application.definition(),
                records,
                records.endOffset(),
                training.split().minChoices())
            .toOffset();
    Release release =
        new Trainer(application, training, shop.clock(), progress).train(records, toOffset);
    release.publish(shop.node().releases());
    return release.version();
  }
}
