package io.winnow.lifecycle.rollout;

import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.Rollout.Gate;
import io.winnow.features.AuditReport;
import io.winnow.lifecycle.evaluation.Calibration;
import io.winnow.lifecycle.evaluation.PairedDifference;
import io.winnow.lifecycle.evaluation.ReleaseComparison;
import io.winnow.lifecycle.evaluation.ReleaseComparison.Segment;
import io.winnow.lifecycle.evaluation.ReleaseComparison.Side;
import io.winnow.lifecycle.rollout.GateReport.Check;
import io.winnow.lifecycle.rollout.GateReport.Verdict;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What follows from figures: which of them fail a release, which are too few to tell, which only
 * inform.
 *
 * <p>A figure of quality fails a release only if it is shown to be a loss (the whole interval on
 * the wrong side) and, by the best estimate, a larger one than is allowed. So one comparison fails
 * a release as good as the champion no more often than its interval misses on that side, one in
 * forty at 95 %; there are several comparisons, and nothing corrects for their number. A clearly
 * worse release fails as soon as there are enough outcomes to see it.
 */
final class GateRules {
  /** Fewer outcomes or users than this inform, and decide nothing. */
  private static final int MIN_OUTCOMES = 30;

  private static final int MIN_USERS = 10;

  /** Fewer timed requests than this have no 95th percentile. */
  private static final int MIN_REQUESTS = 20;

  /**
   * A source that is shown to find less than the champion's, and by the best estimate less than
   * this share of what that finds, is broken. Far from 1, since users took what the champion's
   * sources had proposed: an equally good source that proposes other items looks worse than it is.
   */
  private static final double MIN_RECALL_SHARE = 0.6;

  /** A source of which the champion's found less is not judged: there is little to lose. */
  private static final double MIN_CHAMPION_RECALL = 0.05;

  /** Predicted and observed rates that differ by more than this factor are wrong. */
  private static final double MAX_RATIO = 2;

  /** What is off by up to this factor more than the champion's is as badly off as it. */
  private static final double AS_BADLY = 1.25;

  /** Times below this are all the same to users, and to a clock on a busy machine. */
  private static final double LATENCY_FLOOR_MS = 5;

  /** A bundle that grew by less than this many bytes is no matter, whatever the ratio. */
  private static final double MEMORY_FLOOR_BYTES = 4 << 20;

  /** Answers that are worse by less than this share of a kind of users' requests are let be. */
  private static final double MAX_WORSE_ANSWERS = 0.005;

  private static final double Z = 1.96;

  private final ApplicationDefinition application;
  private final Gate gate;

  GateRules(ApplicationDefinition application, Gate gate) {
    this.application = application;
    this.gate = gate;
  }

  /** Every check that a replay of the log gives figures for. */
  List<Check> replayed(ReleaseComparison comparison) {
    return List.of(
        metric(comparison),
        retrieval(comparison),
        calibration(comparison),
        answers(comparison),
        latency(comparison));
  }

  /** Names columns that are not the schema's, and features that were not served as replayed. */
  static Check skew(List<String> columns, AuditReport audit, double maxMismatches) {
    Map<String, Double> numbers = new LinkedHashMap<>();
    numbers.put("values", (double) audit.values());
    numbers.put("mismatches", (double) audit.mismatches());
    numbers.put("columns", (double) columns.size());
    List<String> found = new ArrayList<>(columns);
    audit
        .above(maxMismatches)
        .forEach((feature, count) ->
            found.add(
                String.format(
                    Locale.ROOT,
                    "%s: %,d of %,d served values (%.4f %%) are not what replay computes (expected:"
                        + " at most %s %%, feature_store.audit.max_mismatches)",
                    feature,
                    count.mismatches(),
                    count.values(),
                    100 * count.share(),
                    100 * maxMismatches)));
    return new Check(
        OfflineGate.SKEW,
        found.isEmpty() ? Verdict.PASSED : Verdict.FAILED,
        numbers,
        !found.isEmpty()
            ? String.join("; ", found)
            : audit.values() == 0
                ? "the columns are those of the schema; no served value was compared"
                : String.format(
                    Locale.ROOT,
                    "the columns are those of the schema; %,d of %,d served values differ from"
                        + " replay",
                    audit.mismatches(),
                    audit.values()));
  }

