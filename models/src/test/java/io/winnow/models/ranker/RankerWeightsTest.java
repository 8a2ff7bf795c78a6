package io.winnow.models.ranker;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.Problem;
import io.winnow.core.Seed;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.models.network.Progress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A ranker that goes on from its weights. */
final class RankerWeightsTest {
  private static final Seed SEED = new Seed(3);

  @TempDir Path folder;

  private static RankerConfig config(int epochs) {
    return RankerConfig.defaults().withLimits(epochs, 1000);
  }

  private static TrainedRanker train(
      RankingExamples examples, RankerConfig config, @Nullable RankerWeights start) {
    return new RankerTrainer(config, SEED, TimeSource.system())
        .train(examples, start, Progress.silent());
  }

  private static RankerWeights weights(TrainedRanker ranker) {
    return Objects.requireNonNull(ranker.weights());
  }

  @Test
  void train_oneEpochOnFewRequests_isBetterFromWeightsThanAnew() {
    TrainedRanker before = train(Worlds.planted(600, SEED), config(4), null);
    RankingExamples few = Worlds.planted(120, new Seed(4));
    double goesOn =
        train(few, config(1), weights(before)).spec().metrics().heads().getFirst().auc();
    double anew = train(few, config(1), null).spec().metrics().heads().getFirst().auc();
    assertTrue(goesOn > anew + 0.03, () -> goesOn + " against " + anew);
  }

  @Test
  void read_whatWasWritten_goesOnToTheSameBytes() {
    RankingExamples examples = Worlds.planted(100, SEED);
    TrainedRanker before = train(examples, config(1).withMembers(2), null);
    Path file = folder.resolve("ranker-weights.bin");
    weights(before).write(file);
    RankerWeights read = RankerWeights.read(file);
    assertArrayEquals(
        train(examples, config(1).withMembers(2), weights(before)).onnx(),
        train(examples, config(1).withMembers(2), read).onnx());
  }

  @Test
  void obstacles_anotherNetworkOrOtherInputs_areNamed() {
    RankingExamples examples = Worlds.planted(100, SEED);
    TrainedRanker before = train(examples, config(1), null);
    RankerWeights weights = weights(before);
    assertEquals(List.of(), weights.obstacles(before.spec(), config(9), examples));
    List<Problem> members = weights.obstacles(before.spec(), config(1).withMembers(3), examples);
    assertEquals(List.of("ranker.network"), members.stream().map(Problem::field).toList());
    RankingExamples other =
        new RankingExamples(
            examples.featureNames().reversed(),
            examples.features(),
            examples.groupOffsets(),
            RankingExamples.Embeddings.none(),
            examples.outcomes());
    assertTrue(
        weights.obstacles(before.spec(), config(1), other).stream()
            .anyMatch(problem -> problem.field().equals("ranker.inputs")));
  }

  @Test
  void train_fromWeightsThatAreNoNumbers_endsNamingNetworkEpochAndWhatToTry() {
    RankingExamples examples = Worlds.planted(100, SEED);
    RankerWeights weights = weights(train(examples, config(1), null));
    List<float[]> member = new ArrayList<>(weights.members().getFirst());
    member.set(0, member.getFirst().clone());
    member.getFirst()[2] = Float.NaN;
    RankerWeights damaged =
        new RankerWeights(
            config(1).network(), weights.features(), weights.similarity(), List.of(member));
    WinnowException diverged =
        assertThrows(WinnowException.class, () -> train(examples, config(1), damaged));
    assertEquals(ErrorCode.INTERNAL, diverged.code());
    String message = String.valueOf(diverged.getMessage());
    assertTrue(message.startsWith("ranker.loss: NaN in epoch 1 "), message);
    assertTrue(message.contains("try a lower learning rate of ranker"), message);
  }
}
