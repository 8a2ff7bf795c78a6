package io.winnow.lifecycle;

import io.winnow.core.ErrorCode;
import io.winnow.core.ItemId;
import io.winnow.core.Problem;
import io.winnow.core.Seed;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Objectives.Objective;
import io.winnow.features.OnlineStore;
import io.winnow.features.OnlineStores;
import io.winnow.lifecycle.ReleaseManifest.Imported;
import io.winnow.models.encoder.EncoderMetrics;
import io.winnow.models.encoder.EncoderSpec;
import io.winnow.models.encoder.QueryEncoder;
import io.winnow.models.encoder.TrainedEncoder;
import io.winnow.models.ranker.Ranker;
import io.winnow.models.ranker.RankerMetrics;
import io.winnow.models.ranker.RankerSpec;
import io.winnow.models.ranker.TrainedRanker;
import io.winnow.retrieval.PartitionedIndex;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Puts networks that were trained elsewhere into a release: the result is a new release like any
 * other, with the files' hashes in its provenance.
 *
 * <p>A network is opened and tried before anything is stored. What is wrong with any file is told
 * at once, with the file's name. Not thread-safe.
 */
public final class ModelImporter {
  private static final long NETWORK_BYTES_MAX = 512L << 20;
  private static final long LIST_BYTES_MAX = 1L << 30;
  private static final int NAMED_MAX = 5;

  private final TimeSource clock;
  private final Seed seed;
  private final int threads;

  /**
   * @param seed decides how the index is built
   * @param threads how many may build it
   */
  public ModelImporter(TimeSource clock, Seed seed, int threads) {
    this.clock = clock;
    this.seed = seed;
    this.threads = threads;
  }

  /**
   * A query encoder with the item vectors of its space.
   *
   * @param network the ONNX file
   * @param itemVectors a {@code .npy} file, float32, shape (N, E)
   * @param items the ids of the items, a line for each row of {@code itemVectors}
   * @param maxLength how many of a user's last items it reads at most; null for as many as the
   *     release's encoder does
   */
  public record EncoderFiles(
      Path network, Path itemVectors, Path items, @Nullable Integer maxLength) {}

  /**
   * A ranker.
   *
   * @param network the ONNX file
   * @param inputs the names of the features' columns that it was trained on, a line each
   */
  public record RankerFiles(Path network, Path inputs) {}

  /**
   * Makes a release of another one and of networks from elsewhere.
   *
   * @param base gives everything that is not replaced
   * @throws WinnowException with {@code INVALID_ARGUMENT} and everything that is wrong with the
   *     files
   */
  public Release join(
      Release base, @Nullable EncoderFiles encoderFiles, @Nullable RankerFiles rankerFiles) {
    if (encoderFiles == null && rankerFiles == null) {
      throw WinnowException.invalid("model", "none", "an encoder, a ranker or both");
    }
    List<Problem> problems = new ArrayList<>();
    List<Imported> imported = new ArrayList<>();
    RetrievalModels models = base.models();
    if (encoderFiles != null) {
      RetrievalModels.Deep deep = encoder(base, encoderFiles, problems, imported);
      if (deep != null) {
        // Vectors of attributes belong to the encoder that was replaced.
        models =
            new RetrievalModels(
                models.vocabulary(),
                new ItemTokenizer(base.definition().schema(), List.of()),
                deep,
                models.linear());
      }
    }
    TrainedRanker ranker = base.trainedRanker();
    if (rankerFiles != null) {
      ranker = ranker(base, models, rankerFiles, problems, imported);
    } else if (ranker != null && models.deep() != null) {
      checkKeptRanker(ranker.spec(), models.deep().encoder().spec(), problems);
    }
    if (!problems.isEmpty()) {
      throw WinnowException.invalid(problems);
    }
    return new Release(manifest(base, imported), base.application(), models, ranker);
  }

  private ReleaseManifest manifest(Release base, List<Imported> imported) {
    ReleaseManifest old = base.manifest();
    ReleaseManifest.Provenance origin = old.provenance();
    List<Imported> all = new ArrayList<>(origin.imported());
    List<String> roles = imported.stream().map(Imported::role).toList();
    all.removeIf(file -> roles.contains(file.role()));
    all.addAll(imported);
    Map<String, Double> metrics = new HashMap<>(old.metrics());
    if (roles.contains("ranker")) {
      metrics.keySet().removeIf(name -> name.startsWith("ranker."));
    }
    long createdMs = clock.nowMs();
    return new ReleaseManifest(
        Trainer.version(createdMs),
        createdMs,
        old.application(),
        old.schemaHash(),
        ReleaseManifest.Feature.of(base.features()),
        Map.of(),
        new ReleaseManifest.Provenance(
            origin.toOffset(),
            origin.fromMs(),
            origin.toMs(),
            seed.value(),
            Winnow.VERSION,
            Winnow.environment(),
            base.version(),
            origin.settings(),
            all),
        metrics);
  }

