package io.winnow.lifecycle.evaluation;

import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.events.RecordSource;
import io.winnow.features.FeatureReader;
import io.winnow.features.FeatureSchema;
import io.winnow.features.HeldFeatures;
import io.winnow.features.PointInTimeReplay;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.evaluation.HeldOutMoments.Stop;
import io.winnow.lifecycle.evaluation.ReleaseAnswers.Served;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Asks two releases the same questions of the past: the log is played once, to moments that neither
 * has learned from, and at each both answer from the same state, in turns who comes first.
 *
 * <p>Deterministic but for the times of answers, and for what is left out if the time allowed runs
 * out. Uses one thread.
 */
public final class ReleaseComparer {
  /** Answers before the first that is timed, by each release: for code to be compiled. */
  private static final int WARM_UP = 90;

  /** Different requests among them. */
  private static final int WARM_UP_REQUESTS = 30;

  /** Fewer than these do not show that a release is too slow. */
  private static final int WARM_UP_REQUESTS_MIN = 20;

  /** After this time what was answered until then has to do. */
  private static final Duration WARM_UP_TIME = Duration.ofSeconds(10);

  /** Whose median is above the 95th percentile allowed by this factor is not looked at further. */
  private static final double FAR_TOO_SLOW = 2;

  private final ApplicationDefinition application;
  private final Settings settings;
  private final Progress progress;
  private final LongSupplier nanoTime;

  /**
   * How much to look at.
   *
   * @param outcomes most slates with an outcome, and most choices of what was not shown
   * @param slates most slates for calibration
   * @param requests most requests that are answered and timed
   * @param time after which no further moment is looked at
   */
  public record Bounds(int outcomes, int slates, int requests, Duration time) {
    /** 2,000 outcomes of each kind, 1,500 slates, 200 requests, 5 minutes. */
    public static final Bounds DEFAULT = new Bounds(2_000, 1_500, 200, Duration.ofMinutes(5));
  }

  /**
   * What is compared and how.
   *
   * @param metric of rankings
   * @param confidence of intervals, in (0, 1)
   * @param slowest the candidate's 95th percentile, milliseconds, that is still allowed
   * @param seed of resampling
   */
  public record Settings(
      RankingMetric metric, double confidence, Bounds bounds, Slowest slowest, Seed seed) {}

  /** How slow a candidate may be. */
  @FunctionalInterface
  public interface Slowest {
    /**
     * The largest 95th percentile allowed, milliseconds.
     *
     * @param championP95Ms the champion's, milliseconds; NaN without champion
     */
    double allowedMs(double championP95Ms);
  }

  /** Hears how far it is. */
  @FunctionalInterface
  public interface Progress {
    /** So many moments of all are done. */
    void moments(int done, int all);
  }

  /**
   * @param application decides what outcomes are and what they are worth
   */
  public ReleaseComparer(
      ApplicationDefinition application,
      Settings settings,
      Progress progress,
      LongSupplier nanoTime) {
    this.application = application;
    this.settings = settings;
    this.progress = progress;
    this.nanoTime = nanoTime;
  }

  /**
   * Compares. Where the requests that run both warm show that the candidate is far too slow, these
   * are all that is compared: every further answer would cost as much and change nothing.
   *
   * @param champion null if there is none: the candidate's figures stand alone
   * @throws WinnowException with {@code CONFLICT} or {@code INVALID_ARGUMENT} if a release cannot
   *     be bound to a store of this application
   */
  public ReleaseComparison compare(
      Release candidate, @Nullable Release champion, RecordSource records) {
    long from =
        Math.max(
            candidate.manifest().provenance().toOffset(),
            champion == null ? 0 : champion.manifest().provenance().toOffset());
    HeldOutMoments moments = HeldOutMoments.collect(application, records, from, settings.bounds());
    List<Release> releases = champion == null ? List.of(candidate) : List.of(candidate, champion);
    List<FeatureSchema> schemas = releases.stream().map(Release::features).toList();
    ComparisonFigures figures =
        new ComparisonFigures(application, settings, moments, champion != null);
    List<ReleaseAnswers> answers = new ArrayList<>();
    long deadline = nanoTime.getAsLong() + settings.bounds().time().toNanos();
    int[] done = {0};
    boolean[] tooSlow = {false};
    PointInTimeReplay.play(
        records,
        HeldFeatures.of(application, schemas),
        moments.stops().stream().mapToLong(Stop::asOfOffset).toArray(),
        (index, reader) -> {
          if (answers.isEmpty()) {
            answers.addAll(bind(releases, reader));
            tooSlow[0] = warmUp(answers, moments.stops(), figures);
          }
          if (!tooSlow[0] && nanoTime.getAsLong() - deadline < 0) {
            ask(answers, moments.stops().get(index), index, figures);
            progress.moments(++done[0], moments.stops().size());
          }
        });
    return figures.build(
        answers,
        done[0] == moments.stops().size()
            ? ""
            : tooSlow[0]
                ? "the candidate is far too slow for all moments to be looked at"
                : "the time allowed ran out before all moments were looked at");
  }

