package io.winnow.models.encoder;

import io.winnow.models.network.Graph;
import io.winnow.models.network.OnnxWriter;
import io.winnow.models.network.Parameter;
import io.winnow.models.network.TrainingGraph;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * The query network: causal self-attention over item vectors (SASRec: Kang, McAuley 2018), with
 * normalisation before each sub-layer, and a learned bias by distance in place of position
 * embeddings (Shaw et al. 2018; T5's form): what happened k events ago weighs the same wherever the
 * window begins. What attention brings, and the feed-forward layer's hidden values, pass gates that
 * the same event computes (as in HSTU: Zhai et al. 2024, and GLU variants: Shazeer 2020). Causality
 * makes padding after the last event harmless, so there is no padding mask.
 */
final class EncoderNetwork {
  private static final float MASKED = -1e9f;
  private static final int EXPANSION = 2;
  private static final float IDENTITY_SCALE = 12;

  private final EncoderConfig.Network config;
  private final Parameter inputWeight;
  private final Parameter inputBias;
  private final List<Block> blocks = new ArrayList<>();
  private final Parameter finalGain;
  private final Parameter finalBias;

  /**
   * One block.
   *
   * @param norms gain and bias of the normalisations before attention and before the dense layers
   * @param attention weight and bias of the linear layer to query, key, value and gate, and of the
   *     one behind attention
   * @param dense weight and bias of the linear layer to hidden values and their gates, and of the
   *     one back
   * @param bias what is added to attention's logits, by distance and head, shape (L, heads)
   */
  private record Block(
      List<Parameter> norms, List<Parameter> attention, List<Parameter> dense, Parameter bias) {
    static Block create(String name, EncoderConfig.Network config, RandomGenerator random) {
      int e = config.embeddingSize();
      int h = e * EXPANSION;
      return new Block(
          List.of(
              Parameter.vector(name + ".norm1.gain", e, 1),
              Parameter.vector(name + ".norm1.bias", e, 0),
              Parameter.vector(name + ".norm2.gain", e, 1),
              Parameter.vector(name + ".norm2.bias", e, 0)),
          List.of(
              Parameter.matrix(name + ".attention.weight", e, 4 * e, random),
              Parameter.vector(name + ".attention.bias", 4 * e, 0),
              Parameter.matrix(name + ".output.weight", e, e, random),
              Parameter.vector(name + ".output.bias", e, 0)),
          List.of(
              Parameter.matrix(name + ".dense1.weight", e, 2 * h, random),
              Parameter.vector(name + ".dense1.bias", 2 * h, 0),
              Parameter.matrix(name + ".dense2.weight", h, e, random),
              Parameter.vector(name + ".dense2.bias", e, 0)),
          Parameter.of(
              name + ".distance",
              new float[config.maxLength() * config.heads()],
              config.maxLength(),
              config.heads()));
    }
  }

  /** Fresh weights. */
  EncoderNetwork(EncoderConfig.Network config, RandomGenerator random) {
    this.config = config;
    int e = config.embeddingSize();
    inputWeight = Parameter.matrix("input.weight", e, e, random);
    // The query starts near the latest item's own vector, louder than the blocks' first noise: what
    // follows an item is mostly like it, and this start is worth several epochs.
    for (int i = 0; i < e; i++) {
      inputWeight.values()[i * e + i] += IDENTITY_SCALE;
    }
    inputBias = Parameter.vector("input.bias", e, 0);
    for (int i = 0; i < config.blocks(); i++) {
      blocks.add(Block.create("block" + i, config, random));
    }
    finalGain = Parameter.vector("final.gain", e, 1);
    finalBias = Parameter.vector("final.bias", e, 0);
  }

  /** Everything that learns. */
  List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>(List.of(inputWeight, inputBias));
    for (Block block : blocks) {
      all.addAll(block.norms);
      all.addAll(block.attention);
      all.addAll(block.dense);
      all.add(block.bias);
    }
    all.add(finalGain);
    all.add(finalBias);
    return all;
  }

  /**
   * The query vector after each event.
   *
   * @param history shape (B, l, E), l ≤ L
   * @param length l
   * @return shape (B, l, E)
   */
  <V> V train(TrainingGraph<V> g, V history, int length) {
    List<V> biases = new ArrayList<>();
    for (Block block : blocks) {
      biases.add(g.distanceBias(g.parameter(block.bias), length));
    }
    return apply(g, history, biases);
  }

  /** The network as a file that takes histories of any length up to L. */
  byte[] write() {
    OnnxWriter g = new OnnxWriter("encoder");
    int length = config.maxLength();
    String size = Integer.toString(config.embeddingSize());
    String history = g.input(QueryEncoder.HISTORY, List.of("B", "L", size));
    String last = g.input(QueryEncoder.LAST, List.of("B", "L"));
    List<String> biases = new ArrayList<>();
    for (Block block : blocks) {
      String table = g.constant(biasTable(block), 1, config.heads(), length, length);
      biases.add(g.leadingSquare(table, history));
    }
    String every = apply(g, history, biases);
    String chosen = g.matMul(g.reshape(last, 0, 1, -1), every);
    g.output(g.reshape(chosen, 0, -1), QueryEncoder.OUTPUT, List.of("B", size));
    return g.toBytes();
  }

  private <V> V apply(Graph<V> g, V history, List<V> biases) {
    V x = g.dropout(g.linear(history, inputWeight, inputBias));
    for (int i = 0; i < blocks.size(); i++) {
      Block block = blocks.get(i);
      V normed = g.layerNorm(x, g.parameter(block.norms.get(0)), g.parameter(block.norms.get(1)));
      x = g.add(x, g.dropout(attention(g, block, normed, biases.get(i))));
      normed = g.layerNorm(x, g.parameter(block.norms.get(2)), g.parameter(block.norms.get(3)));
      x = g.add(x, g.dropout(dense(g, block, normed)));
    }
    return g.layerNorm(x, g.parameter(finalGain), g.parameter(finalBias));
  }

  private <V> V attention(Graph<V> g, Block block, V x, V bias) {
    int size = config.embeddingSize() / config.heads();
    List<V> parts = g.split(g.linear(x, block.attention.get(0), block.attention.get(1)), 4);
    V scale = g.constant(new float[] {(float) (1 / Math.sqrt(size))}, 1);
    V query = heads(g, g.multiply(parts.get(0), scale), 0, 2, 1, 3);
    V key = heads(g, parts.get(1), 0, 2, 3, 1);
    V value = heads(g, parts.get(2), 0, 2, 1, 3);
    V mixed = g.matMul(g.softmax(g.add(g.matMul(query, key), bias)), value);
    V joined = g.reshape(g.transpose(mixed, 0, 2, 1, 3), 0, 0, config.embeddingSize());
    V gated = gate(g, joined, parts.get(3));
    return g.linear(gated, block.attention.get(2), block.attention.get(3));
  }

  private static <V> V dense(Graph<V> g, Block block, V x) {
    List<V> parts = g.split(g.linear(x, block.dense.get(0), block.dense.get(1)), 2);
    V hidden = gate(g, parts.get(0), parts.get(1));
    return g.linear(hidden, block.dense.get(2), block.dense.get(3));
  }

  /** x · silu(gate). */
  private static <V> V gate(Graph<V> g, V x, V gate) {
    return g.multiply(x, g.multiply(gate, g.sigmoid(gate)));
  }

  /** (B, l, E) as (B, l, heads, E / heads), its axes reordered. */
  private <V> V heads(Graph<V> g, V x, int... axes) {
    int heads = config.heads();
    return g.transpose(g.reshape(x, 0, 0, heads, config.embeddingSize() / heads), axes);
  }

  private static float[] causal(int length) {
    float[] mask = new float[length * length];
    for (int i = 0; i < length; i++) {
      Arrays.fill(mask, i * length + i + 1, (i + 1) * length, MASKED);
    }
    return mask;
  }

  private static int[] distances(int length) {
    int[] distances = new int[length * length];
    for (int i = 0; i < length; i++) {
      for (int j = 0; j <= i; j++) {
        distances[i * length + j] = i - j;
      }
    }
    return distances;
  }

  private float[] biasTable(Block block) {
    int length = config.maxLength();
    int heads = config.heads();
    float[] causal = causal(length);
    int[] distances = distances(length);
    float[] table = new float[heads * length * length];
    for (int h = 0; h < heads; h++) {
      for (int cell = 0; cell < causal.length; cell++) {
        table[h * causal.length + cell] =
            causal[cell] + block.bias.values()[distances[cell] * heads + h];
      }
    }
    return table;
  }
}
