package io.winnow.app;

import io.winnow.lifecycle.registry.Rollout;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
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
  @Mixin private RolloutOptions options = new RolloutOptions();

  RolloutCancelCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() {
    try (FolderRegistry folder = FolderRegistry.open(data.folder(), environment)) {
      Rollout rollout = PlanChanges.cancel(folder.registry(), 0, options.cause());
      boolean followed = folder.follow(folder.registry().plan(), spec.commandLine().getErr());
      options.print(rollout, spec.commandLine().getOut());
      return followed ? ExitCode.OK.value() : ExitCode.FINDING.value();
    }
  }
}
