package io.winnow.app;

import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.lifecycle.ReleaseManifest;
import io.winnow.lifecycle.TrainerConfig;
import io.winnow.lifecycle.TrainingFiles;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code winnow train}: a new release from the log. */
@Command(
    name = "train",
    mixinStandardHelpOptions = true,
    description = {
      "Trains a release on everything the log holds, publishes and activates it.",
      "The data folder must not be in use by a server."
    })
final class TrainCommand implements Callable<Integer> {
  private static final String NONE = "none";
  private static final String CHAMPION = "champion";

  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DataOptions data = new DataOptions();

  @Mixin private TrainingOptions training = new TrainingOptions();

  @Option(
      names = "--examples",
      paramLabel = "FOLDER",
      description = {
        "Also write what the networks learn from, for networks that are trained elsewhere;",
        "must be missing or empty. See docs/bring-your-own-model.md."
      })
  private @Nullable Path examples;

  @Option(
      names = "--from",
      paramLabel = "RELEASE",
      description = {
        "Go on from a release with what is new, in a fraction of the time: champion for the active",
        "one, or a version; none begins anew (default: ${DEFAULT-VALUE}). See docs/cadence.md."
      })
  private String from = NONE;

  @Mixin private PromotionOptions promotion = new PromotionOptions();

  @Option(names = "--json", description = "Print the release's manifest as JSON.")
  private boolean json;

  TrainCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() {
    ConsoleProgress progress = new ConsoleProgress(spec.commandLine().getErr());
    TrainerConfig config = training.config();
    TrainingFiles files = examples == null ? null : new TrainingFiles(examples);
    try (Node node = Node.open(data.folder(), data.application(environment), TimeSource.system())) {
      ReleaseManifest manifest =
          node.trainAndActivate(config, progress, promotion.promotion(), files, parent(node));
      spec.commandLine()
          .getOut()
          .println(json ? Json.write(manifest) : "release " + manifest.version() + " is active");
    }
    return ExitCode.OK.value();
  }

  /** The version to go on from, or null to begin anew. */
  private @Nullable String parent(Node node) {
    if (from.equals(NONE)) {
      return null;
    }
    if (!from.equals(CHAMPION)) {
      return from;
    }
    String champion = node.registry().plan().champion();
    if (champion == null) {
      throw WinnowException.invalid(
          "--from", CHAMPION, "a release that serves; train one from nothing first");
    }
    return champion;
  }
}
