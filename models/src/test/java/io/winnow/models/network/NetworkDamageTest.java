package io.winnow.models.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.WinnowException;
import io.winnow.models.network.OnnxModel.Port;
import java.util.List;
import org.junit.jupiter.api.Test;

final class NetworkDamageTest {
  private static final int WIDTH = 3;

  /** Three candidates; the network says σ(x₀ + 2·x₁). */
  private static final float[] ROWS = {0, 0, 5, 1, 0, 6, 0, 1, 7};

  private static byte[] network() {
    OnnxWriter writer = new OnnxWriter("ranker");
    String features = writer.input("features", List.of("C", "3"));
    String weights = writer.constant(new float[] {1, 2, 0}, WIDTH, 1);
    String logits = writer.matMul(features, weights);
    writer.output(writer.sigmoid(logits), "probabilities", List.of("C", "1"));
    return writer.toBytes();
  }

  private static float[] logits(NetworkDamage damage, float[] rows) {
    try (OnnxModel model =
        OnnxModel.load(
            "damaged",
            damage.toBytes(),
            List.of(Port.of("features", -1, WIDTH)),
            Port.of("probabilities", -1, 1))) {
      float[] probabilities =
          model.run(List.of(rows), List.of(new long[] {rows.length / WIDTH, WIDTH}));
      float[] logits = new float[probabilities.length];
      for (int i = 0; i < logits.length; i++) {
        logits[i] = (float) Math.log(probabilities[i] / (1 - probabilities[i]));
      }
      return logits;
    }
  }

  private static NetworkDamage damage() {
    return new NetworkDamage(network());
  }

  @Test
  void toBytes_noDamage_saysTheSame() {
    assertArrayEquals(new float[] {0, 1, 2}, logits(damage(), ROWS), 1e-4f);
  }

  @Test
  void permuteColumns_readsEachInThePlaceOfAnother() {
    float[] swapped = logits(damage().permuteColumns("features", new int[] {1, 0, 2}), ROWS);
    assertArrayEquals(new float[] {0, 2, 1}, swapped, 1e-4f);
  }

  @Test
  void addColumn_addsItsPlaceBetweenTheExtremes() {
    float[] biased = logits(damage().addColumn("features", 2, 3), ROWS);
    assertArrayEquals(new float[] {-3, 1, 5}, biased, 1e-3f);
  }

  @Test
  void addColumn_unknownValue_spoilsNoOther() {
    float[] rows = ROWS.clone();
    rows[2] = Float.NaN;
    float[] biased = logits(damage().addColumn("features", 2, 3), rows);
    // Counted as 0, and so as the smallest; the network itself says nothing of that row.
    assertArrayEquals(
        new float[] {1 + 3 * (2 * 6 / 7f - 1), 2 + 3}, new float[] {biased[1], biased[2]}, 1e-3f);
  }

  @Test
  void reverseWhere_turnsOnlyThoseRound() {
    assertArrayEquals(
        new float[] {0, 1, -2}, logits(damage().reverseWhere("features", 2, 7), ROWS), 1e-3f);
  }

  @Test
  void scaleLogits_scalesAndShifts() {
    assertArrayEquals(
        new float[] {-1, -0.5f, 0}, logits(damage().scaleLogits(0.5f, -1), ROWS), 1e-3f);
  }

  @Test
  void slow_saysTheSame() {
    assertArrayEquals(
        new float[] {0, 1, 2}, logits(damage().slow("features", WIDTH, 16, 50), ROWS), 1e-3f);
  }

  @Test
  void failWhere_valueOccurs_cannotBeComputed() {
    NetworkDamage damage = damage().failWhere("features", 2, 6.5f, 8);
    assertArrayEquals(new float[] {0, 1}, logits(damage, new float[] {0, 0, 5, 1, 0, 6}), 1e-3f);
    assertThrows(RuntimeException.class, () -> logits(damage, ROWS));
  }

  @Test
  void mapWeights_reachesTheNetwork() {
    float[] broken = logits(damage().mapWeights(weight -> weight == 2 ? Double.NaN : weight), ROWS);
    assertTrue(Float.isNaN(broken[2]), "logit " + broken[2]);
  }

  @Test
  void damages_addUp() {
    float[] both =
        logits(damage().permuteColumns("features", new int[] {1, 0, 2}).scaleLogits(2, 1), ROWS);
    assertArrayEquals(new float[] {1, 5, 3}, both, 1e-3f);
  }

  @Test
  void networkDamage_notANetwork_isRefused() {
    assertEquals(
        "network",
        assertThrows(WinnowException.class, () -> new NetworkDamage(new byte[] {1, 2, 3}))
            .problems()
            .getFirst()
            .field());
  }
}