  private List<ReleaseAnswers> bind(List<Release> releases, FeatureReader reader) {
    int slate = application.policy().serving().slate();
    return releases.stream().map(release -> new ReleaseAnswers(release, reader, slate)).toList();
  }

  /**
   * Lets releases answer some of the requests, all at this moment, until they run as fast as they
   * will.
   *
   * @return whether the candidate is far too slow; the figures have these answers then
   */
  private boolean warmUp(
      List<ReleaseAnswers> answers, List<Stop> stops, ComparisonFigures figures) {
    List<Stop> requests =
        stops.stream().filter(stop -> stop.uses().request()).limit(WARM_UP_REQUESTS).toList();
    List<Stop> asked = requests.isEmpty() ? stops.subList(0, 1) : requests;
    Map<Stop, List<Served>> best = new LinkedHashMap<>();
    long began = nanoTime.getAsLong();
    for (int i = 0; i < WARM_UP; i++) {
      Stop stop = asked.get(i % asked.size());
      int round = i / asked.size();
      Served[] served = new Served[answers.size()];
      for (ReleaseAnswers release : (i + round) % 2 == 0 ? answers : answers.reversed()) {
        served[answers.indexOf(release)] = release.serve(stop, 1);
      }
      best.merge(stop, List.of(served), ReleaseComparer::better);
      boolean warm = round > 0 && (i + 1) % asked.size() == 0;
      boolean late =
          i + 1 >= WARM_UP_REQUESTS_MIN && nanoTime.getAsLong() - began > WARM_UP_TIME.toNanos();
      if ((warm || late) && isFarTooSlow(best.values())) {
        best.forEach((one, times) -> figures.served(answers.getFirst().segments(one), times));
        return true;
      }
      if (late) {
        return false;
      }
    }
    return false;
  }

  /** Of each release the answer that took less. */
  private static List<Served> better(List<Served> before, List<Served> now) {
    return Stream.iterate(0, r -> r + 1)
        .limit(now.size())
        .map(r ->
            before.get(r).failed() || now.get(r).nanos() >= before.get(r).nanos()
                ? before.get(r)
                : now.get(r))
        .toList();
  }

  private boolean isFarTooSlow(Collection<List<Served>> requests) {
    List<List<Served>> answered =
        requests.stream().filter(pair -> pair.stream().noneMatch(Served::failed)).toList();
    if (answered.size() < WARM_UP_REQUESTS_MIN) {
      return false;
    }
    double[][] ms = new double[answered.getFirst().size()][];
    for (int r = 0; r < ms.length; r++) {
      int release = r;
      ms[r] =
          answered.stream().mapToDouble(pair -> pair.get(release).nanos() / 1e6).sorted().toArray();
    }
    double median = ms[0][answered.size() / 2];
    double championP95 = ms.length < 2 ? Double.NaN : ms[1][(int) (0.95 * answered.size())];
    return median > FAR_TOO_SLOW * settings.slowest().allowedMs(championP95);
  }

  private static void ask(
      List<ReleaseAnswers> answers, Stop stop, int index, ComparisonFigures figures) {
    // Who comes first finds the user's state cold.
    List<ReleaseAnswers> order = index % 2 == 0 ? answers : answers.reversed();
    ReleaseAnswers.@Nullable Answer[] judged = new ReleaseAnswers.Answer[answers.size()];
    Served[] served = new Served[answers.size()];
    for (ReleaseAnswers release : order) {
      if (stop.uses().request()) {
        served[answers.indexOf(release)] = release.serve(stop);
      }
    }
    List<Integer> known = known(stop, answers.getFirst());
    Stop asked = known.size() == stop.items().size() ? stop : stop.only(known);
    if (!known.isEmpty() && (stop.uses().outcome() || stop.uses().calibration())) {
      for (ReleaseAnswers release : order) {
        judged[answers.indexOf(release)] = release.judge(asked);
      }
      figures.judged(asked, judged, answers.getFirst().catalogSize());
    }
    if (stop.uses().request()) {
      figures.served(answers.getFirst().segments(stop), List.of(served));
    }
  }

  /** Items that another system showed may not be known to the log. */
  private static List<Integer> known(Stop stop, ReleaseAnswers release) {
    return Stream.iterate(0, i -> i + 1)
        .limit(stop.items().size())
        .filter(i -> release.knows(stop.items().get(i)))
        .toList();
  }
}
