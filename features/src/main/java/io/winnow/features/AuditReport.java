package io.winnow.features;

import io.winnow.core.ItemId;
import io.winnow.core.UserId;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * What an audit of served feature values found: the values that were logged with impressions
 * against those that replay computes for the same user, item, time and offset, bit for bit.
 *
 * @param requests how many requests had impressions that were compared
 * @param impressions how many impressions were compared
 * @param features what was compared of each feature, by qualified name
 * @param recent the same of the newest impressions only; of an audit that has an end, the same as
 *     {@code features}
 * @param skipped impressions that were not compared, by reason
 * @param notCompared features that cannot be compared, with the reason
 * @param examples the newest mismatches of each feature, by feature and offset
 */
public record AuditReport(
    long requests,
    long impressions,
    Map<String, Count> features,
    Map<String, Count> recent,
    Map<Skipped, Long> skipped,
    Map<String, String> notCompared,
    List<Mismatch> examples) {
  /** Nothing was compared. */
  public static final AuditReport NONE =
      new AuditReport(0, 0, Map.of(), Map.of(), Map.of(), Map.of(), List.of());

  /** Copies everything. */
  public AuditReport {
    features = Collections.unmodifiableMap(new TreeMap<>(features));
    recent = Collections.unmodifiableMap(new TreeMap<>(recent));
    EnumMap<Skipped, Long> reasons = new EnumMap<>(Skipped.class);
    reasons.putAll(skipped);
    skipped = Collections.unmodifiableMap(reasons);
    notCompared = Collections.unmodifiableMap(new TreeMap<>(notCompared));
    examples = List.copyOf(examples);
  }

  /** How many values were compared. */
  public long values() {
    return features.values().stream().mapToLong(Count::values).sum();
  }

  /** How many of them differ. */
  public long mismatches() {
    return features.values().stream().mapToLong(Count::mismatches).sum();
  }

  /** How many impressions were not compared. */
  public long skippedImpressions() {
    return skipped.values().stream().mapToLong(Long::longValue).sum();
  }

  /**
   * The features of which a larger share differs among the newest impressions.
   *
   * @param maxMismatches a share in [0, 1] of the compared values of one feature
   */
  public Map<String, Count> above(double maxMismatches) {
    Map<String, Count> above = new TreeMap<>();
    recent.forEach((feature, count) -> {
      if (count.share() > maxMismatches) {
        above.put(feature, count);
      }
    });
    return above;
  }

  /**
   * What was compared of one feature.
   *
   * @param values how many values
   * @param mismatches how many of them differ
   */
  public record Count(long values, long mismatches) {
    /** The share that differs, in [0, 1]; 0 if nothing was compared. */
    public double share() {
      return values == 0 ? 0 : (double) mismatches / values;
    }
  }

  /**
   * One value that differs.
   *
   * @param feature its qualified name
   * @param offset of the impression in the log
   * @param requestId the request that was answered
   * @param release the release that answered
   * @param logged what serving used
   * @param replayed what replay computes; NaN also if the item was not known at that offset
   */
  public record Mismatch(
      String feature,
      long offset,
      String requestId,
      String release,
      UserId user,
      ItemId item,
      float logged,
      float replayed) {
    /** The bits of a value, such as {@code 0x3dcccccd}. */
    public static String bits(float value) {
      return "0x%08x".formatted(Float.floatToIntBits(value));
    }
  }

  /** Why an impression is not compared. */
  public enum Skipped {
    /** It carries no values: ranking was degraded, or another system logged it. */
    NO_VALUES,
    /** The release that answered is not there any more, nor another with the same features. */
    RELEASE_GONE,
    /**
     * The release is there, but neither it nor the application has the features of these values.
     */
    FEATURES_UNKNOWN,
    /** It has another number of values than its features say. */
    WRONG_LENGTH,
    /** It names an offset behind its own, or too far before it to be held back for. */
    OUT_OF_REACH,
    /** More releases or schemas occur in the log than are compared at once. */
    TOO_MANY_RELEASES;

    /** How it is written in metrics and reports. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
