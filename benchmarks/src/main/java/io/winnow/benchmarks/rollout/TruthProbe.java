package io.winnow.benchmarks.rollout;

import io.winnow.benchmarks.Samples;
import io.winnow.core.TimeSource;
import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.EventLog;
import io.winnow.events.EventLogConfig;
import io.winnow.events.EventLogs;
import io.winnow.features.FeatureReader;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.ServingRelease;
import io.winnow.serving.RecommendationPipeline;
import io.winnow.serving.RecommendationRequest;
import io.winnow.serving.Slate;
import io.winnow.simulator.World;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * What a release would really do to users: the world's own probabilities of clicks on the slates
 * that it makes for the same people at the same moments as others, without showing them to anybody.
 *
 * <p>It goes through the whole request path, with its deadline and its fallbacks, but writes to a
 * log of its own. Closes what it started. Not thread-safe.
 */
public final class TruthProbe implements AutoCloseable {
  private static final int WARM_UP = 100;
  private static final int WARM_SLATES = 60;
  private static final int SLATE = 10;
  private static final List<String> DEVICES = List.of("phone", "desktop", "tv");

  private final World world;
  private final FeatureReader store;
  private final ApplicationFile application;
  private final TimeSource clock;
  private final EventLog nowhere;
  private final ExecutorService stages = Executors.newFixedThreadPool(2);
  private final ExecutorService sources = Executors.newFixedThreadPool(2);
  private final ExecutorService waiting = Executors.newVirtualThreadPerTaskExecutor();
  private long requests;

  /**
   * @param world whose people are asked for
   * @param store holds what was logged of them
   * @param clock the world's
   * @param folder for the log of what nobody sees
   */
  public TruthProbe(
      World world,
      FeatureReader store,
      ApplicationFile application,
      TimeSource clock,
      Path folder) {
    this.world = world;
    this.store = store;
    this.application = application;
    this.clock = clock;
    this.nowhere =
        EventLogs.open(
            EventLogConfig.in(folder), () -> application.definition().schema(), clock, List.of());
  }

  /**
   * The truth of a release.
   *
   * @param clicks expected clicks per slate; a place by itself, clicks further up aside
   * @param latencyMs 95th percentile, milliseconds
   * @param degraded share of answers in which a stage fell back, in [0, 1]
   * @param shortened share of answers with fewer items than asked for, in [0, 1]
   */
  public record Truth(double clicks, double latencyMs, double degraded, double shortened) {
    /**
     * Whether some users are not answered as they should be: 2 % more short or 5 % more degraded
     * answers.
     *
     * @param champion the same of what they have now
     */
    public boolean failsBeside(Truth champion) {
      return shortened > champion.shortened + 0.02 || degraded > champion.degraded + 0.05;
    }

    /** Whether answers take clearly longer: three times as long and 5 ms more. */
    public boolean isSlowBeside(Truth champion) {
      return latencyMs > 3 * champion.latencyMs + 5;
    }

    /** The change of clicks against a champion, relative. */
    public double lift(Truth champion) {
      return clicks / champion.clicks - 1;
    }
  }

  /** Asks a release for a slate for each of some users, now. */
  public Truth of(Release release, List<UserId> users) {
    ServingRelease bound = new ServingRelease(release, store, sources);
    try (RecommendationPipeline pipeline =
        new RecommendationPipeline(bound, nowhere, clock, stages, waiting)) {
      int warm = Math.min(WARM_SLATES, users.size());
      try {
        bound.warmUp(users, WARM_UP, clock.nowMs());
      } catch (RuntimeException failing) {
        // What fails for some users is asked for with its fallbacks below.
        warm = 0;
      }
      for (int i = 0; i < warm; i++) {
        ask(pipeline, users.get(i), i);
      }
      return ask(pipeline, users);
    }
  }

  private Truth ask(RecommendationPipeline pipeline, List<UserId> users) {
    double clicks = 0;
    int degraded = 0;
    int shortened = 0;
    double[] millis = new double[users.size()];
    for (int i = 0; i < users.size(); i++) {
      long began = System.nanoTime();
      Slate slate = ask(pipeline, users.get(i), i);
      millis[i] = (System.nanoTime() - began) / 1e6;
      degraded += slate.degraded().isEmpty() ? 0 : 1;
      shortened += slate.items().size() < SLATE ? 1 : 0;
      for (int place = 0; place < slate.items().size(); place++) {
        clicks +=
            world.clickProbability(
                users.get(i), slate.items().get(place).item(), clock.nowMs(), place);
      }
    }
    return new Truth(
        clicks / users.size(),
        new Samples(millis).percentile(0.95),
        (double) degraded / users.size(),
        (double) shortened / users.size());
  }

  private Slate ask(RecommendationPipeline pipeline, UserId user, int number) {
    return pipeline.recommend(
        new RecommendationRequest(
            "probe-" + ++requests,
            user,
            SLATE,
            "",
            Map.of("device", DEVICES.get(number % DEVICES.size())),
            Set.of(),
            Map.of(),
            application.definition().policy().serving().deadline()));
  }

  @Override
  public void close() {
    stages.shutdownNow();
    sources.shutdownNow();
    waiting.close();
    nowhere.close();
  }
}
