package io.winnow.lifecycle.evaluation;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What one training's models answered for all targets.
 *
 * @param seed of the training
 * @param rows answers by model, in the order of the table
 * @param facts of the targets: the same for every training
 * @param onSlates figures of the ranker on slates that were shown behind the cut; empty without
 * @param trainSeconds by row
 */
record Measured(
    long seed,
    Map<String, ModelAnswers> rows,
    Facts facts,
    Map<String, Double> onSlates,
    Map<String, Double> trainSeconds) {
  /**
   * What the log alone says of the targets.
   *
   * @param allowedCounts how many items were allowed, by target; 0 if the target was not among them
   * @param withoutHistory the targets whose user had no choice before
   * @param catalogSize how many items are known at the last target
   * @param checkedPlaces how many places of lists were held against what was published
   */
  record Facts(int[] allowedCounts, BitSet withoutHistory, int catalogSize, long checkedPlaces) {}

  /**
   * Puts the shards' answers together, of which shard s of S had the targets s, s + S, s + 2 S, ….
   */
  static Measured of(
      long seed,
      List<EvaluationRows> shards,
      int targets,
      Map<String, Double> onSlates,
      Map<String, Double> trainSeconds) {
    Map<String, ModelAnswers> rows = new LinkedHashMap<>();
    for (String model : shards.getFirst().rows().keySet()) {
      List<ModelAnswers> parts = new ArrayList<>();
      for (EvaluationRows shard : shards) {
        parts.add(java.util.Objects.requireNonNull(shard.rows().get(model), model));
      }
      rows.put(model, ModelAnswers.join(parts, targets));
    }
    int[] allowed = new int[targets];
    BitSet withoutHistory = new BitSet(targets);
    for (int target = 0; target < targets; target++) {
      EvaluationRows shard = shards.get(target % shards.size());
      allowed[target] = shard.allowedCounts()[target / shards.size()];
      withoutHistory.set(target, shard.withoutHistory().get(target / shards.size()));
    }
    return new Measured(
        seed,
        rows,
        new Facts(
            allowed,
            withoutHistory,
            shards.stream().mapToInt(EvaluationRows::catalogSize).max().orElse(0),
            shards.stream().mapToLong(EvaluationRows::checkedPlaces).sum()),
        onSlates,
        trainSeconds);
  }
}
