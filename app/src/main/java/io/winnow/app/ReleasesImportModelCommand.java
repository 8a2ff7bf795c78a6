package io.winnow.app;

import io.winnow.core.Problem;
import io.winnow.core.Seed;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.lifecycle.ModelImporter;
import io.winnow.lifecycle.ModelImporter.EncoderFiles;
import io.winnow.lifecycle.ModelImporter.RankerFiles;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.ReleaseManifest;
import io.winnow.lifecycle.ReleaseStore;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code winnow releases import-model}: a release with networks that were trained elsewhere. */
@Command(
    name = "import-model",
    mixinStandardHelpOptions = true,
    description = {
      "Makes a new release of another one and of networks that were trained elsewhere (ONNX).",
      "Everything about the files is checked first; the release is not active yet.",
      "See docs/bring-your-own-model.md."
    })
final class ReleasesImportModelCommand implements Callable<Integer> {
  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "The data folder (default: ${DEFAULT-VALUE}).")
  private Path data = Path.of("data");

  @Option(
      names = "--release",
      paramLabel = "VERSION",
      description = "Gives everything that is not replaced (default: the active release).")
  private @Nullable String release;

  @Option(names = "--encoder", paramLabel = "FILE", description = "A query encoder, ONNX.")
  private @Nullable Path encoder;

  @Option(
      names = "--item-vectors",
      paramLabel = "FILE",
      description = "The item vectors of the encoder's space: .npy, float32, shape (N, E).")
  private @Nullable Path itemVectors;

  @Option(
      names = "--items",
      paramLabel = "FILE",
      description = "The ids of those items, a line for each row.")
  private @Nullable Path items;

  @Option(
      names = "--max-length",
      paramLabel = "N",
      description = "How many of a user's last items the encoder reads (default: as before).")
  private @Nullable Integer maxLength;

  @Option(names = "--ranker", paramLabel = "FILE", description = "A ranker, ONNX.")
  private @Nullable Path ranker;

  @Option(
      names = "--ranker-inputs",
      paramLabel = "FILE",
      description = "The names of the columns that the ranker was trained on, a line each.")
  private @Nullable Path rankerInputs;

  @Option(
      names = "--seed",
      description = "Decides how the index is built (default: ${DEFAULT-VALUE}).")
  private long seed = 1;

  @Option(names = "--json", description = "Print the release's manifest as JSON.")
  private boolean json;

  ReleasesImportModelCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() {
    EncoderFiles encoderFiles = encoderFiles();
    RankerFiles rankerFiles = rankerFiles();
    ReleaseStore store = new DataFolder(data).releaseStore(environment);
    Release base = Release.load(store, base(store));
    Release joined =
        new ModelImporter(
                TimeSource.system(), new Seed(seed), Runtime.getRuntime().availableProcessors())
            .join(base, encoderFiles, rankerFiles);
    ReleaseManifest manifest = joined.publish(store);
    spec.commandLine()
        .getOut()
        .println(
            json
                ? Json.write(manifest)
                : "release %s was made of %s; 'winnow releases --activate %s' serves it"
                    .formatted(manifest.version(), base.version(), manifest.version()));
    return ExitCode.OK.value();
  }

  private String base(ReleaseStore store) {
    return release != null
        ? release
        : store
            .active()
            .orElseThrow(() ->
                WinnowException.invalid(
                    "--release",
                    "absent",
                    "a version; no release is active, 'winnow train' first"));
  }

  private @Nullable EncoderFiles encoderFiles() {
    if (encoder == null && itemVectors == null && items == null && maxLength == null) {
      return null;
    }
    List<Problem> problems = new ArrayList<>();
    need(problems, "--encoder", encoder, "the ONNX file of the encoder");
    need(problems, "--item-vectors", itemVectors, "the .npy file of the encoder's space");
    need(problems, "--items", items, "the file with the ids of the item vectors' rows");
    if (encoder == null || itemVectors == null || items == null) {
      throw WinnowException.invalid(problems);
    }
    return new EncoderFiles(encoder, itemVectors, items, maxLength);
  }

  private @Nullable RankerFiles rankerFiles() {
    if (ranker == null && rankerInputs == null) {
      return null;
    }
    List<Problem> problems = new ArrayList<>();
    need(problems, "--ranker", ranker, "the ONNX file of the ranker");
    need(problems, "--ranker-inputs", rankerInputs, "the file with the names of its columns");
    if (ranker == null || rankerInputs == null) {
      throw WinnowException.invalid(problems);
    }
    return new RankerFiles(ranker, rankerInputs);
  }

  private static void need(
      List<Problem> problems, String option, @Nullable Path given, String expectation) {
    if (given == null) {
      problems.add(new Problem(option, "absent", expectation));
    }
  }
}
