package io.winnow.experiments.analysis;

import io.winnow.core.Exposure;
import io.winnow.core.application.Experiment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Everyone who met the experiment: arm, first exposure and segments, in flat arrays by the unit's
 * index. Not thread-safe.
 *
 * <p>The first exposure is that of the earliest time, of the same time that of the lowest offset;
 * it decides arm and segments. A unit that was seen in several arms stays here, marked, and counts
 * for none.
 */
final class Units {
  /** Most values of one segment field; what comes later is {@link #OTHER}. */
  static final int SEGMENT_VALUES_MAX = 200;

  /** A segment value beyond the bound. */
  static final String OTHER = "other";

  /** A unit without a value of the field. */
  static final String UNKNOWN = "unknown";

  private static final int FIRST = 1024;

  private final LongIntMap index = new LongIntMap();
  private final Map<String, Integer> armIndex = new HashMap<>();
  private final List<Map<String, Integer>> segmentValues = new ArrayList<>();
  private long[] hashes = new long[FIRST];
  private long[] firstMs = new long[FIRST];
  private long[] firstOffset = new long[FIRST];
  private byte[] arms = new byte[FIRST];
  private boolean[] mixed = new boolean[FIRST];
  private int[] periods = new int[FIRST];
  private float[] probabilities = new float[FIRST];
  private final int[][] segments;
  private int size;
  private long strangers;

  Units(Experiment experiment) {
    for (Experiment.Arm arm : experiment.arms()) {
      armIndex.put(arm.name(), armIndex.size());
    }
    if (experiment.design() instanceof Experiment.Design.Interleaving) {
      armIndex.put(Exposure.INTERLEAVED, 0);
    }
    segments = new int[experiment.goals().segments().size()][FIRST];
    for (int i = 0; i < segments.length; i++) {
      segmentValues.add(new LinkedHashMap<>(Map.of(UNKNOWN, 0)));
    }
  }

  /**
   * Takes an exposure in.
   *
   * @param key of the unit
   * @param period of a bandit, else 0
   * @param probability with which the arm was drawn
   * @param values of the segments at this exposure, {@link #UNKNOWN} where there is none
   * @return the unit's index, or -1 if the arm is none of the experiment's
   */
  int expose(
      long key,
      String arm,
      double probability,
      long timeMs,
      long offset,
      int period,
      String[] values) {
    Integer armOf = armIndex.get(arm);
    if (armOf == null) {
      strangers++;
      return -1;
    }
    int unit = index.get(key);
    if (unit == LongIntMap.ABSENT) {
      unit = size++;
      index.put(key, unit);
      room();
      hashes[unit] = key;
      periods[unit] = period;
      first(unit, armOf, probability, timeMs, offset, values);
      return unit;
    }
    if (arms[unit] != armOf) {
      mixed[unit] = true;
    }
    if (timeMs < firstMs[unit]) {
      first(unit, armOf, probability, timeMs, offset, values);
    }
    return unit;
  }

  private void first(
      int unit, int arm, double probability, long timeMs, long offset, String[] values) {
    arms[unit] = (byte) arm;
    probabilities[unit] = (float) probability;
    firstMs[unit] = timeMs;
    firstOffset[unit] = offset;
    for (int i = 0; i < segments.length; i++) {
      segments[i][unit] = segmentCode(i, values[i]);
    }
  }

  private int segmentCode(int field, String value) {
    Map<String, Integer> codes = segmentValues.get(field);
    Integer code = codes.get(value);
    if (code == null) {
      String kept = codes.size() < SEGMENT_VALUES_MAX ? value : OTHER;
      code = codes.computeIfAbsent(kept, _ -> codes.size());
    }
    return code;
  }

  private void room() {
    if (size <= arms.length) {
      return;
    }
    int length = arms.length * 2;
    hashes = Arrays.copyOf(hashes, length);
    firstMs = Arrays.copyOf(firstMs, length);
    firstOffset = Arrays.copyOf(firstOffset, length);
    arms = Arrays.copyOf(arms, length);
    mixed = Arrays.copyOf(mixed, length);
    periods = Arrays.copyOf(periods, length);
    probabilities = Arrays.copyOf(probabilities, length);
    for (int i = 0; i < segments.length; i++) {
      segments[i] = Arrays.copyOf(segments[i], length);
    }
  }

  /** The unit of a key, or {@link LongIntMap#ABSENT}. */
  int find(long key) {
    return index.get(key);
  }

  int size() {
    return size;
  }

  long hash(int unit) {
    return hashes[unit];
  }

  int arm(int unit) {
    return arms[unit];
  }

  long firstMs(int unit) {
    return firstMs[unit];
  }

  /** Where in the log the first exposure lies. */
  long firstOffset(int unit) {
    return firstOffset[unit];
  }

  int period(int unit) {
    return periods[unit];
  }

  /** With which its arm was drawn. */
  double probability(int unit) {
    return probabilities[unit];
  }

  /** Whether it was seen in several arms. */
  boolean isMixed(int unit) {
    return mixed[unit];
  }

  /** Sets what is known only later. */
  void setSegment(int field, int unit, String value) {
    segments[field][unit] = segmentCode(field, value);
  }

  int segment(int field, int unit) {
    return segments[field][unit];
  }

  /** The values of a segment field in the order of their codes. */
  List<String> segmentValues(int field) {
    return List.copyOf(segmentValues.get(field).keySet());
  }

  /** Exposures to arms that the experiment does not have. */
  long strangers() {
    return strangers;
  }
}
