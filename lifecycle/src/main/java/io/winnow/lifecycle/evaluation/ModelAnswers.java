package io.winnow.lifecycle.evaluation;

import io.winnow.lifecycle.evaluation.EvaluationTable.Kind;
import java.util.Arrays;
import java.util.List;

/**
 * What one model answered for some targets: its place for each, and what its first {@link
 * RankMetrics#TOP} items are like. Not thread-safe; each shard of an evaluation fills its own.
 */
final class ModelAnswers {
  private final Kind kind;
  private final Placements.Listed placements;
  private final ListMeasures.Values measures;
  private long[] exposure = new long[0];
  private long places;
  private long newPlaces;

  /**
   * @param targets how many there are
   */
  ModelAnswers(Kind kind, int targets) {
    this.kind = kind;
    this.placements = new Placements.Listed(new int[targets], new float[targets]);
    this.measures = ListMeasures.Values.of(targets);
  }

  Kind kind() {
    return kind;
  }

  Placements placements() {
    return placements;
  }

  ListMeasures.Values measures() {
    return measures;
  }

  /** How often each item was among the first, by catalogue index. */
  long[] exposure() {
    return exposure;
  }

  /** The share of first places that went to items without an event before the cut. */
  double newShare() {
    return places == 0 ? 0 : newPlaces / (double) places;
  }

  /** Sets what became of one target; the measures are set by {@link ListMeasures}. */
  void set(int target, int rank, float percentile) {
    placements.ranks()[target] = rank;
    placements.percentiles()[target] = percentile;
  }

  /** Counts an item that is among the first of a list. */
  void expose(int item, boolean isNew) {
    if (item >= exposure.length) {
      exposure = Arrays.copyOf(exposure, Math.max(item + 1, exposure.length * 2));
    }
    exposure[item]++;
    places++;
    newPlaces += isNew ? 1 : 0;
  }

  /**
   * The answers for all targets from those of shards, of which shard s of S had the targets s, s +
   * S, s + 2 S, ….
   */
  static ModelAnswers join(List<ModelAnswers> shards, int targets) {
    ModelAnswers all = new ModelAnswers(shards.getFirst().kind, targets);
    for (int target = 0; target < targets; target++) {
      ModelAnswers shard = shards.get(target % shards.size());
      int at = target / shards.size();
      all.set(target, shard.placements.ranks()[at], shard.placements.percentiles()[at]);
      all.measures.copy(target, shard.measures, at);
    }
    for (ModelAnswers shard : shards) {
      if (shard.exposure.length > all.exposure.length) {
        all.exposure = Arrays.copyOf(all.exposure, shard.exposure.length);
      }
      for (int item = 0; item < shard.exposure.length; item++) {
        all.exposure[item] += shard.exposure[item];
      }
      all.places += shard.places;
      all.newPlaces += shard.newPlaces;
    }
    return all;
  }
}
