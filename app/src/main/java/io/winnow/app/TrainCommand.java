package io.winnow.app;

import io.winnow.core.TimeSource;
import io.winnow.lifecycle.ReleaseManifest;
import io.winnow.lifecycle.TrainerConfig;
import java.util.Map;
import java.util.concurrent.Callable;
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
  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DataOptions data = new DataOptions();

  @Option(names = "--seed", description = "Decides everything random (default: ${DEFAULT-VALUE}).")
  private long seed = 1;

  @Mixin private PromotionOptions promotion = new PromotionOptions();

  @Option(names = "--json", description = "Print the release's manifest as JSON.")
  private boolean json;

  TrainCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() {
    ConsoleProgress progress = new ConsoleProgress(spec.commandLine().getErr());
    try (Node node = Node.open(data.folder(), data.application(environment), TimeSource.system())) {
      ReleaseManifest manifest =
          node.trainAndActivate(
              TrainerConfig.defaults(seed, Runtime.getRuntime().availableProcessors()),
              progress,
              promotion.promotion());
      spec.commandLine()
          .getOut()
          .println(json ? Json.write(manifest) : "release " + manifest.version() + " is active");
    }
    return ExitCode.OK.value();
  }
}