  private RetrievalModels.@Nullable Deep encoder(
      Release base, EncoderFiles files, List<Problem> problems, List<Imported> imported) {
    byte[] onnx = bytes(files.network(), NETWORK_BYTES_MAX);
    NumpyFile.Matrix matrix = NumpyFile.readFloats(files.itemVectors());
    byte[] items = bytes(files.items(), LIST_BYTES_MAX);
    List<String> ids = lines(items);
    int before = problems.size();
    checkItems(files, matrix, ids, problems);
    RetrievalModels.Deep old = base.models().deep();
    int usual = old == null ? 50 : old.encoder().spec().maxLength();
    int maxLength = files.maxLength() == null ? usual : files.maxLength();
    if (maxLength < 1 || maxLength > 1000) {
      problems.add(new Problem("max-length", Integer.toString(maxLength), "1 to 1000"));
      return null;
    }
    EncoderSpec spec =
        new EncoderSpec(
            matrix.columns(),
            maxLength,
            base.models().vocabulary().size(),
            0,
            0,
            new EncoderMetrics(0, Double.NaN, 0, Double.NaN));
    try (QueryEncoder encoder = QueryEncoder.load(onnx, spec)) {
      addAll(problems, files.network(), encoder.probe());
    } catch (WinnowException e) {
      addRefusal(problems, files.network(), e);
    }
    if (problems.size() > before) {
      return null;
    }
    RetrievalModels.Deep deep =
        deep(base.models().vocabulary(), files, matrix, ids, onnx, spec, problems);
    imported.add(origin("encoder", files.network(), onnx));
    imported.add(
        new Imported("item_vectors", name(files.itemVectors()), matrix.bytes(), matrix.sha256()));
    imported.add(origin("items", files.items(), items));
    return deep;
  }

  private static void checkItems(
      EncoderFiles files, NumpyFile.Matrix matrix, List<String> ids, List<Problem> problems) {
    if (ids.size() != matrix.rows()) {
      problems.add(
          new Problem(
              files.items().toString(),
              ids.size() + " lines",
              matrix.rows() + ", one for each row of " + files.itemVectors().getFileName()));
    }
    Map<String, Integer> lineOf = new HashMap<>();
    for (int line = 0; line < ids.size(); line++) {
      Integer earlier = lineOf.putIfAbsent(ids.get(line), line);
      if (earlier != null || ids.get(line).isBlank()) {
        problems.add(
            new Problem(
                "item",
                ids.get(line).isBlank()
                    ? "a blank line"
                    : ids.get(line) + ", as in line " + (earlier + 1),
                "an id, each once",
                files.items() + ":" + (line + 1)));
        break;
      }
    }
    for (int i = 0; i < matrix.values().length; i++) {
      if (!Float.isFinite(matrix.values()[i])) {
        problems.add(
            new Problem(
                "[%d, %d]".formatted(i / matrix.columns(), i % matrix.columns()),
                Float.toString(matrix.values()[i]),
                "a finite number",
                files.itemVectors().toString()));
        break;
      }
    }
  }

  /** The release's items in its order; those without a vector get zeros, and are not indexed. */
  private RetrievalModels.@Nullable Deep deep(
      List<ItemId> vocabulary,
      EncoderFiles files,
      NumpyFile.Matrix matrix,
      List<String> ids,
      byte[] onnx,
      EncoderSpec spec,
      List<Problem> problems) {
    Map<String, Integer> rowOf = new HashMap<>();
    for (int row = 0; row < ids.size(); row++) {
      rowOf.put(ids.get(row), row);
    }
    int width = matrix.columns();
    float[] vectors = new float[Math.multiplyExact(vocabulary.size(), width)];
    int[] indexed = new int[vocabulary.size()];
    int count = 0;
    for (int item = 0; item < indexed.length; item++) {
      Integer row = rowOf.remove(vocabulary.get(item).value());
      if (row != null) {
        System.arraycopy(matrix.values(), row * width, vectors, item * width, width);
        indexed[count++] = item;
      }
    }
    if (!rowOf.isEmpty()) {
      problems.add(
          new Problem(
              files.items().toString(),
              "%,d items that the release does not know, such as %s"
                  .formatted(
                      rowOf.size(), rowOf.keySet().stream().sorted().limit(NAMED_MAX).toList()),
              "items of the release; a newer one, from 'winnow train', may know them"));
      return null;
    }
    int[] items = Arrays.copyOf(indexed, count);
    float[] known = new float[count * width];
    for (int i = 0; i < count; i++) {
      System.arraycopy(vectors, items[i] * width, known, i * width, width);
    }
    PartitionedIndex index =
        PartitionedIndex.build(
            width,
            items,
            known,
            new float[0],
            PartitionedIndex.Config.DEFAULT,
            seed.derive("index"),
            threads);
    return new RetrievalModels.Deep(
        new TrainedEncoder(vectors, new float[0], onnx, spec, List.of()), index);
  }

