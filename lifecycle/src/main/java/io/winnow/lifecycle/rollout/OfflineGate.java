package io.winnow.lifecycle.rollout;

import io.winnow.core.ErrorCode;
import io.winnow.core.Problem;
import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.Rollout.Gate;
import io.winnow.events.RecordSource;
import io.winnow.features.AuditReport;
import io.winnow.features.FeatureSchema;
import io.winnow.features.HeldFeatures;
import io.winnow.features.OnlineStore;
import io.winnow.features.OnlineStores;
import io.winnow.lifecycle.CallerRunsExecutor;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.ReleaseManifest;
import io.winnow.lifecycle.ReleaseSoundness;
import io.winnow.lifecycle.ReleaseStore;
import io.winnow.lifecycle.ServingRelease;
import io.winnow.lifecycle.evaluation.RankingMetric;
import io.winnow.lifecycle.evaluation.ReleaseComparer;
import io.winnow.lifecycle.evaluation.ReleaseComparison;
import io.winnow.lifecycle.rollout.GateReport.Check;
import io.winnow.lifecycle.rollout.GateReport.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Judges a release before any user sees it, by its bundle and by a log that it did not learn from.
 *
 * <p>Checks are made from the cheap to the costly. The cheap ones are all made, so that one report
 * names everything that they find: {@value #WHOLE}, {@value #FEATURES}, {@value #SKEW}, {@value
 * #MEMORY}. Where none of the first three failed, and the release can be bound to a store, a replay
 * of the log gives the others: the metric, {@value #RETRIEVAL}, {@value #CALIBRATION}, {@value
 * #ANSWERS}, {@value #LATENCY}. The rules are those of {@link GateRules}.
 *
 * <p>A champion that cannot be loaded or bound is no reason to wait: it will not heal by waiting,
 * and what is to replace it may be the way out. The candidate is judged by itself then, as if there
 * were no champion, and the check {@value #CHAMPION} says so.
 *
 * <p>Deterministic but for times. Reads, and changes nothing. Not thread-safe; uses one thread.
 */
public final class OfflineGate {
  /** Every byte is as published, every number is one, the parts belong together. */
  public static final String WHOLE = "whole";

  /** The store holds what it reads. */
  public static final String FEATURES = "features";

  /** What was served is what replay computes, and the columns are those of the schema. */
  public static final String SKEW = "skew";

  /** Each candidate source still finds what users take. */
  public static final String RETRIEVAL = "retrieval";

  /** Predicted rates are the observed ones. */
  public static final String CALIBRATION = "calibration";

  /** Answers are whole. */
  public static final String ANSWERS = "answers";

  /** Answers come in time. */
  public static final String LATENCY = "latency";

  /** The bundle is not much larger than the champion's. */
  public static final String MEMORY = "memory";

  /** Informs that the champion that is to be compared with cannot be, and why. */
  public static final String CHAMPION = "champion";

  private final ApplicationDefinition application;
  private final ReleaseStore releases;
  private final HeldFeatures held;
  private final Settings settings;
  private final GateProgress progress;
  private final LongSupplier nanoTime;

  /**
   * How the gate judges.
   *
   * @param thresholds of the application file
   * @param maxMismatches share of a feature's served values that may differ from replay
   * @param bounds how much of the log it looks at
   * @param seed of resampling
   */
  public record Settings(
      Gate thresholds, double maxMismatches, ReleaseComparer.Bounds bounds, Seed seed) {
    /** What an application file asks for. */
    public static Settings of(ApplicationDefinition application, Seed seed) {
      Gate gate = application.operations().rollout().gate();
      ReleaseComparer.Bounds bounds = ReleaseComparer.Bounds.DEFAULT;
      return new Settings(
          gate,
          application.operations().featureStore().audit().maxMismatches(),
          new ReleaseComparer.Bounds(
              Math.max(bounds.outcomes(), gate.minOutcomes()),
              bounds.slates(),
              gate.requests(),
              bounds.time()),
          seed);
    }
  }

  /** A gate by the system's clock. */
  public OfflineGate(
      ApplicationDefinition application,
      ReleaseStore releases,
      HeldFeatures held,
      Settings settings,
      GateProgress progress) {
    this(application, releases, held, settings, progress, System::nanoTime);
  }

  /**
   * @param application as it is in force: what outcomes are and what they are worth
   * @param releases holds both
   * @param held what the feature store holds; {@code HeldFeatures.of(application)} if there is none
   *     yet
   * @param nanoTime measures how long the replay takes
   */
  OfflineGate(
      ApplicationDefinition application,
      ReleaseStore releases,
      HeldFeatures held,
      Settings settings,
      GateProgress progress,
      LongSupplier nanoTime) {
    this.application = application;
    this.releases = releases;
    this.held = held;
    this.settings = settings;
    this.progress = progress;
    this.nanoTime = nanoTime;
  }

  /**
   * Judges a release.
   *
   * @param candidate its version
   * @param champion the version that it is to replace; null if there is none
   * @param records the log, or as much of it as may be read
   * @param skew what the audit of served features found; {@link AuditReport#NONE} if there was none
   * @throws WinnowException with {@code INVALID_ARGUMENT} if the metric of the thresholds is none,
   *     {@code NOT_FOUND} if there is no such candidate, {@code UNAVAILABLE} if disk or log cannot
   *     be read
   */
  public GateReport judge(
      String candidate, @Nullable String champion, RecordSource records, AuditReport skew) {
    RankingMetric metric = RankingMetric.parse(settings.thresholds().metric());
    ReleaseManifest manifest = releases.manifest(candidate);
    List<Check> checks = new ArrayList<>();
    progress.at("loading", 0, champion == null ? 1 : 2);
    List<String> broken = new ArrayList<>();
    Release release = load(candidate, broken);
    if (release != null) {
      ReleaseSoundness.problems(release).forEach(problem -> broken.add(problem.toString()));
    }
    List<String> columns = new ArrayList<>();
    boolean bound = false;
    if (release != null) {
      ReleaseSoundness.columns(release).forEach(problem -> columns.add(problem.toString()));
      checks.add(features(release.features()));
      bound = binds(release, columns);
    }
    checks.add(GateRules.skew(columns, skew, settings.maxMismatches()));
    boolean hopeless =
        !broken.isEmpty() || checks.stream().anyMatch(check -> check.verdict() == Verdict.FAILED);
    List<String> noChampion = new ArrayList<>();
    Release other = champion == null ? null : comparable(champion, noChampion);
    progress.at("loading", 2, 2);
    if (!noChampion.isEmpty()) {
      checks.add(
          new Check(
              CHAMPION,
              Verdict.PASSED,
              Map.of(),
              "judged by itself, since %s cannot be compared with: %s"
                  .formatted(champion, String.join("; ", noChampion))));
    }
    checks.add(
        GateRules.memory(
            bytes(manifest),
            champion == null || other == null ? Double.NaN : bytes(other.manifest()),
            settings.thresholds().maxMemory()));
    if (release != null && bound && !hopeless) {
      ReleaseComparison comparison = compare(metric, release, other, records);
      broken.addAll(comparison.candidate().notFinite());
      checks.addAll(new GateRules(application, settings.thresholds()).replayed(comparison));
    }
    checks.addFirst(whole(manifest, broken));
    return new GateReport(candidate, champion == null ? "" : champion, checks);
  }

  private ReleaseComparison compare(
      RankingMetric metric, Release release, @Nullable Release other, RecordSource records) {
    return new ReleaseComparer(
            application,
            new ReleaseComparer.Settings(
                metric,
                settings.thresholds().confidence(),
                settings.bounds(),
                new GateRules(application, settings.thresholds())::allowedMs,
                settings.seed()),
            (done, all) -> progress.at("moments", done, all),
            nanoTime)
        .compare(release, other, records);
  }

  /** The champion, if it can answer; why not, otherwise. */
  private @Nullable Release comparable(String champion, List<String> why) {
    Release release = load(champion, why);
    if (release == null || binds(release, why)) {
      return release;
    }
    if (why.isEmpty()) {
      why.add("the application cannot compute what it reads");
    }
    return null;
  }

  /** Loads what can be; what is damaged is named. */
  private @Nullable Release load(String version, List<String> broken) {
    try {
      return Release.load(releases, version);
    } catch (WinnowException e) {
      if (e.code() == ErrorCode.UNAVAILABLE) {
        throw e;
      }
      broken.add(String.valueOf(e.getMessage()));
      return null;
    }
  }

  private static Check whole(ReleaseManifest manifest, List<String> broken) {
    Map<String, Double> numbers =
        Map.of("files", (double) manifest.files().size(), "problems", (double) broken.size());
    return broken.isEmpty()
        ? new Check(
            WHOLE,
            Verdict.PASSED,
            numbers,
            manifest.files().size() + " files as published; every number is finite")
        : new Check(WHOLE, Verdict.FAILED, numbers, String.join("; ", broken));
  }

  /** What the store lacks but could compute is waited for; what nothing can compute fails. */
  private Check features(FeatureSchema needed) {
    List<Problem> impossible = HeldFeatures.of(application, List.of(needed)).missing(needed);
    List<Problem> missing = held.missing(needed);
    Map<String, Double> numbers =
        Map.of(
            "needed", (double) needed.definitions().size(),
            "missing", (double) missing.size(),
            "impossible", (double) impossible.size());
    if (!impossible.isEmpty()) {
      return new Check(
          FEATURES,
          Verdict.FAILED,
          numbers,
          "the application cannot compute what the release reads: " + text(impossible));
    }
    if (!missing.isEmpty()) {
      return new Check(
          FEATURES,
          Verdict.WAITING,
          numbers,
          "the store does not hold yet what the release reads ('winnow features backfill --pin"
              + " VERSION' computes it): "
              + text(missing));
    }
    return new Check(
        FEATURES,
        Verdict.PASSED,
        numbers,
        "all %d features are held in these versions".formatted(needed.definitions().size()));
  }

  /** Whether a release fits a store of this application; why not, otherwise. */
  private boolean binds(Release release, List<String> problems) {
    HeldFeatures wanted = HeldFeatures.of(application, List.of(release.features()));
    if (!wanted.missing(release.features()).isEmpty()) {
      return false; // Named by the check of features.
    }
    try (OnlineStore empty = OnlineStores.inMemory(wanted)) {
      new ServingRelease(release, empty, new CallerRunsExecutor());
      return true;
    } catch (WinnowException e) {
      problems.add(String.valueOf(e.getMessage()));
      return false;
    }
  }

  private static String text(List<Problem> problems) {
    return problems.stream().map(Problem::toString).collect(Collectors.joining("; "));
  }

  private static double bytes(ReleaseManifest manifest) {
    return new TreeMap<>(manifest.files())
        .values().stream().mapToDouble(ReleaseManifest.FileEntry::bytes).sum();
  }
}
