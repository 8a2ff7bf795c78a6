package io.winnow.models.ranker;

import io.winnow.core.Problem;
import io.winnow.models.ModelFile;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a ranker's training can go on from: every network's weights, and how its columns are
 * prepared, which the weights depend on. Not needed to serve. Immutable.
 */
public final class RankerWeights {
  private static final String KIND = "ranker-weights";
  private static final int VERSION = 1;
  private static final int MAX_ARRAYS = 10_000;

  private final RankerConfig.Network network;
  private final Preprocessing features;
  private final Preprocessing similarity;
  private final List<List<float[]>> members;

  /**
   * @param members each network's parameters by order of construction; owned by this
   */
  RankerWeights(
      RankerConfig.Network network,
      Preprocessing features,
      Preprocessing similarity,
      List<List<float[]>> members) {
    this.network = network;
    this.features = features;
    this.similarity = similarity;
    this.members = members.stream().map(List::copyOf).toList();
  }

  /** How the columns of the features are prepared. */
  Preprocessing features() {
    return features;
  }

  /** How the columns of query and item together are prepared. */
  Preprocessing similarity() {
    return similarity;
  }

  /** The parameters of each network. */
  List<List<float[]>> members() {
    return members;
  }

  /**
   * What keeps a training with these examples from going on from these weights; empty if it can.
   *
   * @param spec of the ranker that the weights belong to
   */
  public List<Problem> obstacles(RankerSpec spec, RankerConfig config, RankingExamples examples) {
    List<Problem> problems = new ArrayList<>();
    compare(problems, "ranker.inputs", examples.featureNames(), spec.featureNames());
    compare(problems, "ranker.embedding_size", examples.embeddings().width(), spec.embeddingSize());
    compare(problems, "ranker.objectives", examples.outcomes().objectives(), spec.objectives());
    RankingExamples.History history = examples.history();
    compare(problems, "ranker.history", history == null ? null : history.spec(), spec.history());
    compare(problems, "ranker.network", withoutDropout(config.network()), withoutDropout(network));
    return problems;
  }

  private static void compare(
      List<Problem> problems, String field, @Nullable Object now, @Nullable Object before) {
    if (!Objects.equals(now, before)) {
      problems.add(
          new Problem(field, Objects.toString(now), "as it was trained before: " + before));
    }
  }

  private static RankerConfig.Network withoutDropout(RankerConfig.Network network) {
    return new RankerConfig.Network(
        network.hidden1(),
        network.hidden2(),
        network.crossLayers(),
        network.members(),
        0,
        network.attention());
  }

  /** Writes a {@link ModelFile}. */
  public void write(Path file) {
    ModelFile.write(
        file,
        KIND,
        VERSION,
        out -> {
          ModelFile.writeInts(
              out,
              new int[] {
                network.hidden1(),
                network.hidden2(),
                network.crossLayers(),
                network.members(),
                network.attention().heads(),
                network.attention().hidden(),
                network.attention().outputs()
              });
          ModelFile.writeDoubles(out, network.dropout());
          write(out, features);
          write(out, similarity);
          for (List<float[]> member : members) {
            out.writeInt(member.size());
            for (float[] weights : member) {
              ModelFile.writeFloats(out, weights);
            }
          }
        });
  }

  private static void write(DataOutputStream out, Preprocessing columns) throws IOException {
    ModelFile.writeFloats(out, columns.logs());
    ModelFile.writeFloats(out, columns.means());
    ModelFile.writeFloats(out, columns.scales());
    ModelFile.writeInts(out, columns.second().columns());
    ModelFile.writeFloats(out, columns.second().means());
    ModelFile.writeFloats(out, columns.second().scales());
    ModelFile.writeInts(out, columns.unknownColumns());
  }

  /** Reads what {@link #write} wrote. */
  public static RankerWeights read(Path file) {
    return ModelFile.read(
        file,
        KIND,
        VERSION,
        in -> {
          int[] sizes = ModelFile.readInts(in);
          if (sizes.length != 7) {
            throw new IllegalArgumentException("sizes: " + sizes.length + " (expected: 7)");
          }
          double dropout = ModelFile.readDoubles(in, 1)[0];
          RankerConfig.Network network =
              new RankerConfig.Network(
                  sizes[0],
                  sizes[1],
                  sizes[2],
                  sizes[3],
                  dropout,
                  new RankerConfig.Attention(sizes[4], sizes[5], sizes[6]));
          Preprocessing features = preprocessing(in);
          Preprocessing similarity = preprocessing(in);
          List<List<float[]>> members = new ArrayList<>();
          for (int m = 0; m < network.members(); m++) {
            int arrays = in.readInt();
            if (arrays < 0 || arrays > MAX_ARRAYS) {
              throw new IllegalArgumentException(
                  "weights: " + arrays + " arrays (expected: 0 to " + MAX_ARRAYS + ")");
            }
            List<float[]> member = new ArrayList<>();
            for (int i = 0; i < arrays; i++) {
              member.add(ModelFile.readFloats(in));
            }
            members.add(member);
          }
          return new RankerWeights(network, features, similarity, members);
        });
  }

  private static Preprocessing preprocessing(DataInputStream in) throws IOException {
    float[] logs = ModelFile.readFloats(in);
    float[] means = ModelFile.readFloats(in);
    float[] scales = ModelFile.readFloats(in);
    Preprocessing.Logarithms second =
        new Preprocessing.Logarithms(
            ModelFile.readInts(in), ModelFile.readFloats(in), ModelFile.readFloats(in));
    return new Preprocessing(logs, means, scales, second, ModelFile.readInts(in));
  }
}