  private @Nullable TrainedRanker ranker(
      Release base,
      RetrievalModels models,
      RankerFiles files,
      List<Problem> problems,
      List<Imported> imported) {
    byte[] onnx = bytes(files.network(), NETWORK_BYTES_MAX);
    List<String> expected = inputs(base, models);
    List<String> given = lines(bytes(files.inputs(), LIST_BYTES_MAX));
    checkInputs(files.inputs(), given, expected, problems);
    int embeddingSize = 0;
    if (Ranker.readsVectors(onnx)) {
      RetrievalModels.Deep deep = models.deep();
      if (deep == null) {
        problems.add(
            new Problem(
                "ranker.inputs",
                "vectors",
                "features alone, since the release has no encoder",
                files.network().toString()));
        return null;
      }
      embeddingSize = deep.encoder().spec().embeddingSize();
    }
    List<Objective> objectives = base.definition().objectives().list();
    RankerSpec spec =
        new RankerSpec(
            expected,
            embeddingSize,
            objectives.stream().map(Objective::name).toList(),
            objectives.stream().map(objective -> (float) objective.weight()).toList(),
            new RankerMetrics(List.of(), Double.NaN, 0, 0));
    try (Ranker ranker = Ranker.load(onnx, spec)) {
      addAll(problems, files.network(), ranker.probe());
    } catch (WinnowException e) {
      addRefusal(problems, files.network(), e);
    }
    imported.add(origin("ranker", files.network(), onnx));
    return new TrainedRanker(onnx, spec);
  }

  /** The columns as serving would put them together, which an empty store is enough to tell. */
  private static List<String> inputs(Release base, RetrievalModels models) {
    Release unranked = Release.unranked(base.application(), models);
    try (OnlineStore nothing = OnlineStores.inMemory(base.definition())) {
      return new ServingRelease(unranked, nothing, new CallerRunsExecutor()).rankerInputs().names();
    }
  }

  private static void checkInputs(
      Path file, List<String> given, List<String> expected, List<Problem> problems) {
    if (given.size() != expected.size()) {
      problems.add(
          new Problem(file.toString(), given.size() + " names", expected.size() + " names"));
    }
    int told = 0;
    for (int i = 0; i < Math.max(given.size(), expected.size()) && told < NAMED_MAX; i++) {
      String name = i < given.size() ? given.get(i) : "nothing";
      String wanted = i < expected.size() ? expected.get(i) : "nothing";
      if (!name.equals(wanted)) {
        problems.add(
            new Problem(
                "input " + (i + 1), name, wanted + ", in this place", file + ":" + (i + 1)));
        told++;
      }
    }
  }

  private static void checkKeptRanker(
      RankerSpec ranker, EncoderSpec encoder, List<Problem> problems) {
    if (ranker.embeddingSize() > 0) {
      problems.add(
          new Problem(
              "encoder",
              "replaced, vectors of " + encoder.embeddingSize(),
              "a ranker that was trained with it: this release's reads vectors of the old encoder"));
    }
  }

  /** What is wrong with a file; a failure that no file is to blame for goes on. */
  static void addRefusal(List<Problem> problems, Path file, WinnowException refusal) {
    if (refusal.problems().isEmpty()) {
      throw refusal;
    }
    addAll(problems, file, refusal.problems());
  }

  private static void addAll(List<Problem> problems, Path file, List<Problem> more) {
    for (Problem problem : more) {
      problems.add(
          new Problem(problem.field(), problem.value(), problem.expectation(), file.toString()));
    }
  }

  private static List<String> lines(byte[] text) {
    return new String(text, StandardCharsets.UTF_8).lines().toList();
  }

  private static byte[] bytes(Path file, long max) {
    try {
      long size = Files.size(file);
      if (size > max) {
        throw WinnowException.invalid(file.toString(), size + " bytes", "at most " + max);
      }
      return Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      throw new WinnowException(ErrorCode.NOT_FOUND, file + ": no such file", e);
    } catch (IOException e) {
      throw new WinnowException(
          ErrorCode.UNAVAILABLE, "cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  /** Of the bytes that were used: the file may be another by now. */
  private static Imported origin(String role, Path file, byte[] content) {
    try {
      byte[] sha256 = MessageDigest.getInstance("SHA-256").digest(content);
      return new Imported(role, name(file), content.length, HexFormat.of().formatHex(sha256));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  private static String name(Path file) {
    return String.valueOf(file.getFileName());
  }
}
