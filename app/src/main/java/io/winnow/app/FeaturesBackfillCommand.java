package io.winnow.app;

import io.winnow.core.TimeSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code winnow features backfill}: computes what the store lacks while no server runs. */
@Command(
    name = "backfill",
    mixinStandardHelpOptions = true,
    description = {
      "Computes over the whole log what the feature store does not hold yet, on all cores.",
      "The data folder must not be in use by a server: ask that with 'winnow features apply'."
    })
final class FeaturesBackfillCommand implements Callable<Integer> {
  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DataOptions data = new DataOptions();

  @Option(
      names = "--pin",
      paramLabel = "RELEASE",
      description =
          "Hold what this release needs too, so that it can be activated afterwards. Repeatable.")
  private List<String> pinned = new ArrayList<>();

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  FeaturesBackfillCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() {
    ConsoleProgress progress = new ConsoleProgress(spec.commandLine().getErr());
    progress.line("%-12s %s".formatted("features", "opening the log and the store"));
    try (Node node =
        Node.open(
            data.folder(),
            data.application(environment),
            TimeSource.system(),
            new Node.Options(environment, false, pinned))) {
      int held = node.live().status().held().size();
      long offset = node.store().appliedOffset();
      if (json) {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("held", held);
        result.put("applied_offset", offset);
        spec.commandLine().getOut().println(Json.write(result));
      } else {
        spec.commandLine()
            .getOut()
            .println("%d features are held, up to offset %,d".formatted(held, offset));
      }
    }
    return ExitCode.OK.value();
  }
}
