package io.winnow.app;

import io.winnow.lifecycle.registry.ReleaseDifference;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code winnow releases compare}: in what two releases differ. */
@Command(
    name = "compare",
    mixinStandardHelpOptions = true,
    description = {
      "Says in what two releases differ: provenance, settings, features, metrics, files.",
      "These are figures that were measured before; 'winnow gate' judges both on the same outcomes."
    })
final class ReleasesCompareCommand implements Callable<Integer> {
  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DataOptions data = new DataOptions();

  @Parameters(index = "0", paramLabel = "A", description = "The first release.")
  private String first = "";

  @Parameters(index = "1", paramLabel = "B", description = "The second release.")
  private String second = "";

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  ReleasesCompareCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() {
    try (FolderRegistry folder = FolderRegistry.open(data.folder(), environment)) {
      ReleaseDifference difference =
          ReleaseDifference.of(
              ReleasesShowCommand.find(folder.registry(), first),
              ReleasesShowCommand.find(folder.registry(), second));
      spec.commandLine().getOut().println(json ? Json.write(difference) : difference.text());
    }
    return ExitCode.OK.value();
  }
}