  /** Compares sizes of bundles. */
  static Check memory(double candidateBytes, double championBytes, double maxRatio) {
    Map<String, Double> numbers = new LinkedHashMap<>();
    numbers.put("bytes", candidateBytes);
    if (Double.isNaN(championBytes)) {
      return new Check(
          OfflineGate.MEMORY,
          Verdict.PASSED,
          numbers,
          String.format(Locale.ROOT, "%,.0f bytes; no champion to compare with", candidateBytes));
    }
    double ratio = candidateBytes / championBytes;
    numbers.put("champion_bytes", championBytes);
    numbers.put("ratio", ratio);
    numbers.put("max_ratio", maxRatio);
    boolean failed = ratio > maxRatio && candidateBytes - championBytes > MEMORY_FLOOR_BYTES;
    return new Check(
        OfflineGate.MEMORY,
        failed ? Verdict.FAILED : Verdict.PASSED,
        numbers,
        String.format(
            Locale.ROOT,
            "%,.0f bytes, %.2f times the champion's (allowed: %.2f times)",
            candidateBytes,
            ratio,
            maxRatio));
  }

  /** The ranking of what users did: of shown items, and of all where they chose by themselves. */
  Check metric(ReleaseComparison comparison) {
    Map<String, Double> numbers = new LinkedHashMap<>();
    numbers.put("outcomes", (double) comparison.outcomes());
    numbers.put("max_loss", gate.maxLoss());
    List<String> texts = new ArrayList<>();
    boolean failed = false;
    boolean judged = false;
    Map<String, @Nullable PairedDifference> parts = new LinkedHashMap<>();
    parts.put("shown", comparison.shown());
    parts.put("organic", comparison.organic());
    for (Map.Entry<String, @Nullable PairedDifference> part : parts.entrySet()) {
      PairedDifference difference = part.getValue();
      if (difference == null) {
        continue;
      }
      put(numbers, part.getKey(), difference);
      boolean enough = isEnough(difference);
      boolean lost = enough && difference.isLoss() && difference.relative() < -gate.maxLoss();
      judged |= enough;
      failed |= lost;
      texts.add(
          text(part.getKey(), difference)
              + (enough ? "" : ", too few to decide")
              + (lost
                  ? String.format(Locale.ROOT, ": lost more than %.1f %%", 100 * gate.maxLoss())
                  : ""));
    }
    boolean waiting = comparison.outcomes() < gate.minOutcomes() || !judged;
    // A loss that is shown with few outcomes is a loss.
    Verdict verdict = failed ? Verdict.FAILED : waiting ? Verdict.WAITING : Verdict.PASSED;
    if (comparison.outcomes() < gate.minOutcomes()) {
      texts.add(
          String.format(
              Locale.ROOT,
              "%,d outcomes behind both trainings (needed: %,d)",
              comparison.outcomes(),
              gate.minOutcomes()));
    }
    if (!comparison.cutShort().isEmpty()) {
      texts.add(comparison.cutShort());
    }
    return new Check(gate.metric(), verdict, numbers, String.join("; ", texts));
  }

  private static boolean isEnough(PairedDifference difference) {
    return difference.outcomes() >= MIN_OUTCOMES && difference.users() >= MIN_USERS;
  }

  /** What each source finds of what users took. */
  Check retrieval(ReleaseComparison comparison) {
    Map<String, Double> numbers = new LinkedHashMap<>();
    numbers.put("depth", (double) comparison.recallDepth());
    List<String> failed = new ArrayList<>();
    List<String> all = new ArrayList<>();
    comparison
        .recall()
        .forEach((source, recall) -> {
          put(numbers, source, recall);
          all.add(
              Double.isNaN(recall.champion())
                  ? String.format(Locale.ROOT, "%s %.3f", source, recall.candidate())
                  : String.format(
                      Locale.ROOT,
                      "%s %.3f (%.3f)",
                      source,
                      recall.candidate(),
                      recall.champion()));
          if (isEnough(recall)
              && recall.champion() >= MIN_CHAMPION_RECALL
              && recall.isLoss()
              && recall.relative() < MIN_RECALL_SHARE - 1) {
            failed.add(text(source, recall));
          }
        });
    String found =
        String.format(
                Locale.ROOT,
                "share of outcomes among a source's first %d, the champion's in brackets: ",
                comparison.recallDepth())
            + (all.isEmpty() ? "none to judge by" : String.join(", ", all));
    return new Check(
        OfflineGate.RETRIEVAL,
        failed.isEmpty() ? Verdict.PASSED : Verdict.FAILED,
        numbers,
        failed.isEmpty()
            ? found
            : String.format(
                    Locale.ROOT,
                    "finds less than %.0f %% of what the champion's finds: ",
                    100 * MIN_RECALL_SHARE)
                + String.join("; ", failed));
  }

