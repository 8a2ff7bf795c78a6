package io.winnow.app;

import io.winnow.core.application.DefinitionText;
import io.winnow.core.application.FeatureDefinition;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code winnow features list}: the application's features with their versions. */
@Command(
    name = "list",
    mixinStandardHelpOptions = true,
    description = "Lists the features of the application: name, version, entity, definition.")
final class FeaturesListCommand implements Callable<Integer> {
  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DataOptions data = new DataOptions();

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  FeaturesListCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  /** A line of the list. */
  private record Row(String name, String version, String entity, String definition) {
    static Row of(FeatureDefinition feature) {
      return new Row(
          feature.qualifiedName(),
          feature.version(),
          feature.entity().label(),
          DefinitionText.of(feature.aggregation()));
    }
  }

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    List<Row> rows =
        data.application(environment).definition().features().stream().map(Row::of).toList();
    if (json) {
      out.println(Json.write(Map.of("features", rows)));
      return ExitCode.OK.value();
    }
    int width = rows.stream().mapToInt(row -> row.name().length()).max().orElse(1);
    String line = "%-" + width + "s  %s  %-16s %s%n";
    rows.forEach(
        row -> out.printf(line, row.name(), row.version(), row.entity(), row.definition()));
    return ExitCode.OK.value();
  }
}
