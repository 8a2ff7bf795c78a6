package io.winnow.app;

import io.winnow.benchmarks.rollout.BadKind;
import io.winnow.benchmarks.rollout.BadReleases;
import io.winnow.benchmarks.rollout.BadReleases.Order;
import io.winnow.benchmarks.rollout.ShuffledLabels;
import io.winnow.benchmarks.rollout.Trial;
import io.winnow.benchmarks.rollout.TruthProbe;
import io.winnow.benchmarks.rollout.TruthProbe.Truth;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.TrainingProgress;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Sends bad and good releases up the ladder, one after the other. What each would really do to
 * users is asked of the world before: a bad one is made worse until users would clearly be worse
 * off by the slates that it makes now, and a good one with which users who live with it would be
 * worse off than with the champion is not counted.
 */
final class RolloutReleases {
  private static final int USERS_ASKED = 400;
  private static final long VISITS_MAX = 60_000;

  /** A shop's log grows with every visit; from so many on, the next trial begins in a new one. */
  private static final long VISITS_A_SHOP = 25_000;

  /** A good release is at most so much worse than the champion, which the truth's noise may be. */
  private static final double GOOD_LIFT_MIN = -0.01;

  /** What a bad release takes, beyond the ladder's margin of a tenth. */
  private static final double BAD_LIFT = -0.15;

  /** So often a slow release has to be slow beside the champion. */
  private static final int SLOW_TIMES = 3;

  /** Trainings that hardly ever give a good release are not gone on with. */
  private static final int DISCARDED_MAX = 60;

  private final RolloutBase base;
  private final Seed seed;
  private final ConsoleProgress progress;
  private final LivedTruth lived;
  private @Nullable Stage stage;
  private int probes;

  RolloutReleases(RolloutBase base, Seed seed, ConsoleProgress progress) {
    this.base = base;
    this.seed = seed;
    this.progress = progress;
    this.lived = new LivedTruth(base);
  }

  /** A shop with what is asked of it. */
  private record Stage(LiveShop shop, TruthProbe probe, List<UserId> users)
      implements AutoCloseable {
    @Override
    public void close() {
      try (shop;
          probe) {
        shop.send();
      }
    }
  }

  /**
   * What came of good releases.
   *
   * @param wanted how many good ones were to be tried
   * @param trials of those that are good
   * @param discarded how many were trained that are not
   */
  record Good(int wanted, List<Trial> trials, int discarded) {}

  /** So many bad releases of each kind. */
  List<Trial> bad(List<BadKind> kinds, int each) {
    List<Trial> trials = new ArrayList<>();
    try {
      for (BadKind kind : kinds) {
        for (int number = 0; number < each; number++) {
          trials.add(tell(badTrial(kind, number)));
        }
      }
    } finally {
      leave();
    }
    return trials;
  }

  /** So many good releases, each trained with another seed on all that is known by then. */
  Good good(int count) {
    List<Trial> trials = new ArrayList<>();
    int discarded = 0;
    try {
      for (int number = 0; trials.size() < count && discarded < DISCARDED_MAX; number++) {
        Stage now = stage();
        String version =
            base.train(
                now.shop,
                seed.derive("good-" + number).value(),
                now.shop.node().log(),
                TrainingProgress.silent());
        Truth champion = truth(now, now.shop.node().pipeline().release());
        Truth truth = truth(now, version);
        if (truth.failsBeside(champion)) {
          progress.line("good         not counted: some users are not answered as they should be");
          discarded++;
          continue;
        }
        double lift = lived.lift(Release.load(now.shop.node().releases(), version));
        if (lift < GOOD_LIFT_MIN) {
          progress.line(
              "good         not counted: clicks %+.1f %% where users live with it, %+.1f %% at first"
                  .formatted(100 * lift, 100 * truth.lift(champion)));
          discarded++;
          continue;
        }
        Map<String, Double> numbers = numbers(truth, champion);
        numbers.put(Trial.LIVED_LIFT, lift);
        trials.add(tell(new LadderTrial(now.shop, VISITS_MAX).run(version, "good", numbers)));
        // Each is trained beside the same champion, on the world's past and what came since.
        leave();
      }
    } finally {
      leave();
    }
    if (trials.size() < count) {
      progress.line("good         given up: %d trainings in vain".formatted(discarded));
    }
    return new Good(count, trials, discarded);
  }