  /** Predicted against observed rates of shown items. */
  Check calibration(ReleaseComparison comparison) {
    Map<String, Double> numbers = new LinkedHashMap<>();
    numbers.put("max_ece", gate.maxEce());
    List<String> failed = new ArrayList<>();
    List<String> all = new ArrayList<>();
    comparison
        .candidate()
        .calibration()
        .forEach((objective, fit) -> {
          Side champion = comparison.champion();
          Calibration other = champion == null ? null : champion.calibration().get(objective);
          numbers.put(objective + ".ece", fit.ece());
          numbers.put(objective + ".excess", fit.excess());
          numbers.put(objective + ".ratio", fit.ratio());
          if (other != null) {
            numbers.put(objective + ".champion_ece", other.ece());
            numbers.put(objective + ".champion_excess", other.excess());
            numbers.put(objective + ".champion_ratio", other.ratio());
          }
          String text =
              String.format(
                  Locale.ROOT,
                  "%s: expected calibration error %.4f (%.4f beyond chance), predicted / observed"
                      + " %.2f, of %,d outcomes of %,d shown items",
                  objective,
                  fit.ece(),
                  fit.excess(),
                  fit.ratio(),
                  fit.outcomes(),
                  fit.rows());
          all.add(text);
          if (isWrong(fit, other)) {
            failed.add(text);
          }
        });
    numbers.values().removeIf(value -> !Double.isFinite(value));
    return new Check(
        OfflineGate.CALIBRATION,
        failed.isEmpty() ? Verdict.PASSED : Verdict.FAILED,
        numbers,
        !failed.isEmpty()
            ? String.join("; ", failed)
                + String.format(
                    Locale.ROOT,
                    " (allowed: %.3f beyond chance, a factor of %.1f)",
                    gate.maxEce(),
                    MAX_RATIO)
            : all.isEmpty() ? "no shown items to judge a ranker by" : String.join("; ", all));
  }

  /** Never for what the champion does as badly: then it is the world that changed. */
  private boolean isWrong(Calibration fit, @Nullable Calibration other) {
    if (fit.outcomes() < MIN_OUTCOMES) {
      return false;
    }
    double allowed = Math.max(gate.maxEce(), other == null ? 0 : AS_BADLY * other.excess());
    boolean error = fit.ece() > fit.byChance() && fit.excess() > allowed;
    double allowedFactor =
        Math.max(MAX_RATIO, other == null ? 0 : AS_BADLY * factor(other.ratio()));
    boolean rate = fit.ratioLow() > allowedFactor || fit.ratioHigh() < 1 / allowedFactor;
    return error || rate;
  }

  /** How far a ratio is from 1, whichever way: at least 1. */
  private static double factor(double ratio) {
    return Math.max(ratio, 1 / ratio);
  }

  /** Answers that are not whole, for all users and for kinds of them. */
  Check answers(ReleaseComparison comparison) {
    Map<String, Double> numbers = new LinkedHashMap<>();
    List<String> failed = new ArrayList<>();
    comparison
        .segments()
        .forEach((kind, segment) -> {
          double requests = segment.requests();
          if (kind.equals("all")) {
            numbers.put("requests", requests);
            numbers.put("failed", segment.candidate().failed() / requests);
            numbers.put("shorter", segment.candidate().shorter() / requests);
            numbers.put("degraded", segment.candidate().degraded() / requests);
            numbers.put("champion_failed", segment.champion().failed() / requests);
            numbers.put("champion_shorter", segment.champion().shorter() / requests);
            numbers.put("champion_degraded", segment.champion().degraded() / requests);
          }
          if (isWorse(segment, comparison.champion() != null)) {
            failed.add(
                String.format(
                    Locale.ROOT,
                    "%s: of %,d answers %,d failed, %,d were short, %,d degraded (the champion's:"
                        + " %,d, %,d, %,d)",
                    kind,
                    segment.requests(),
                    segment.candidate().failed(),
                    segment.candidate().shorter(),
                    segment.candidate().degraded(),
                    segment.champion().failed(),
                    segment.champion().shorter(),
                    segment.champion().degraded()));
          }
        });
    List<String> errors = comparison.candidate().failures();
    boolean newErrors =
        !errors.isEmpty()
            && (comparison.champion() == null || comparison.champion().failures().isEmpty());
    if (newErrors) {
      failed.addAll(errors);
    }
    return new Check(
        OfflineGate.ANSWERS,
        failed.isEmpty() ? Verdict.PASSED : Verdict.FAILED,
        numbers,
        failed.isEmpty()
            ? String.format(
                Locale.ROOT,
                "%,.0f recorded requests answered in full, or no worse than by the champion",
                numbers.getOrDefault("requests", 0.0))
            : String.join("; ", failed));
  }

