package io.winnow.lifecycle.rollout;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/**
 * What servers saw of the answers of a rollout's releases. Those of several servers add up. A
 * server counts from its start on, and says all that it counted again and again.
 *
 * @param sides by side; a side that answered nothing has zeros
 * @param shadow how the shadow's answers compare with the champion's
 */
public record TrialObservations(Map<Side, Counts> sides, Shadow shadow) {
  private static final ObjectMapper JSON = JsonMapper.builder().build();

  /** Nothing was seen yet. */
  public static final TrialObservations NONE = new TrialObservations(Map.of(), Shadow.NONE);

  /** Whose answers are counted. */
  public enum Side {
    /** The champion, asked once more beside the shadow and in the same way. */
    TWIN,
    /** The candidate in shadow. */
    SHADOW,
    /** The champion, while a challenger answers others. */
    CHAMPION,
    /** The candidate as challenger. */
    CHALLENGER,
    /** The candidate after it went live. */
    LIVE;

    /** As JSON and metrics write it. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * One side's answers.
   *
   * @param requests all
   * @param errors those that failed, or of which a stage failed by an error
   * @param degraded those of which a stage fell back to something simpler
   * @param empty those with fewer items than asked for
   * @param latency of all
   */
  public record Counts(
      long requests, long errors, long degraded, long empty, LatencyHistogram latency) {
    /** Of a side that answered nothing. */
    public static final Counts NONE = new Counts(0, 0, 0, 0, LatencyHistogram.EMPTY);

    /** Both together. */
    public Counts plus(Counts other) {
      return new Counts(
          requests + other.requests,
          errors + other.errors,
          degraded + other.degraded,
          empty + other.empty,
          latency.plus(other.latency));
    }
  }

  /**
   * The shadow beside the champion.
   *
   * @param compared how many pairs of answers
   * @param overlap the sum over them of the share of items that both have, each in [0, 1]
   * @param dropped requests that were not asked, since too many waited
   */
  public record Shadow(long compared, double overlap, long dropped) {
    /** Nothing was compared. */
    public static final Shadow NONE = new Shadow(0, 0, 0);

    /** The mean share of items that both have; 0 where nothing was compared. */
    public double meanOverlap() {
      return compared == 0 ? 0 : overlap / compared;
    }
  }

  /** Gives each side its counts. */
  public TrialObservations {
    Map<Side, Counts> all = new EnumMap<>(Side.class);
    for (Side side : Side.values()) {
      all.put(side, sides.getOrDefault(side, Counts.NONE));
    }
    sides = Collections.unmodifiableMap(all);
  }

  /** One side's counts. */
  public Counts of(Side side) {
    return sides.getOrDefault(side, Counts.NONE);
  }

  /** What several servers saw. */
  public static TrialObservations merge(Collection<TrialObservations> servers) {
    TrialObservations all = NONE;
    for (TrialObservations server : servers) {
      Map<Side, Counts> sum = new EnumMap<>(Side.class);
      for (Side side : Side.values()) {
        sum.put(side, all.of(side).plus(server.of(side)));
      }
      all =
          new TrialObservations(
              sum,
              new Shadow(
                  all.shadow.compared + server.shadow.compared,
                  all.shadow.overlap + server.shadow.overlap,
                  all.shadow.dropped + server.shadow.dropped));
    }
    return all;
  }

  /** As {@link #fromJson} reads it; buckets without a count are left out. */
  public String toJson() {
    ObjectNode root = JSON.createObjectNode();
    sides.forEach((side, counts) -> {
      if (counts.requests > 0) {
        ObjectNode node = root.putObject(side.label());
        node.put("requests", counts.requests);
        node.put("errors", counts.errors);
        node.put("degraded", counts.degraded);
        node.put("empty", counts.empty);
        ObjectNode latency = node.putObject("latency");
        for (int bucket = 0; bucket < LatencyHistogram.BUCKETS; bucket++) {
          if (counts.latency.count(bucket) > 0) {
            latency.put(String.valueOf(bucket), counts.latency.count(bucket));
          }
        }
      }
    });
    root.putObject("compared")
        .put("answers", shadow.compared)
        .put("overlap", shadow.overlap)
        .put("dropped", shadow.dropped);
    return root.toString();
  }

  /**
   * Reads what {@link #toJson} wrote.
   *
   * @throws WinnowException with {@code CORRUPT} if it is something else
   */
  public static TrialObservations fromJson(String json) {
    try {
      JsonNode root = JSON.readTree(json);
      Map<Side, Counts> sides = new EnumMap<>(Side.class);
      for (Side side : Side.values()) {
        JsonNode node = root.path(side.label());
        if (node.isObject()) {
          sides.put(side, counts(node));
        }
      }
      JsonNode compared = root.path("compared");
      return new TrialObservations(
          sides,
          new Shadow(
              compared.path("answers").asLong(),
              compared.path("overlap").asDouble(),
              compared.path("dropped").asLong()));
    } catch (JsonProcessingException | IllegalArgumentException e) {
      throw new WinnowException(
          ErrorCode.CORRUPT, "observations: not what a server wrote (expected: JSON)", e);
    }
  }

  private static Counts counts(JsonNode node) {
    long[] latency = new long[LatencyHistogram.BUCKETS];
    for (Map.Entry<String, JsonNode> bucket : node.path("latency").properties()) {
      int index = Integer.parseInt(bucket.getKey());
      if (index < 0 || index >= latency.length) {
        throw new IllegalArgumentException("bucket " + index);
      }
      latency[index] = bucket.getValue().asLong();
    }
    return new Counts(
        node.path("requests").asLong(),
        node.path("errors").asLong(),
        node.path("degraded").asLong(),
        node.path("empty").asLong(),
        new LatencyHistogram(latency));
  }
}