  private Trial tell(Trial trial) {
    progress.line(
        "%-18s %s at %s after %,d visits, %,d users saw %,d slates, clicks %+.1f %%, %.0f s: %s"
            .formatted(
                trial.kind(),
                trial.end().outcome(),
                trial.end().stage(),
                trial.visits(),
                trial.harm().users(),
                trial.harm().slates(),
                100 * trial.lift(),
                trial.seconds(),
                shortened(trial.end().reason())));
    return trial;
  }

  private static String shortened(String text) {
    return text.length() <= 160 ? text : text.substring(0, 159) + "…";
  }

  private Trial badTrial(BadKind kind, int number) {
    Stage now = stage();
    Truth champion = truth(now, base.champion());
    String version = "";
    Map<String, Double> numbers = Map.of();
    for (int severity = 0; severity <= BadReleases.SEVERITY_MAX; severity++) {
      version = make(now, kind, number, severity);
      Truth truth = truthIfServable(now, version);
      if (truth == null) {
        numbers = Map.of();
        break;
      }
      numbers = numbers(truth, champion);
      if (isBad(now, kind, version, truth, champion)) {
        break;
      }
    }
    Trial trial = new LadderTrial(now.shop, VISITS_MAX).run(version, kind.label(), numbers);
    if (trial.isPromoted()) {
      // The next trial is compared with the champion again.
      leave();
    }
    return trial;
  }

  /** What is bad about a kind need not show in clicks. */
  private boolean isBad(Stage now, BadKind kind, String version, Truth truth, Truth champion) {
    return switch (kind) {
      case MISCALIBRATED -> true;
      case SLOW_RANKER -> isSlow(now, version);
      case FAILS_FOR_SEGMENT -> truth.failsBeside(champion);
      case SHUFFLED_ITEMS,
          SWAPPED_FEATURES,
          STALE_INDEX,
          BIASED_RANKER,
          UNUSABLE,
          SHUFFLED_LABELS,
          RECKLESS_POLICY ->
          truth.lift(champion) < BAD_LIFT;
    };
  }

  /** On a shared machine one measurement may be slow for other reasons: each has its twin. */
  private boolean isSlow(Stage now, String version) {
    for (int time = 0; time < SLOW_TIMES; time++) {
      if (!truth(now, version).isSlowBeside(truth(now, base.champion()))) {
        return false;
      }
    }
    return true;
  }

  private String make(Stage now, BadKind kind, int number, int severity) {
    if (kind == BadKind.SHUFFLED_LABELS) {
      double share = Math.min(1, 0.85 + 0.05 * severity + 0.015 * number);
      Seed own = seed.derive("labels-" + number);
      return base.train(
          now.shop,
          own.value(),
          new ShuffledLabels(now.shop.node().log(), share, own),
          TrainingProgress.silent());
    }
    return new BadReleases(now.shop.node().releases(), now.shop.clock(), seed)
        .publish(new Order(kind, number, severity), base.champion(), base.other())
        .version();
  }

  private static Map<String, Double> numbers(Truth truth, Truth champion) {
    return new TreeMap<>(
        Map.of(
            "clicks", truth.clicks(),
            "champion.clicks", champion.clicks(),
            "lift", truth.lift(champion),
            "latency_ms", truth.latencyMs(),
            "champion.latency_ms", champion.latencyMs(),
            "degraded", truth.degraded(),
            "shortened", truth.shortened()));
  }

  private @Nullable Truth truthIfServable(Stage now, String version) {
    try {
      return truth(now, version);
    } catch (WinnowException refused) {
      return null;
    }
  }

  private static Truth truth(Stage now, String version) {
    return now.probe.of(Release.load(now.shop.node().releases(), version), now.users);
  }

  /** The shop of before, or a new one where that has seen enough. */
  private Stage stage() {
    Stage now = stage;
    if (now != null && now.shop.visits() < VISITS_A_SHOP) {
      return now;
    }
    leave();
    LiveShop shop = base.open();
    Set<UserId> users = new LinkedHashSet<>();
    for (int visit = 0; visit < LivedTruth.FIRST_VISITS; visit++) {
      users.add(shop.visit().user());
    }
    shop.send();
    TruthProbe probe =
        new TruthProbe(
            shop.world(),
            shop.node().store(),
            shop.application(),
            shop.clock(),
            shop.folder().resolve("probe-" + ++probes));
    Stage next = new Stage(shop, probe, users.stream().limit(USERS_ASKED).toList());
    stage = next;
    return next;
  }

  private void leave() {
    Stage now = stage;
    stage = null;
    if (now != null) {
      now.close();
    }
  }
}