  /** More answers became worse than better, beyond what a coin does (McNemar's test). */
  private static boolean isWorse(Segment segment, boolean paired) {
    int worse =
        paired
            ? segment.onlyCandidate()
            : segment.candidate().failed()
                + segment.candidate().shorter()
                + segment.candidate().degraded();
    int better = paired ? segment.onlyChampion() : 0;
    double difference = (double) worse - better;
    return difference > MAX_WORSE_ANSWERS * segment.requests()
        && difference >= Z * Math.sqrt((double) worse + better);
  }

  /**
   * The largest 95th percentile of a candidate that passes, milliseconds: the deadline of a whole
   * request where there is no champion.
   *
   * @param championP95Ms NaN without champion
   */
  double allowedMs(double championP95Ms) {
    return Double.isNaN(championP95Ms)
        ? application.policy().serving().deadline().toNanos() / 1e6
        : Math.max(LATENCY_FLOOR_MS, gate.maxLatency() * championP95Ms);
  }

  /** The slower answers. */
  Check latency(ReleaseComparison comparison) {
    Side candidate = comparison.candidate();
    Side champion = comparison.champion();
    Map<String, Double> numbers = new LinkedHashMap<>();
    numbers.put("requests", (double) candidate.timedRequests());
    if (candidate.timedRequests() < MIN_REQUESTS) {
      return new Check(
          OfflineGate.LATENCY,
          Verdict.WAITING,
          numbers,
          String.format(
              Locale.ROOT,
              "%d recorded requests were answered (needed: %d)",
              candidate.timedRequests(),
              MIN_REQUESTS));
    }
    numbers.put("p50_ms", candidate.p50Ms());
    numbers.put("p95_ms", candidate.p95Ms());
    double allowedMs = allowedMs(champion == null ? Double.NaN : champion.p95Ms());
    if (champion != null) {
      numbers.put("champion_p50_ms", champion.p50Ms());
      numbers.put("champion_p95_ms", champion.p95Ms());
      numbers.put("ratio", candidate.p95Ms() / champion.p95Ms());
      numbers.put("max_ratio", gate.maxLatency());
    }
    return new Check(
        OfflineGate.LATENCY,
        candidate.p95Ms() > allowedMs ? Verdict.FAILED : Verdict.PASSED,
        numbers,
        String.format(
            Locale.ROOT,
            "95th percentile %.2f ms of %d recorded requests (allowed: %.2f ms, %s)",
            candidate.p95Ms(),
            candidate.timedRequests(),
            allowedMs,
            champion == null
                ? "the deadline of a whole request"
                : String.format(
                    Locale.ROOT,
                    "%.1f times the champion's %.2f ms",
                    gate.maxLatency(),
                    champion.p95Ms())));
  }

  private static void put(Map<String, Double> numbers, String name, PairedDifference difference) {
    numbers.put(name + ".outcomes", (double) difference.outcomes());
    numbers.put(name + ".users", (double) difference.users());
    numbers.put(name + ".candidate", difference.candidate());
    if (!Double.isNaN(difference.champion())) {
      numbers.put(name + ".champion", difference.champion());
    }
    if (!Double.isNaN(difference.relative())) {
      numbers.put(name + ".relative", difference.relative());
      numbers.put(name + ".low", difference.low());
      numbers.put(name + ".high", difference.high());
    }
  }

  private static String text(String name, PairedDifference difference) {
    return Double.isNaN(difference.relative())
        ? String.format(
            Locale.ROOT,
            "%s %.4f on %,d outcomes of %,d users",
            name,
            difference.candidate(),
            difference.outcomes(),
            difference.users())
        : String.format(
            Locale.ROOT,
            "%s %.4f against %.4f, %+.1f %% (%+.1f to %+.1f) on %,d outcomes of %,d users",
            name,
            difference.candidate(),
            difference.champion(),
            100 * difference.relative(),
            100 * difference.low(),
            100 * difference.high(),
            difference.outcomes(),
            difference.users());
  }
}
