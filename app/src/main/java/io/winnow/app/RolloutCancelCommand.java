package io.winnow.app;

import io.winnow.lifecycle.registry.Rollout;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code winnow rollout cancel}: ends the open rollout. */
@Command(
    name = "cancel",
    mixinStandardHelpOptions = true,
    description = "Ends the open rollout; users get the champion of before.")
final class RolloutCancelCommand implements Callable<Integer> {
  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DataOptions data = new DataOptions();

  @Option(names = "--reason", paramLabel = "TEXT", description = "Why, for the ledger.")
  private String reason = "asked for at the command line";

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  RolloutCancelCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() {
    try (FolderRegistry folder = FolderRegistry.open(data.folder(), environment)) {
      Rollout rollout = PlanChanges.cancel(folder.registry(), 0, FolderRegistry.cause(reason));
      boolean followed = folder.follow(folder.registry().plan(), spec.commandLine().getErr());
      spec.commandLine()
          .getOut()
          .println(
              json
                  ? Json.write(rollout)
                  : "rollout %s: %s".formatted(rollout.id(), rollout.stage().label()));
      return followed ? ExitCode.OK.value() : ExitCode.FINDING.value();
    }
  }
}
