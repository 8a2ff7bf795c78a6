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
  private static final int NO_UNIT = -1;

  private LongIntMap index = new LongIntMap();
  private final Map<String, Integer> armIndex = new HashMap<>();
  private final List<Map<String, Integer>> segmentValues = new ArrayList<>();
  private long[] hashes = new long[FIRST];
  private long[] firstMs = new long[FIRST];
  private long[] firstOffset = new long[FIRST];
  private byte[] arms = new byte[FIRST];
  private boolean[] mixed = new boolean[FIRST];
  private int[] periods = new int[FIRST];
  private float[] probabilities = new float[FIRST];
  private int[] exposures = new int[FIRST];
  private final boolean hasPeriods;
  private final int[][] segments;
  private LongIntMap owners = new LongIntMap();
  private long[] ownerOf = new long[FIRST];
  private int[] earlier = new int[FIRST];
  private int[] later = new int[FIRST];
  private int size;
  private long strangers;

  Units(Experiment experiment) {
    hasPeriods = experiment.design() instanceof Experiment.Design.Bandit;
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
   * @param owner key of the user who is another unit in each period; only read for a bandit
   * @param period of a bandit, else 0
   * @param probability with which the arm was drawn
   * @param values of the segments at this exposure, {@link #UNKNOWN} where there is none
   * @return the unit's index, or -1 if the arm is none of the experiment's
   */
  int expose(
      long key,
      long owner,
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
      mixed[unit] = false;
      exposures[unit] = 1;
      if (hasPeriods) {
        link(owner, unit);
      }
      first(unit, armOf, probability, timeMs, offset, values);
      return unit;
    }
    exposures[unit]++;
    if (arms[unit] != armOf) {
      mixed[unit] = true;
    }
    if (timeMs < firstMs[unit]) {
      first(unit, armOf, probability, timeMs, offset, values);
    }
    return unit;
  }

  /** Puts a unit among those of its user, by period. The map points at the last one touched. */
  private void link(long owner, int unit) {
    int at = owners.get(owner);
    ownerOf[unit] = owner;
    earlier[unit] = NO_UNIT;
    later[unit] = NO_UNIT;
    if (at != LongIntMap.ABSENT) {
      while (periods[at] > periods[unit] && earlier[at] != NO_UNIT) {
        at = earlier[at];
      }
      while (later[at] != NO_UNIT && periods[later[at]] < periods[unit]) {
        at = later[at];
      }
      boolean after = periods[at] < periods[unit];
      earlier[unit] = after ? at : earlier[at];
      later[unit] = after ? later[at] : at;
      if (earlier[unit] != NO_UNIT) {
        later[earlier[unit]] = unit;
      }
      if (later[unit] != NO_UNIT) {
        earlier[later[unit]] = unit;
      }
    }
    owners.put(owner, unit);
  }

  /**
   * The unit that a bandit's user was at a time: that of the newest period with an exposure not
   * later than it; the user's first unit before all of them; or {@link LongIntMap#ABSENT}.
   *
   * <p>It begins where it was found the last time, so that a log in about the order of time costs a
   * step or two each.
   */
  int find(long owner, long timeMs) {
    int unit = owners.get(owner);
    if (unit == LongIntMap.ABSENT) {
      return unit;
    }
    int begin = unit;
    while (firstMs[unit] > timeMs && earlier[unit] != NO_UNIT) {
      unit = earlier[unit];
    }
    while (later[unit] != NO_UNIT && firstMs[later[unit]] <= timeMs) {
      unit = later[unit];
    }
    if (unit != begin) {
      owners.put(owner, unit);
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
    exposures = Arrays.copyOf(exposures, length);
    if (hasPeriods) {
      ownerOf = Arrays.copyOf(ownerOf, length);
      earlier = Arrays.copyOf(earlier, length);
      later = Arrays.copyOf(later, length);
    }
    for (int i = 0; i < segments.length; i++) {
      segments[i] = Arrays.copyOf(segments[i], length);
    }
  }

  /**
   * Keeps the sample of a level: whole users, so that what a bandit's user did is not taken for an
   * earlier period's because the later one is not in the sample.
   *
   * @return the new index of each unit, by the old one; -1 for one that is not kept
   */
  int[] thin(int level) {
    int[] moved = new int[size];
    int kept = 0;
    for (int unit = 0; unit < size; unit++) {
      boolean keep = Hashes.sampled(hasPeriods ? ownerOf[unit] : hashes[unit], level);
      moved[unit] = keep ? kept++ : -1;
    }
    index = new LongIntMap();
    owners = new LongIntMap();
    for (int unit = 0; unit < size; unit++) {
      if (moved[unit] >= 0) {
        move(unit, moved[unit]);
      }
    }
    if (hasPeriods) {
      for (int unit = 0; unit < kept; unit++) {
        earlier[unit] = earlier[unit] == NO_UNIT ? NO_UNIT : moved[earlier[unit]];
        later[unit] = later[unit] == NO_UNIT ? NO_UNIT : moved[later[unit]];
      }
    }
    size = kept;
    return moved;
  }

  private void move(int from, int to) {
    hashes[to] = hashes[from];
    firstMs[to] = firstMs[from];
    firstOffset[to] = firstOffset[from];
    arms[to] = arms[from];
    mixed[to] = mixed[from];
    periods[to] = periods[from];
    probabilities[to] = probabilities[from];
    exposures[to] = exposures[from];
    for (int[] field : segments) {
      field[to] = field[from];
    }
    index.put(hashes[to], to);
    if (hasPeriods) {
      ownerOf[to] = ownerOf[from];
      earlier[to] = earlier[from];
      later[to] = later[from];
      owners.put(ownerOf[to], to);
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

  /** How often the units were exposed, all together. */
  long exposures() {
    long sum = 0;
    for (int unit = 0; unit < size; unit++) {
      sum += exposures[unit];
    }
    return sum;
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
