package io.winnow.app;

import io.winnow.lifecycle.registry.Rollout;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code winnow rollout start}: sends a release to its users. */
@Command(
    name = "start",
    mixinStandardHelpOptions = true,
    description = "Sends a release up the ladder: offline gate, shadow, canary, live.")
final class RolloutStartCommand implements Callable<Integer> {
  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DataOptions data = new DataOptions();

  @Parameters(paramLabel = "VERSION", description = "The release that is to serve.")
  private String version = "";

  @Mixin private RolloutOptions options = new RolloutOptions();

  RolloutStartCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() {
    try (FolderRegistry folder = FolderRegistry.open(data.folder(), environment)) {
      folder.registry().register(folder.releases().verify(version));
      Rollout rollout = folder.registry().begin(version, 0, options.cause());
      options.print(rollout, spec.commandLine().getOut());
      return ExitCode.OK.value();
    }
  }
}
