package io.winnow.app;

import io.winnow.core.application.DefinitionText;
import io.winnow.core.application.FeatureDefinition;
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

  @Override
  public Integer call() {
    List<Map<String, String>> rows = new ArrayList<>();
    for (FeatureDefinition feature : data.application(environment).definition().features()) {
      Map<String, String> row = new LinkedHashMap<>();
      row.put("name", feature.qualifiedName());
      row.put("version", feature.version());
      row.put("entity", feature.entity().label());
      row.put("definition", DefinitionText.of(feature.aggregation()));
      rows.add(row);
    }
    if (json) {
      spec.commandLine().getOut().println(Json.write(Map.of("features", rows)));
      return ExitCode.OK.value();
    }
    int width = rows.stream().mapToInt(row -> row.get("name").length()).max().orElse(1);
    for (Map<String, String> row : rows) {
      spec.commandLine()
          .getOut()
          .printf(
              "%-" + width + "s  %s  %-20s %s%n",
              row.get("name"),
              row.get("version"),
              row.get("entity"),
              row.get("definition"));
    }
    return ExitCode.OK.value();
  }
}
