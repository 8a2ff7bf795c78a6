package io.winnow.app;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.winnow.core.ErrorCode;
import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.core.application.FeatureStorePolicy;
import io.winnow.features.AuditReport;
import io.winnow.features.AuditReport.Count;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a newer release from being activated while served feature values are not what replay
 * computes: the release would be trained on, or judged by, values that are not served. Going back
 * to an earlier release is always allowed.
 *
 * <p>It goes by the newest impressions that the audit of this process compared; where it compared
 * none yet, by what the last audit of the folder left in {@code audit.json}. So the way is free
 * again when enough impressions agree, or when {@code winnow features audit --last N} says so.
 */
final class PromotionGate {
  private static final Logger LOG = LoggerFactory.getLogger(PromotionGate.class);
  private static final ObjectMapper JSON = JsonMapper.builder().build();

  private final Path file;
  private final double maxMismatches;

  /** What {@code audit.json} holds. */
  private record Verdict(Map<String, Count> features) {}

  /**
   * Whether the audit has a say.
   *
   * @param reason why not; empty if it has
   */
  record Promotion(String reason) {
    /** It has. */
    static final Promotion AUDITED = new Promotion("");

    /**
     * It has not.
     *
     * @throws WinnowException with {@code INVALID_ARGUMENT} if the reason is blank
     */
    static Promotion forced(String reason) {
      if (reason.isBlank()) {
        throw WinnowException.invalid("--force", reason, "the reason, which is logged");
      }
      return new Promotion(reason.strip());
    }
  }

  PromotionGate(DataFolder data, double maxMismatches) {
    this.file = data.audit();
    this.maxMismatches = maxMismatches;
  }

  /** The gate of a folder, with the threshold of its application; the default's if it has none. */
  static PromotionGate of(DataFolder data, Map<String, String> environment) {
    FeatureStorePolicy policy =
        Files.exists(data.applicationFile())
            ? data.application(null, environment).definition().operations().featureStore()
            : FeatureStorePolicy.DEFAULT;
    return new PromotionGate(data, policy.audit().maxMismatches());
  }

  /** The share of a feature's values above which no release is promoted. */
  double maxMismatches() {
    return maxMismatches;
  }

  /**
   * Lets a release pass, or not.
   *
   * @param version of the release; versions ascend with time
   * @param active the one that it would replace
   * @param live what the audit of this process found so far
   * @throws WinnowException with {@code BLOCKED} that names each feature, its share and the
   *     threshold, and the way round
   */
  void check(String version, Optional<String> active, AuditReport live, Promotion promotion) {
    if (active.isPresent() && version.compareTo(active.get()) <= 0) {
      return;
    }
    Map<String, Count> above =
        live.impressions() > 0 ? live.above(maxMismatches) : lastAudit().above(maxMismatches);
    if (above.isEmpty()) {
      return;
    }
    List<Problem> problems = new ArrayList<>();
    above.forEach((feature, count) ->
        problems.add(
            new Problem(
                feature,
                String.format(
                    Locale.ROOT,
                    "%,d of %,d served values (%.4f %%) are not what replay computes",
                    count.mismatches(),
                    count.values(),
                    100 * count.share()),
                String.format(
                    Locale.ROOT,
                    "at most %s %%: feature_store.audit.max_mismatches",
                    100 * maxMismatches))));
    String text =
        "release "
            + version
            + " is not activated: "
            + String.join("; ", problems.stream().map(Problem::toString).toList())
            + "; see 'winnow features audit' or /v1/monitoring/features; --force REASON activates it"
            + " all the same";
    if (promotion.reason().isEmpty()) {
      throw new WinnowException(ErrorCode.BLOCKED, text);
    }
    LOG.warn("forced, as \"{}\", although: {}", promotion.reason(), text);
  }

  /**
   * What the last audit of the folder left: how many of the newest values of each feature differed;
   * nothing if there was none.
   */
  AuditReport lastAudit() {
    Map<String, Count> counts = remembered();
    return new AuditReport(0, 0, counts, counts, Map.of(), Map.of(), List.of());
  }

  /** What it goes by: what the audit of this process compared lately, else the last one before. */
  Map<String, Count> counts(AuditReport live) {
    return live.impressions() > 0 ? live.recent() : remembered();
  }

  /** Keeps what an audit found, if it compared anything. */
  void remember(AuditReport report) {
    if (report.impressions() == 0) {
      return;
    }
    try {
      Path temporary = file.resolveSibling("." + file.getFileName());
      Files.write(temporary, JSON.writeValueAsBytes(new Verdict(report.recent())));
      Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      LOG.warn("cannot write {}: {}", file, e.getMessage());
    }
  }

  private Map<String, Count> remembered() {
    try {
      return Files.exists(file)
          ? new TreeMap<>(JSON.readValue(Files.readAllBytes(file), Verdict.class).features())
          : Map.of();
    } catch (JsonProcessingException e) {
      throw new WinnowException(
          ErrorCode.CORRUPT,
          file + ": not what an audit wrote (expected: JSON; delete it or run 'features audit')",
          e);
    } catch (IOException e) {
      throw new WinnowException(
          ErrorCode.UNAVAILABLE, "cannot read " + file + ": " + e.getMessage(), e);
    }
  }
}
